package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/kv"
)

// On a client agent there is no store: what needs one goes to a server as it
// is, and the agent's own endpoints stay.
func TestAClientForwardsWhatNeedsAStore(t *testing.T) {
	var forwarded []string
	a := New(Config{Datacenter: "dc1", Agent: &fakeAgent{}, Forward: http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			forwarded = append(forwarded, r.Method+" "+r.URL.String())
		})})
	for _, line := range []string{
		"GET /v1/kv/a?stale", "PATCH /v1/kv/a", "GET /v1/status/leader", "GET /v1/catalog/nodes?dc=dc2",
		"GET /v1/health/service/web", "GET /v1/agent/self", "GET /v1/agent/members", "PUT /v1/agent/leave", "GET /v1/nothing",
	} {
		method, target, _ := strings.Cut(line, " ")
		a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(method, target, nil))
	}
	want := []string{"GET /v1/kv/a?stale", "PATCH /v1/kv/a", "GET /v1/status/leader", "GET /v1/catalog/nodes?dc=dc2",
		"GET /v1/health/service/web"}
	if !slices.Equal(forwarded, want) {
		t.Errorf("forwarded %q, want %q", forwarded, want)
	}
}

// The route of a path is the longest one that begins it: the obvious way to
// find it is to try them all.
func TestTheLongestRouteWins(t *testing.T) {
	a := New(Config{Agent: &fakeAgent{}})
	paths := []string{"", "/", "/v1/kv", "/v1/kv/", "/v1/kv//", "/v1/kv/a/b", "/v1/agent/service/register",
		"/v1/agent/service/register/x", "/v1/agent/service/deregister", "/v1/agent/checks/", "/v1/agent/check/pass/a",
		"/v1/status/leader/", "/v1/kv/" + strings.Repeat("/", 10000)}
	for _, r := range a.router.all {
		paths = append(paths, r.path, r.path+"x", strings.TrimSuffix(r.path, "/"))
	}
	for _, path := range paths {
		var want string
		for _, r := range a.router.all {
			p := r.path
			begins := strings.HasSuffix(p, "/") && strings.HasPrefix(path+"/", p)
			if p == path || begins && len(p) > len(want) && want != path {
				want = p
			}
		}
		got, rest := a.router.find(path)
		switch {
		case got == nil && want == "":
		case got == nil || got.path != want:
			t.Errorf("%q: got %v, want %q", path, got, want)
		case got.path+rest != path && got.path+rest != path+"/":
			t.Errorf("%q: route %q and rest %q do not make the path", path, got.path, rest)
		}
	}
}

// Every parameter that a route accepts must be known: a misspelled one would
// never be checked.
func TestRoutesAcceptOnlyKnownParameters(t *testing.T) {
	for _, r := range New(Config{Agent: &fakeAgent{}}).router.all {
		for _, m := range r.methods {
			for _, name := range strings.Fields(m.accepts + " " + everywhere) {
				if _, ok := parameters[name]; !ok {
					t.Errorf("%s %s accepts %q, which is not in the table of parameters", m.name, r.path, name)
				}
			}
		}
	}
}

// The hand-written JSON of a key says the same as encoding/json's.
func FuzzEntryJSON(f *testing.F) {
	f.Add("a", []byte("x"), uint64(1), "")
	f.Add("<&>\"\\\n\r\t\x00\x1f\u2028\u2029\xff", []byte{}, ^uint64(0), "\x7fé")
	f.Fuzz(func(t *testing.T, key string, value []byte, n uint64, session string) {
		if len(value) == 0 {
			value = nil // null in both
		}
		e := kv.Entry{Key: key, Value: value, Flags: n, Session: session, LockIndex: n / 2, CreateIndex: n / 3, ModifyIndex: n}
		want, err := json.Marshal([]kv.Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		var got, same any
		if err := json.Unmarshal(entries{&e}.appendJSON(nil), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want, &same); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(same) {
			t.Errorf("got %v, want %v", got, same)
		}
		names, _ := json.Marshal([]string{key, session})
		if got := string(keyNames{key, session}.appendJSON(nil)); got != string(names) {
			t.Errorf("got %s, want %s", got, names)
		}
	})
}

// No body panics a decoder, and what decodes is still itself when it has been
// encoded and decoded again.
func FuzzDefinitions(f *testing.F) {
	f.Add([]byte(`{"Name":"web","Tags":["a"],"Check":{"HTTP":"http://x","Interval":"10s"},"checks":[{"ttl":"1m"}]}`))
	f.Add([]byte(`{"service":{"service":"x","tagged_addresses":{"lan":{"address":"::1","port":1}}},"node":"n","check":{"name":"c"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var reg CatalogRegistration
		if json.Unmarshal(b, &reg) == nil {
			_, _ = reg.registration("dc1")
		}
		for _, v := range []json.Unmarshaler{new(ServiceDefinition), new(CheckDefinition), new(CheckUpdate), new(CatalogDeregistration)} {
			if json.Unmarshal(b, v) != nil {
				continue
			}
			once, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := json.Unmarshal(once, again); err != nil {
				t.Fatalf("%s does not decode: %v", once, err)
			}
			if twice, _ := json.Marshal(again); string(twice) != string(once) {
				t.Errorf("got %s, want %s", twice, once)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("recurse&index=5&wait=1s&node-meta=a:b", "GET")
	f.Fuzz(func(t *testing.T, raw, name string) {
		_, _ = parseQuery(raw, method{name: name, accepts: "recurse tag node-meta enable cas"})
	})
}

// serve runs the real server on a real socket and returns its address.
func serve(t *testing.T, ctx context.Context, h http.Handler) (*http.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := NewServer(ctx, h)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return srv, l.Addr().String()
}

// A body that says that it is too large is refused before it is read: the
// client has sent nothing but the headers when the answer comes, and then the
// connection ends.
func TestATooLargeBodyIsRefusedUnread(t *testing.T) {
	_, addr := serve(t, t.Context(), New(Config{Datacenter: "dc1", Agent: &fakeAgent{}, Store: newFakeStore()}))
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", kv.MaxValue+1)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(string(body), "524288 bytes") {
		t.Errorf("got %d %s, want 413", resp.StatusCode, body)
	}
	if _, err := r.ReadByte(); err == nil {
		t.Error("the connection goes on")
	}
}

// arrivals is a store that tells when a read has come to it.
type arrivals struct {
	*fakeStore
	came chan struct{}
}

func (s arrivals) Barrier(context.Context, server.ReadMode) error {
	s.came <- struct{}{}
	return nil
}

// When the server's context ends, blocking queries are answered, so that
// Shutdown returns.
func TestShutdownDoesNotWaitForBlockingQueries(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	store := arrivals{newFakeStore(), make(chan struct{}, 1)}
	a := New(Config{Datacenter: "dc1", Agent: &fakeAgent{}, Store: store})
	srv, addr := serve(t, ctx, a)
	answered := make(chan int, 1)
	go func() {
		resp, err := http.Get("http://" + addr + "/v1/kv/a?index=1")
		if err != nil {
			answered <- 0
			return
		}
		defer resp.Body.Close()
		answered <- resp.StatusCode
	}()
	<-store.came
	stop()
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status := <-answered; status != http.StatusServiceUnavailable {
		t.Errorf("got %d, want 503", status)
	}
}

func TestMetricsCountRequests(t *testing.T) {
	a := New(Config{Datacenter: "dc1", Agent: &fakeAgent{}, Store: newFakeStore()})
	get := func(target string) string {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		return w.Body.String()
	}
	get("/v1/kv/a")
	get("/v1/kv/b")
	var m Metrics
	if err := json.Unmarshal([]byte(get("/v1/agent/metrics")), &m); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.Counters, func(c Counter) bool { return c.Labels["path"] == "/v1/kv/" && c.Count == 2 }) {
		t.Errorf("no counter of 2 requests for /v1/kv/ in %+v", m.Counters)
	}
	want := "# TYPE consul_http_blocking_queries gauge\nconsul_http_blocking_queries 0\n" +
		"# TYPE consul_raft_applied_index gauge\nconsul_raft_applied_index 10\n" +
		"# TYPE consul_http_requests counter\n" +
		"consul_http_requests{path=\"/v1/agent/metrics\"} 2\nconsul_http_requests{path=\"/v1/kv/\"} 2\n"
	if got := get("/v1/agent/metrics?format=prometheus"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestOutputsAreCutToWhatTheCatalogTakes(t *testing.T) {
	long := clip(strings.Repeat("x", catalog.MaxOutput+1))
	if len(long) != catalog.MaxOutput || !strings.HasSuffix(long, " ... (cut)") {
		t.Errorf("got %d bytes that end in %q", len(long), long[len(long)-12:])
	}
	if got := clip("short"); got != "short" {
		t.Errorf("got %q", got)
	}
}
