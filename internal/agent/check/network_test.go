package check

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

func TestTheHTTPStatusIsTheStatus(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		code := 0
		fmt.Sscanf(r.URL.Path, "/%d", &code)
		w.Header().Set("Location", "/200")
		w.WriteHeader(code)
		fmt.Fprintf(w, "body of %d", code)
	}))
	defer srv.Close()
	for code, want := range map[int]string{
		200: catalog.Passing, 201: catalog.Passing, 226: catalog.Passing,
		429: catalog.Warning,
		404: catalog.Critical, 500: catalog.Critical, 503: catalog.Critical,
		302: catalog.Passing, // followed to /200
	} {
		p := &local.Probe{Target: fmt.Sprint(srv.URL, "/", code)}
		status, output := httpCheck(t.Context(), p, 1000)
		if status != want {
			t.Errorf("%d: got %s %q, want %s", code, status, output, want)
		}
		line := fmt.Sprintf("HTTP GET %s: %d %s Output: body of %d", p.Target, code, http.StatusText(code), code)
		if code != 302 && output != line {
			t.Errorf("%d: got %q, want %q", code, output, line)
		}
	}
	p := &local.Probe{Target: srv.URL + "/302", Request: local.Request{NoRedirect: true}}
	if status, output := httpCheck(t.Context(), p, 1000); status != catalog.Critical || !strings.Contains(output, "302 Found") {
		t.Errorf("a redirect that is not followed: got %s %q", status, output)
	}
}

func TestTheHTTPRequestIsAsDefined(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintln(w, r.Method, r.Host, r.Header["X-Two"], r.UserAgent(), string(body))
	}))
	defer srv.Close()
	p := &local.Probe{Target: srv.URL, Request: local.Request{
		Method: "PUT", Body: "hello", Header: map[string][]string{"x-two": {"1", "2"}, "Host": {"web.example"}},
	}}
	_, output := httpCheck(t.Context(), p, 1000)
	if want := "PUT web.example [1 2] Consul Health Check hello\n"; !strings.HasSuffix(output, "Output: "+want) {
		t.Errorf("got %q, want %q", output, want)
	}
}

func TestAnEndlessHTTPBodyIsNotReadToItsEnd(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 1<<16)); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	status, output := httpCheck(t.Context(), &local.Probe{Target: srv.URL}, 200)
	if status != catalog.Passing || len(output) != 200 {
		t.Errorf("got %s, %d bytes", status, len(output))
	}
}

func TestAnHTTPServerThatDoesNotAnswerIsCritical(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer srv.Close()
	status, output := httpCheck(ctx, &local.Probe{Target: srv.URL}, 200)
	if status != catalog.Critical || !strings.Contains(output, "context canceled") {
		t.Errorf("got %s %q", status, output)
	}
}

func TestHTTPSVerifiesUnlessToldNotTo(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	p := &local.Probe{Target: srv.URL}
	if status, output := httpCheck(t.Context(), p, 200); status != catalog.Critical || !strings.Contains(output, "certificate") {
		t.Errorf("unknown certificate: got %s %q", status, output)
	}
	p.TLS.SkipVerify = true
	if status, output := httpCheck(t.Context(), p, 200); status != catalog.Passing {
		t.Errorf("verification skipped: got %s %q", status, output)
	}
}

func TestTCPConnects(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &local.Probe{Target: l.Addr().String()}
	if status, output := tcpCheck(t.Context(), p); status != catalog.Passing || output != "TCP connect "+p.Target+": Success" {
		t.Errorf("got %s %q", status, output)
	}
	l.Close()
	if status, output := tcpCheck(t.Context(), p); status != catalog.Critical || !strings.Contains(output, "refused") {
		t.Errorf("after close: got %s %q", status, output)
	}
}

func TestUDPPassesUnlessItIsRefused(t *testing.T) {
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { // answers once
		if _, from, err := l.ReadFrom(make([]byte, 10)); err == nil {
			l.WriteTo([]byte("x"), from)
		}
	}()
	p := &local.Probe{Target: l.LocalAddr().String()}
	if status, output := udpCheck(t.Context(), p); status != catalog.Passing || output != "UDP connect "+p.Target+": Success" {
		t.Errorf("got %s %q", status, output)
	}
	l.Close()
	if status, output := udpCheck(t.Context(), p); status != catalog.Critical || !strings.Contains(output, "refused") {
		t.Errorf("after close: got %s %q", status, output)
	}
}

// health is a gRPC health service, as far as the check sees it.
func health(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.ProtoMajor != 2 || r.URL.Path != "/grpc.health.v1.Health/Check" || r.Header.Get("Content-Type") != "application/grpc" {
		http.NotFound(w, r)
		return
	}
	var message []byte
	switch service := strings.TrimPrefix(string(body[5:]), "\n"); {
	case service == "" || service[1:] == "up": // after the length
		message = []byte{0x08, 1}
	case service[1:] == "down":
		message = []byte{0x08, 2}
	case service[1:] == "unknown":
		message = nil
	default:
		w.Header().Set("Content-Type", "application/grpc")
		w.Header().Set("Grpc-Status", "5")
		w.Header().Set("Grpc-Message", "unknown service")
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	w.Write(append(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message))), message...))
	w.Header().Set("Grpc-Status", "0")
}

func TestGRPCAsksTheHealthService(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(health))
	srv.Config.Protocols = new(http.Protocols)
	srv.Config.Protocols.SetUnencryptedHTTP2(true)
	srv.Start()
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	for _, c := range []struct{ service, status, output string }{
		{"", catalog.Passing, ": success"},
		{"/up", catalog.Passing, "/up: success"},
		{"/down", catalog.Critical, "/down: the service is not serving (state 2)"},
		{"/unknown", catalog.Critical, "/unknown: the service is not serving (state 0)"},
		{"/other", catalog.Critical, "/other: gRPC status \"5\": unknown service"},
	} {
		status, output := grpcCheck(t.Context(), &local.Probe{Target: addr + c.service})
		if want := "gRPC check " + addr + c.output; status != c.status || output != want {
			t.Errorf("%q: got %s %q, want %s %q", c.service, status, output, c.status, want)
		}
	}
}

func TestGRPCToAServerOfAnotherKindIsCritical(t *testing.T) {
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	if status, _ := grpcCheck(t.Context(), &local.Probe{Target: plain.Listener.Addr().String()}); status != catalog.Critical {
		t.Errorf("HTTP/1 server: got %s", status)
	}
	if status, _ := grpcCheck(t.Context(), &local.Probe{Target: "127.0.0.1:1", TLS: local.TLS{Use: true}}); status != catalog.Critical {
		t.Errorf("no server: got %s", status)
	}
}

func FuzzHealthResponse(f *testing.F) {
	f.Add([]byte{0, 0, 0, 0, 2, 0x08, 1})
	f.Add([]byte{0, 0, 0, 0, 0})
	f.Add([]byte{1, 0, 0, 0, 9, 0x0a})
	f.Fuzz(func(t *testing.T, b []byte) {
		if state, err := healthResponse(b); err != nil && state != 0 {
			t.Errorf("state %d with error %v", state, err)
		}
	})
}
