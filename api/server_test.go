package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/internal/server"
	"praetor/kv"
)

// On a client agent there is no store: what needs one goes to a server as it
// is, and the agent's own endpoints stay.
func TestAClientForwardsWhatNeedsAStore(t *testing.T) {
	var forwarded []string
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Forward: http.HandlerFunc(
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

// serve runs the real server on a real socket and returns its address.
func serve(t *testing.T, ctx context.Context, h http.Handler) (*http.Server, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := api.NewServer(ctx, h)
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return srv, l.Addr().String()
}

// A body that says that it is too large is refused before it is read: the
// client has sent nothing but the headers when the answer comes, and soon after
// it the connection ends.
func TestATooLargeBodyIsRefusedUnread(t *testing.T) {
	_, addr := serve(t, t.Context(), api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: apitest.NewStore()}))
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

// A client that sends before it listens still learns why it was refused.
func TestATooLargeBodyIsRefusedToThoseWhoSendItAll(t *testing.T) {
	_, addr := serve(t, t.Context(), api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: apitest.NewStore()}))
	for _, head := range []string{"Content-Length: %d\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n%x\r\n"} {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		const size = 8 << 20
		fmt.Fprintf(conn, "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\n"+head, size)
		if _, err := conn.Write(make([]byte, size)); err != nil {
			t.Fatalf("while sending: %v", err)
		}
		io.WriteString(conn, "\r\n0\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("got %d, want 413", resp.StatusCode)
		}
	}
}

func TestTooLongHeadersAreRefused(t *testing.T) {
	_, addr := serve(t, t.Context(), api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: apitest.NewStore()}))
	for name, size := range map[string]int{"200 OK": 32 << 10, "431 Request Header Fields Too Large": 80 << 10} {
		req, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+addr+"/v1/status/leader", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Padding", strings.Repeat("x", size))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.Status != name {
			t.Errorf("%d bytes of headers: got %s, want %s", size, resp.Status, name)
		}
	}
}

// arrivals is a store that tells when a read has come to it.
type arrivals struct {
	*apitest.Store
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
	store := arrivals{apitest.NewStore(), make(chan struct{}, 1)}
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: store})
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
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: apitest.NewStore()})
	get(a, "/v1/kv/a")
	get(a, "/v1/kv/b")
	var m api.Metrics
	if err := json.Unmarshal([]byte(get(a, "/v1/agent/metrics")), &m); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(m.Counters, func(c api.Counter) bool { return c.Labels["path"] == "/v1/kv/" && c.Count == 2 }) {
		t.Errorf("no counter of 2 requests for /v1/kv/ in %+v", m.Counters)
	}
	want := "# TYPE consul_http_blocking_queries gauge\nconsul_http_blocking_queries 0\n" +
		"# TYPE consul_raft_applied_index gauge\nconsul_raft_applied_index 10\n" +
		"# TYPE consul_http_requests counter\n" +
		"consul_http_requests{path=\"/v1/agent/metrics\"} 2\nconsul_http_requests{path=\"/v1/kv/\"} 2\n"
	if got := get(a, "/v1/agent/metrics?format=prometheus"); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// No request makes the agent panic or answer with a status that is not in the
// documentation, and every answer that is no success says why, but for a
// missing key.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/v1/kv/a?recurse&index=1", "")
	f.Add("PUT", "/v1/catalog/register", `{"Node":"n","Address":"::","Service":{"Service":"s"},"Checks":[{"Name":"c"}]}`)
	f.Add("PUT", "/v1/agent/service/register", `{"Name":"s","Check":{"TTL":"1s"}}`)
	f.Add("DELETE", "/v1/kv/?recurse", "")
	f.Add("GET", "/v1/health/service/s?passing&tag=a", "")
	known := []int{200, 400, 404, 405, 413, 500, 503}
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // so that what would wait is answered at once
	a := api.New(api.Config{Datacenter: "dc1", Store: apitest.NewStore(), Agent: &apitest.Agent{}})
	f.Fuzz(func(t *testing.T, method, target, body string) {
		r, err := http.NewRequestWithContext(ctx, method, "http://agent"+target, strings.NewReader(body))
		if err != nil {
			return // not a request
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if !slices.Contains(known, w.Code) {
			t.Errorf("%s %q: %d %s", method, target, w.Code, w.Body)
		}
		if w.Code >= 400 && w.Body.Len() == 0 && !strings.HasPrefix(r.URL.Path, "/v1/kv") {
			t.Errorf("%s %q: %d without a word", method, target, w.Code)
		}
	})
}
