package docs

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

func TestMatch(t *testing.T) {
	for _, test := range []struct {
		have, want string
		ok         bool
	}{
		{"a b c", "a b c", true},
		{"a b", "a b c", false},
		{"a b c", "a b", false},
		{"", "", true},
		{"", "a", false},
		{"a ... d", "a b c d", true},
		{"a ... d", "a d", false}, // a mark stands for at least one line
		{"... d", "a b c d", true},
		{"a ...", "a b c d", true},
		{"a ...", "a", false},
		{"...", "a", true},
		{"...", "", false},
		{"a ... c ... e", "a b c d e", true},
		{"a ... c ... e", "a b c e", false},
		{"a ... e ... c", "a b c d e", false},
		{"a ... x ... e", "a b c d e", false},
		{"b ... d", "a b c d", false},
		{"a ... c", "a b c d", false},
		{"a ... b a", "a b b a", true},
	} {
		err := match(strings.Fields(test.have), strings.Fields(test.want), "...", exactly)
		if (err == nil) != test.ok {
			t.Errorf("match(%q, %q) = %v, want ok: %v", test.have, test.want, err, test.ok)
		}
	}
	if match([]string{"..."}, []string{"a"}, "", exactly) == nil {
		t.Error("a mark is taken for one where there is none")
	}
}

func TestAlikeUpToWhatDiffersFromRunToRun(t *testing.T) {
	for _, test := range []struct {
		a, b string
		ok   bool
	}{
		{`"ID": "4b511c93-23ba-4685-b771-6b2e0c245b7c",`, `"ID": "00000000-23ba-4685-b771-6b2e0c245b7c",`, true},
		{"trace hash 6f4c105ab23e1bf2", "trace hash 0f4c105ab23e1bf2", true},
		{"time=2026-11-23T13:54:28.478Z x", "time=2025-01-03T00:00:00Z x", true},
		{"Date: Mon, 23 Nov 2026 13:54:31 GMT", "Date: Tue, 24 Nov 2026 13:54:31 GMT", true},
		{"took 1.5ms", "took 20µs", true},
		{"took 1.5ms", "took 1h2m3.4s", true},
		{`"ModifyIndex": 3,`, `"ModifyIndex": 17,`, true},
		{"X-Consul-Index: 3", "X-Consul-Index: 4", true},
		{"opcode: QUERY, status: NOERROR, id: 1", "opcode: QUERY, status: NOERROR, id: 2", true},
		{"n1    alive", "n1  alive", true},
		{"n1 alive", "n1 failed", false},
		{`"Port": 80`, `"Port": 81`, false},
		{"X-Consul-Knownleader: true", "X-Consul-Knownleader: false", false},
		{"web. 0 IN A 127.0.0.1", "web. 5 IN A 127.0.0.1", false},
		{"status: NOERROR, id: 1", "status: NXDOMAIN, id: 1", false},
	} {
		if got := alike(test.a, test.b); got != test.ok {
			t.Errorf("alike(%q, %q) = %v", test.a, test.b, got)
		}
	}
}

func TestDefinition(t *testing.T) {
	for _, test := range []struct{ name, first, last string }{
		{"New", "func New() *Log {", "}"},
		{"(*Log).Append", "func (l *Log) Append(entry string) Index {", "}"},
		{"Log.Append", "func (l *Log) Append(entry string) Index {", "}"},
		{"Log.last", "func (l Log) last() Index { return Index(len(l.entries)) }", ""},
		{"(*Pair).Swap", "func (p *Pair[K, V]) Swap() Pair[V, K] {", "}"},
		{"Log", "type Log struct{ entries []string }", ""},
		{"Pair", "Pair[K, V any] struct {", "}"},
		{"Small", "const (", ")"},
		{"single", `var single = "one"`, ""},
	} {
		got, err := definition("testdata/src", "sample.go", test.name, false)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if last := got[len(got)-1]; got[0] != test.first || test.last != "" && last != test.last || test.last == "" && len(got) != 1 {
			t.Errorf("%s: %q", test.name, got)
		}
	}
	if _, err := definition("testdata/src", "sample.go", "(*Log).last", false); err == nil {
		t.Error("a method with a value receiver is found by the name of one with a pointer")
	}
}

func TestExcerptsAreShort(t *testing.T) {
	b := &block{kind: "text", args: []string{"page_test.go"}, body: []string{"package docs", "..."}}
	whole, err := fileLines(".", "page_test.go")
	if err != nil {
		t.Fatal(err)
	}
	b.body = append(slices.Clone(whole[:maxExcerpt]), textMark)
	if _, err := checkExcerpt(".", b, false); err == nil || !strings.Contains(err.Error(), "at most 25") {
		t.Errorf("an excerpt of %d lines: %v", len(b.body), err)
	}
	b.body = append(slices.Clone(whole[:maxExcerpt-1]), textMark)
	if _, err := checkExcerpt(".", b, false); err != nil {
		t.Errorf("an excerpt of %d lines: %v", len(b.body), err)
	}
}

func TestWords(t *testing.T) {
	for _, test := range []struct {
		line       string
		want       []string
		background bool
		fails      string
	}{
		{line: `a  b c`, want: []string{"a", "b", "c"}},
		{line: `put k "two words" 'and "these"' a\ b ""`, want: []string{"put", "k", "two words", `and "these"`, "a b", ""}},
		{line: `curl 'x?a=1&b=2'`, want: []string{"curl", "x?a=1&b=2"}},
		{line: `curl -d '{"a": "\n"}'`, want: []string{"curl", "-d", `{"a": "\n"}`}},
		{line: `agent -dev &`, want: []string{"agent", "-dev"}, background: true},
		{line: `a | b`, fails: "'|'"},
		{line: `a > b`, fails: "'>'"},
		{line: `curl x?a=1&b=2`, fails: "'&'"},
		{line: `a $HOME`, fails: "'$'"},
		{line: `a 'b`, fails: "unclosed"},
		{line: ` `, fails: "no command"},
	} {
		got, background, err := words(test.line)
		if test.fails != "" {
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("%s: got %v, %v; want an error with %s", test.line, got, err, test.fails)
			}
			continue
		}
		if err != nil || background != test.background || !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, %v, %v", test.line, got, background, err)
		}
	}
}

func TestConsoleBlocksComeApartAndTogether(t *testing.T) {
	body := []string{"$ one", "1", "", "1 more", "", "$ two \\", "> three", "", "$ four"}
	cmds, err := parseConsole(body)
	if err != nil {
		t.Fatal(err)
	}
	if len(cmds) != 3 || cmds[1].line != "two three" || len(cmds[0].output) != 3 || len(cmds[1].output) != 0 {
		t.Errorf("got %+v", cmds)
	}
	if diff := cmp.Diff(body, formatConsole(cmds)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := parseConsole([]string{"output", "$ one"}); err == nil {
		t.Error("output before the first command is accepted")
	}
}

func TestCurl(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 100)
		n, _ := r.Body.Read(body)
		w.Header().Set("X-B", "2")
		w.Header().Set("X-A", "1")
		w.WriteHeader(http.StatusTeapot)
		w.Write([]byte(r.Method + " " + r.URL.RequestURI() + " " + string(body[:n])))
	}))
	defer srv.Close()
	addr := strings.TrimPrefix(srv.URL, "http://")
	for _, test := range []struct {
		args, want string
		asks       bool
	}{
		{"-s " + addr + "/v1?pretty", "GET /v1?pretty ", true},
		{srv.URL + "/v1?index=3", "GET /v1?index=3 ", false},
		{"-X PUT -d x " + addr + "/v1", "PUT /v1 x", false},
		{"-d x " + addr + "/v1", "POST /v1 x", false},
		{"-X DELETE " + addr + "/v1", "DELETE /v1 ", false},
	} {
		got, asks, err := curl(context.Background(), strings.Fields(test.args))
		if err != nil || got != test.want || asks != test.asks {
			t.Errorf("curl %s: got %q, asks %v, %v", test.args, got, asks, err)
		}
	}
	got, _, err := curl(context.Background(), []string{"-i", addr})
	if err != nil || !strings.HasPrefix(got, "HTTP/1.1 418 I'm a teapot\nContent-Length: ") || !strings.Contains(got, "\nX-A: 1\nX-B: 2\n\nGET / ") {
		t.Errorf("curl -i: got %q, %v", got, err)
	}
	for _, args := range []string{"", "-k x", "-X", "a b", "-d"} {
		if _, err := parseCurl(strings.Fields(args)); err == nil {
			t.Errorf("curl %s is accepted", args)
		}
	}
}

// digServer answers every question with three addresses; over UDP with TC and
// none, if the question comes without EDNS0.
func digServer(t *testing.T) (port string) {
	t.Helper()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", packets.LocalAddr().String())
	if err != nil {
		t.Skipf("the port is taken over TCP: %v", err)
	}
	handler := dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		r := new(dns.Msg).SetReply(q)
		r.Authoritative = true
		if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && q.IsEdns0() == nil {
			r.Truncated = true
		} else {
			for _, ip := range []string{"127.0.0.3", "127.0.0.1", "127.0.0.2"} {
				rr, err := dns.NewRR(q.Question[0].Name + " 0 IN A " + ip)
				if err != nil {
					t.Error(err)
				}
				r.Answer = append(r.Answer, rr)
			}
		}
		if err := w.WriteMsg(r); err != nil {
			t.Error(err)
		}
	})
	started := make(chan struct{}, 2)
	for _, srv := range []*dns.Server{{PacketConn: packets}, {Listener: listener}} {
		srv.Handler, srv.NotifyStartedFunc = handler, func() { started <- struct{}{} }
		go srv.ActivateAndServe()
		<-started
		t.Cleanup(func() { srv.Shutdown() })
	}
	_, port, _ = net.SplitHostPort(packets.LocalAddr().String())
	return port
}

func TestDig(t *testing.T) {
	port := digServer(t)
	addresses := "127.0.0.1\n127.0.0.2\n127.0.0.3"
	for _, test := range []struct{ args, want string }{
		{"+short", addresses},
		{"A +short +tcp", addresses},
		{"+short +noedns", ";; Truncated, retrying in TCP mode.\n" + addresses},
		{"+noedns +ignore +short", ""},
		{"+noedns +tcp", ";; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: N\n;; flags: qr aa rd; QUERY: 1, ANSWER: 3, AUTHORITY: 0, ADDITIONAL: 0\n" +
			";; WARNING: recursion requested but not available\n\n;; QUESTION SECTION:\n;a.consul.  IN  A\n\n;; ANSWER SECTION:\n" +
			"a.consul.  0  IN  A  127.0.0.1\na.consul.  0  IN  A  127.0.0.2\na.consul.  0  IN  A  127.0.0.3"},
	} {
		got, err := dig(context.Background(), append([]string{"@127.0.0.1", "-p", port, "a.consul"}, strings.Fields(test.args)...))
		var out []string
		for _, line := range lines(got) {
			out = append(out, stable(line))
		}
		if diff := cmp.Diff(test.want, strings.Join(out, "\n")); err != nil || diff != "" {
			t.Errorf("dig %s: %v (-want +got)\n%s", test.args, err, diff)
		}
	}
	for _, args := range []string{"", "a.consul", "@h", "@h a.consul BOGUS", "@h a.consul +trace", "@h -p"} {
		if _, err := parseDig(strings.Fields(args)); err == nil {
			t.Errorf("dig %s is accepted", args)
		}
	}
}

func TestAddressesAreMappedBothWays(t *testing.T) {
	s := &shell{t: t, net: "127.3.9."}
	page := "curl localhost:8500 127.0.0.1:8500 127.0.0.12 127.0.0.2:8600 10.127.0.0"
	there := s.there(page)
	if want := "curl 127.3.9.1:8500 127.3.9.1:8500 127.3.9.12 127.3.9.2:8600 10.127.0.0"; there != want {
		t.Errorf("there: %s, want %s", there, want)
	}
	if got, want := s.here(there+" 7f030901.addr"), strings.Replace(page, "localhost", "127.0.0.1", 1)+" 7f000001.addr"; got != want {
		t.Errorf("here: %s, want %s", got, want)
	}
}

func TestRealign(t *testing.T) {
	for _, test := range []struct{ name, have, now, want string }{
		{"marks stay", "1 a|...|3 c|...", "2 a|x|4 c|x|x", "2 a|...|4 c|..."},
		{"indented marks stay", "1 a|  ...|3 c", "2 a|x|4 c", "2 a|  ...|4 c"},
		{"spaces, times, hashes and ids", "...|1.5  a took 3ms: 2c3584d28eda1bda id: 4",
			"x|1.25 a took 1m2s:  00ff84d28eda1bda id: 5", "...|1.25 a took 1m2s:  00ff84d28eda1bda id: 5"},
		{"a run stays together", "...|1 a|1 b|...", "1 a|1 c|7 a|7 b|x", "...|7 a|7 b|..."},
		{"a run starts the page", "1 a|...|1 b|2 c", "2 a|8 b|8 b|8 c", "2 a|...|8 b|8 c"},
		{"the nearest numbers", "...|5.36 n3 leads|...", "0.02 n3 leads|0.02 n3 leads|5.41 n3 leads|9 n3 leads|x", "...|5.41 n3 leads|..."},
		{"the nearest together", "...|2 a|...|2 b|...", "x|2 a|9 a|x|9 b|x", "...|2 a|...|9 b|..."},
		{"the spaces of before", "f {|...|\t}|...", "f {|x|\t\t}|\t}|}", "f {|...|\t}|..."},
		{"the first of equals", "...|1 1 a|...", "x|1 2 a|2 1 a|x", "...|1 2 a|..."},
		{"zeros", "...|0 a|...", "x|0.1 a|0.0 a|x", "...|0.0 a|..."},
		{"names are no numbers", "...|1 n1 leads|...", "x|1 n2 leads|x", `"1 n1 leads" is not there any more`},
		{"addresses are no numbers", "...|1 10.0.0.1 leads|...", "x|1 10.0.0.2 leads|x", `"1 10.0.0.1 leads" is not there any more`},
		{"a line between", "...|1 a|1 b|...", "x|2 a|x|2 b|x", `"1 b" is there, but not in its place`},
		{"another order", "...|1 a|...|1 b|...", "x|2 b|x|2 a|x", `"1 b" is there, but not in its place`},
		{"nothing for a mark", "1 a|...|1 b", "2 a|2 b", `"1 b" is there, but not in its place`},
		{"nothing for the last mark", "...|1 a|...", "x|2 a", `does not end as the page does, behind "1 a"`},
		{"more at the end", "...|1 a", "x|2 a|x", `does not end as the page does, behind "1 a"`},
		{"marks alone", "...|...", "x", "too few"},
	} {
		split := func(s string) []string { return strings.Split(s, "|") }
		got, err := simStyle.realign(split(test.have), split(test.now))
		if err != nil {
			if !strings.Contains(err.Error(), test.want) || !slices.Equal(got, split(test.have)) {
				t.Errorf("%s: %q, %v; want %s", test.name, got, err, test.want)
			}
			continue
		}
		if diff := cmp.Diff(split(test.want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
	if _, err := goStyle.realign([]string{"x = 1", goMark}, []string{"x = 2", "y"}); err == nil {
		t.Error("a number of Go code is taken for one that may change")
	}
}

// TestRealignFindsTheNearest compares realign with trying all places.
func TestRealignFindsTheNearest(t *testing.T) {
	random, found := rand.New(rand.NewPCG(1, 2)), 0
	draw := func(n int, words ...string) (out []string) {
		for range n {
			out = append(out, strings.Replace(words[random.IntN(len(words))], "N", fmt.Sprint(random.IntN(9)), 1))
		}
		return out
	}
	for range 3000 {
		have, now := draw(1+random.IntN(5), "N a", "N b", "...", "..."), draw(random.IntN(8), "N a", "N b")
		least, ok := nearest(have, now, 0)
		got, err := simStyle.realign(have, now)
		if ok != (err == nil) {
			t.Fatalf("%q, %q: got %v, want ok: %v", have, now, err, ok)
		}
		if !ok {
			continue
		}
		found++
		sum := 0.0
		for i := range got {
			sum += distance(have[i], got[i])
		}
		if err := match(got, now, textMark, exactly); err != nil || math.Abs(sum-least) > respaced/2 {
			t.Fatalf("%q, %q: got %q at distance %v, want %v: %v", have, now, got, sum, least, err)
		}
	}
	if found < 300 {
		t.Errorf("only %d samples can be realigned", found)
	}
}

// nearest returns the least distance of have and now, by trying, for each
// mark, every number of lines; ok is false if nothing fits.
func nearest(have, now []string, sum float64) (least float64, ok bool) {
	if len(have) == 0 || len(now) == 0 {
		return sum, len(have) == len(now)
	}
	if have[0] != textMark {
		if numberless(have[0]) != numberless(now[0]) {
			return 0, false
		}
		return nearest(have[1:], now[1:], sum+distance(have[0], now[0]))
	}
	for n := 1; n <= len(now); n++ {
		if d, fits := nearest(have[1:], now[n:], sum); fits && (!ok || d < least) {
			least, ok = d, true
		}
	}
	return least, ok
}
