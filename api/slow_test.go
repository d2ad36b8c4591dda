package api_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"praetor/api"
	"praetor/api/apitest"
)

// pipes is a listener of connections in memory, for servers in virtual time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (p pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p pipes) Close() error   { close(p.closed); return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// A client that takes its time costs the agent a bounded one: each line is what
// the client sends before it falls silent, or goes on with a byte a second, and
// when the agent gives up on it.
func TestSlowClientsAreCutOff(t *testing.T) {
	for _, test := range []struct {
		name, sends string
		after       time.Duration
		answer      string
		drips       bool
	}{
		{"nothing", "", 10 * time.Second, "", false},
		{"half a header", "GET /v1/status/leader HTTP/1.1\r\nHost:", 10 * time.Second, "", false},
		{"half a body", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 30 * time.Second, "400 Bad Request", false},
		{"a body byte by byte", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", 30 * time.Second, "400 Bad Request", true},
		{"half a chunk", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", 30 * time.Second, "400 Bad Request", false},
		{"a body that nobody wants", "GET /v1/status/leader HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc", 30 * time.Second, "200 OK", false},
		{"one request", "GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\n", 2 * time.Minute, "200 OK", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := pipes{make(chan net.Conn), make(chan struct{})}
				srv := api.NewServer(t.Context(), api.New(api.Config{Datacenter: "dc1",
					Store: apitest.NewStore(), Agent: &apitest.Agent{}}))
				go func() { _ = srv.Serve(l) }()
				defer srv.Close()
				ours, theirs := net.Pipe()
				defer ours.Close()
				l.conns <- theirs
				begun := time.Now()
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					_, err := io.WriteString(ours, test.sends)
					for test.drips && err == nil {
						time.Sleep(time.Second) // virtual time
						_, err = io.WriteString(ours, "x")
					}
				}()
				answer, err := io.ReadAll(bufio.NewReader(ours))
				if err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Fatal(err)
				}
				if took := time.Since(begun); took < test.after || took > test.after+time.Second {
					t.Errorf("cut off after %v, want %v", took, test.after)
				}
				if !strings.Contains(string(answer), test.answer) {
					t.Errorf("got %q, want %q", answer, test.answer)
				}
				ours.Close()
				<-sent
			})
		})
	}
}

// A client that asks and does not read the answer loses its connection.
func TestAClientThatDoesNotReadIsCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		srv := api.NewServer(t.Context(), api.New(api.Config{Datacenter: "dc1", Store: apitest.NewStore(), Agent: &apitest.Agent{}}))
		go func() { _ = srv.Serve(l) }()
		defer srv.Close()
		ours, theirs := net.Pipe()
		defer ours.Close()
		l.conns <- theirs
		if _, err := io.WriteString(ours, "GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*time.Minute + time.Second)
		if n, err := ours.Read(make([]byte, 100)); err != io.EOF {
			t.Errorf("read %d bytes, %v; want the connection to be closed", n, err)
		}
	})
}

// slowAgent takes a minute to register a service.
type slowAgent struct{ *apitest.Agent }

func (a slowAgent) RegisterService(ctx context.Context, _ api.ServiceDefinition, _ bool) error {
	select {
	case <-time.After(time.Minute):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// The deadline of a body ends when it has been read: what the request is
// about may take longer. Nor does it reach into the connection's next request,
// a blocking query.
func TestADeadlineDoesNotOutliveItsBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pipes{make(chan net.Conn), make(chan struct{})}
		srv := api.NewServer(t.Context(), api.New(api.Config{Datacenter: "dc1",
			Store: apitest.NewStore(), Agent: slowAgent{&apitest.Agent{}}}))
		go func() { _ = srv.Serve(l) }()
		defer srv.Close()
		ours, theirs := net.Pipe()
		defer ours.Close()
		l.conns <- theirs
		r := bufio.NewReader(ours)
		for _, request := range []string{
			"PUT /v1/agent/service/register HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n\r\n{\"Name\":\"web\"}",
			"PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
			"GET /v1/kv/a?raw&index=11 HTTP/1.1\r\nHost: x\r\n\r\n", // 5 minutes and more
		} {
			go func() { _, _ = io.WriteString(ours, request) }()
			resp, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, resp.Body)
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%.20s: %s", request, resp.Status)
			}
		}
	})
}
