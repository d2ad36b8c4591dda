package api_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/internal/script"
	"praetor/internal/server"
)

// TestScripts runs testdata/*.txt: requests, each with its whole answer. The
// verbs beside the HTTP methods:
//
//	store [known=BOOL] [age=DURATION] [error=noleader|busy|lost|toolarge|none]
//	upload PATH bytes=N [chunked=true]   PUT a body of that size; says how much of it was read
//	calls                                what the agent was asked for since the last calls
//	unwell                               n3 has failed
//	modes                                the barriers that were asked for since the last modes
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		store, agent := apitest.NewStore(), &apitest.Agent{}
		a := api.New(api.Config{Datacenter: "dc1", Agent: agent, Store: store,
			Jitter: func(time.Duration) time.Duration { return 0 },
			Now:    func() time.Time { return time.Date(2030, 1, 2, 13, 0, 0, 0, time.UTC) }})
		return func(c script.Command) string {
			switch c.Verb {
			case "store":
				return configure(store, c)
			case "calls":
				return strings.Join(append(agent.Took(), store.Took()...), "\n")
			case "unwell":
				ill := &store.Health.Servers[2]
				ill.Healthy, ill.Gossip, ill.LastContact, ill.StableFor = false, "failed", 9*time.Second, 8*time.Second
				store.Health.Healthy, store.Health.FailureTolerance = false, 0
				return ""
			case "modes":
				return modes(store)
			case "upload":
				return upload(a, c)
			}
			r := httptest.NewRequest(c.Verb, target(c), strings.NewReader(c.Input))
			return exchange(a, r)
		}
	})
}

// target returns the request's path and query. The script takes what follows
// the first "=" for the value of a named argument.
func target(c script.Command) string {
	for k, v := range c.Named {
		if strings.HasPrefix(k, "/") {
			return k + "=" + v
		}
	}
	return c.Arg(0)
}

// exchange answers a request and renders the answer: the status, the headers
// that say something, the body.
func exchange(h http.Handler, r *http.Request) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", w.Code, http.StatusText(w.Code))
	for _, name := range []string{
		"Allow", "Connection", "Content-Type", "Content-Security-Policy", "X-Cache",
		"X-Consul-Index", "X-Consul-Knownleader", "X-Consul-Lastcontact", "X-Consul-Effective-Consistency",
		"X-Consul-Contenthash",
	} {
		value := w.Header().Get(name)
		switch {
		case value == "", value == "application/json",
			name == "X-Consul-Knownleader" && value == "true",
			name == "X-Consul-Lastcontact" && value == "0",
			name == "X-Consul-Effective-Consistency" && value == "leader":
			continue // what is usual would drown what is not
		}
		fmt.Fprintf(&b, "%s: %s\n", name, value)
	}
	return b.String() + w.Body.String()
}

func configure(s *apitest.Store, c script.Command) string {
	if c.Has("known") {
		s.Known = c.Named["known"] == "true"
	}
	s.Age = c.Duration("age", s.Age)
	if c.Has("error") {
		s.Fail = map[string]error{"noleader": server.ErrNoLeader, "busy": server.ErrBusy,
			"lost": server.ErrLeadershipLost, "toolarge": server.ErrTooLarge, "none": nil}[c.Named["error"]]
	}
	return ""
}

func modes(s *apitest.Store) string {
	names := map[server.ReadMode]string{server.Default: "default", server.Stale: "stale", server.Consistent: "consistent"}
	var list []string
	for _, m := range s.Modes() {
		list = append(list, names[m])
	}
	return strings.Join(list, " ")
}

// counter counts the bytes that are read of a body.
type counter struct {
	io.Reader
	n int
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func upload(h http.Handler, c script.Command) string {
	size := c.Int("bytes", 0)
	body := &counter{Reader: strings.NewReader(strings.Repeat("x", size))}
	r := httptest.NewRequest("PUT", target(c), body)
	r.ContentLength = int64(size)
	if c.Has("chunked") {
		r.ContentLength = -1
	}
	return exchange(h, r) + fmt.Sprintf("\n(%d bytes were read)", body.n)
}
