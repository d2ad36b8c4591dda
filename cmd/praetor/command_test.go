package main

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/internal/script"
	"praetor/internal/server"
)

// TestScripts runs testdata/*.txt: command lines, each with what it prints and
// the exit code. $AGENT stands for the address of an agent, $NOBODY for one
// where none answers, $DIR for a folder of the script's own. The verbs beside
// praetor:
//
//	file NAME        writes its input to a file in $DIR
//	register         registers its input, JSON, in the catalog
//	calls            what the agent was asked for since the last calls
//	unwell           n3 has failed
//	store error=...  makes reads and writes of the state fail: noleader or none
//
// The line under praetor is what the command reads from its standard input.
func TestScripts(t *testing.T) {
	t.Setenv("CONSUL_HTTP_ADDR", "")
	t.Setenv("CONSUL_HTTP_TOKEN", "")
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		store, agent := apitest.NewStore(), &apitest.Agent{}
		srv := httptest.NewServer(api.New(api.Config{Datacenter: "dc1", Store: store, Agent: agent,
			Now: func() time.Time { return time.Date(2030, 1, 2, 13, 0, 0, 0, time.UTC) }}))
		t.Cleanup(srv.Close)
		dir := t.TempDir()
		places := []string{"$AGENT", srv.Listener.Addr().String(), "$NOBODY", unused(t), "$DIR", dir}
		return func(c script.Command) string {
			switch c.Verb {
			case "file":
				if err := os.WriteFile(filepath.Join(dir, c.Arg(0)), []byte(c.Input+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
				return ""
			case "register":
				return register(t, srv.URL, c.Input)
			case "calls":
				return strings.Join(append(agent.Took(), store.Took()...), "\n")
			case "unwell":
				ill := &store.Health.Servers[2]
				ill.Healthy, ill.Gossip, ill.LastContact = false, "failed", 9*time.Second
				store.Health.Healthy, store.Health.FailureTolerance = false, 0
				return ""
			case "store":
				store.Fail = nil
				if c.Named["error"] == "noleader" {
					store.Fail = server.ErrNoLeader
				}
				return ""
			}
			return praetor(t, c, strings.NewReplacer(places...), strings.NewReplacer(reversed(places)...))
		}
	})
}

func register(t *testing.T, url, body string) string {
	req, err := http.NewRequestWithContext(t.Context(), "PUT", url+"/v1/catalog/register", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	return ""
}

// praetor runs a command line and renders what it printed and its exit code.
func praetor(t *testing.T, c script.Command, in, out *strings.Replacer) string {
	var args []string
	for _, a := range words(t, c) {
		args = append(args, in.Replace(a))
	}
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, streams{strings.NewReader(c.Input), &stdout, &stderr})
	var b strings.Builder
	b.WriteString(stdout.String())
	if stderr.Len() > 0 {
		fmt.Fprintf(&b, "[stderr]\n%s", stderr.String())
	}
	if code != 0 {
		fmt.Fprintf(&b, "[exit %d]\n", code)
	}
	return trailing(out.Replace(b.String()))
}

// words returns the command's arguments in order. The script package keeps
// those with a "=" apart, so the line is split again.
func words(t *testing.T, c script.Command) []string {
	t.Helper()
	file, line, _ := strings.Cut(c.Pos, ":")
	src, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var n int
	fmt.Sscan(line, &n)
	var list []string
	quoted := false
	for _, w := range strings.FieldsFunc(strings.Split(string(src), "\n")[n-1], func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ' ' && !quoted
	})[1:] {
		list = append(list, strings.ReplaceAll(w, `"`, ""))
	}
	return list
}

// trailing removes spaces at the ends of lines, which no editor keeps.
func trailing(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}

func reversed(pairs []string) []string {
	var list []string
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, pairs[i+1], pairs[i])
	}
	return list
}

// unused returns an address where nobody listens.
func unused(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Every command has a line for the list, and a text for -h that shows an
// example and every option.
func TestEveryCommandTeaches(t *testing.T) {
	for _, c := range commands() {
		if c.whole != nil {
			continue // it has its own help
		}
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append(strings.Fields(c.name), "-h"), streams{nil, &stdout, &stderr})
		help := stdout.String()
		switch {
		case code != 0 || stderr.Len() > 0:
			t.Errorf("%s -h: exit %d, stderr %q", c.name, code, stderr.String())
		case c.synopsis == "" || len(c.synopsis) > 60:
			t.Errorf("%s: synopsis %q", c.name, c.synopsis)
		case c.name != "version" && !strings.Contains(help, "\n      $ praetor "+c.name):
			t.Errorf("%s -h shows no example:\n%s", c.name, help)
		case !c.local && !strings.Contains(help, "-http-addr"):
			t.Errorf("%s -h does not tell of -http-addr", c.name)
		}
		for i, line := range strings.Split(help, "\n") {
			if len(line) > 80 {
				t.Errorf("%s -h line %d has %d columns: %s", c.name, i+1, len(line), line)
			}
		}
	}
}

func TestTheOldRPCAddressStandsForAnHTTPAddress(t *testing.T) {
	for _, test := range []struct{ http, rpc, want string }{
		{"", "", "127.0.0.1:8500"},
		{"", "10.0.0.1:8400", "10.0.0.1:8500"},
		{"", "[::1]:18400", "[::1]:18500"},
		{"10.0.0.2:80", "10.0.0.1:8400", "10.0.0.2:80"}, // the new spelling wins
		{"http://10.0.0.2", "", "10.0.0.2:8500"},
		{"", "10.0.0.1", ""},
		{"", "10.0.0.1:http", ""},
		{"", "10.0.0.1:65500", ""},
		{"unix:///run/agent.sock", "", ""},
	} {
		t.Setenv("CONSUL_HTTP_ADDR", "")
		c := connection{address: test.http, rpcAddress: test.rpc}
		cl, err := c.dial()
		switch {
		case test.want == "" && err == nil:
			t.Errorf("%q, %q: got %s, want an error", test.http, test.rpc, cl.Address())
		case test.want != "" && (err != nil || cl.Address() != test.want):
			t.Errorf("%q, %q: got %v, %v, want %s", test.http, test.rpc, cl, err, test.want)
		}
	}
}

// The environment names the agent when no option does.
func TestTheEnvironmentNamesTheAgent(t *testing.T) {
	var tokens []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tokens = append(tokens, r.Header.Get("X-Consul-Token"))
		fmt.Fprint(w, `["dc9"]`)
	}))
	defer srv.Close()
	t.Setenv("CONSUL_HTTP_ADDR", srv.URL)
	t.Setenv("CONSUL_HTTP_TOKEN", "secret")
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"catalog", "datacenters"}, streams{nil, &stdout, &stderr})
	if code != 0 || stdout.String() != "dc9\n" || len(tokens) != 1 || tokens[0] != "secret" {
		t.Errorf("exit %d, %q, %q, tokens %q", code, stdout.String(), stderr.String(), tokens)
	}
}
