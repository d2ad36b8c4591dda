package dns

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// startServer runs a server on a free port until the test ends.
func startServer(t *testing.T, src Source, change func(*Config, *Limits)) *Server {
	t.Helper()
	cfg, limits := DefaultConfig(), DefaultLimits()
	if change != nil {
		change(&cfg, &limits)
	}
	s, err := NewServer(cfg, src, limits, rand.New(rand.NewPCG(1, 1)), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ask(t *testing.T, s *Server, network, name string) *dns.Msg {
	t.Helper()
	client := &dns.Client{Net: network}
	r, _, err := client.Exchange(new(dns.Msg).SetQuestion(name, dns.TypeA), s.Addr().String())
	if err != nil {
		t.Fatalf("%s over %s: %v", name, network, err)
	}
	return r
}

func TestServesBothTransportsOnOnePort(t *testing.T) {
	s := startServer(t, sampleSource(), nil)
	if r := ask(t, s, "udp", "web.service.consul."); len(r.Answer) != 3 || !r.Truncated {
		t.Errorf("over UDP: %d answers, tc=%v; want 3 and true", len(r.Answer), r.Truncated)
	}
	if r := ask(t, s, "tcp", "web.service.consul."); len(r.Answer) != 20 || r.Truncated {
		t.Errorf("over TCP: %d answers, tc=%v; want 20 and false", len(r.Answer), r.Truncated)
	}
}

func TestManyQuestionsOnOneConnection(t *testing.T) {
	s := startServer(t, sampleSource(), nil)
	conn, err := dns.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 100 {
		q := new(dns.Msg).SetQuestion("n1.node.consul.", dns.TypeA)
		if err := conn.WriteMsg(q); err != nil {
			t.Fatal(err)
		}
		if r, err := conn.ReadMsg(); err != nil || r.Id != q.Id || len(r.Answer) != 1 {
			t.Fatalf("got %v, %v", r, err)
		}
	}
}

// A slowSource holds every question until it is told to go on.
type slowSource struct {
	Source
	arrived chan struct{}
	release chan struct{}
}

func (s *slowSource) Node(ctx context.Context, dc, name string) (*catalog.Node, error) {
	s.arrived <- struct{}{}
	<-s.release
	return s.Source.Node(ctx, dc, name)
}

// Issues 534 and 1535: under overload, every answer came too late. Here the
// questions beyond the limit are turned away at once, and those before it answered.
func TestQuestionsBeyondTheLimitAreTurnedAwayAtOnce(t *testing.T) {
	slow := &slowSource{Source: sampleSource(), arrived: make(chan struct{}, 16), release: make(chan struct{})}
	s := startServer(t, slow, func(_ *Config, l *Limits) { l.Queries = 2 })
	var waiting sync.WaitGroup
	for range 2 {
		waiting.Go(func() {
			if r := ask(t, s, "tcp", "n1.node.consul."); r.Rcode != dns.RcodeSuccess {
				t.Errorf("question within the limit got %s", dns.RcodeToString[r.Rcode])
			}
		})
		<-slow.arrived
	}
	if r := ask(t, s, "udp", "n1.node.consul."); r.Rcode != dns.RcodeServerFailure {
		t.Errorf("question beyond the limit got %s, want SERVFAIL", dns.RcodeToString[r.Rcode])
	}
	if got := s.Shed(); got != 1 {
		t.Errorf("%d questions were counted as turned away, want 1", got)
	}
	close(slow.release)
	waiting.Wait()
	for range 3 {
		if r := ask(t, s, "udp", "n1.node.consul."); r.Rcode != dns.RcodeSuccess {
			t.Errorf("question after the rush got %s", dns.RcodeToString[r.Rcode])
		}
	}
}

func TestSlowRecursorsLeaveRoomForOurZone(t *testing.T) {
	arrived, release := make(chan struct{}, 16), make(chan struct{})
	s := startServer(t, sampleSource(), func(c *Config, l *Limits) {
		l.Queries, l.Recursions = 3, 1
		c.Recursion.Servers = []string{"192.0.2.53"}
		c.Recursion.Exchange = func(_ context.Context, q *dns.Msg, _ Transport, _ string) (*dns.Msg, error) {
			arrived <- struct{}{}
			<-release
			return new(dns.Msg).SetReply(q), nil
		}
	})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if r := ask(t, s, "udp", "www.example.com."); r.Rcode != dns.RcodeSuccess {
			t.Errorf("first recursion got %s", dns.RcodeToString[r.Rcode])
		}
	})
	<-arrived
	if r := ask(t, s, "udp", "www.example.com."); r.Rcode != dns.RcodeServerFailure {
		t.Errorf("second recursion got %s, want SERVFAIL", dns.RcodeToString[r.Rcode])
	}
	if r := ask(t, s, "udp", "n1.node.consul."); len(r.Answer) != 1 {
		t.Errorf("our own zone is not answered: %v", r)
	}
	close(release)
	waiting.Wait()
	for range 2 {
		if r := ask(t, s, "udp", "www.example.com."); r.Rcode != dns.RcodeSuccess {
			t.Errorf("recursion after the rush got %s", dns.RcodeToString[r.Rcode])
		}
	}
}

func TestConnectionsBeyondTheLimitAreClosed(t *testing.T) {
	s := startServer(t, sampleSource(), func(_ *Config, l *Limits) { l.Connections = 1 })
	first, err := dns.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ping := func(c *dns.Conn) error {
		if err := c.WriteMsg(new(dns.Msg).SetQuestion("n1.node.consul.", dns.TypeA)); err != nil {
			return err
		}
		_, err := c.ReadMsg()
		return err
	}
	if err := ping(first); err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if n, err := second.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes on a connection beyond the limit, want it closed", n)
	}
	if err := ping(first); err != nil {
		t.Errorf("the first connection suffered: %v", err)
	}
	first.Close()
}

// A scriptedListener returns the connections that it was given.
type scriptedListener struct {
	net.Listener
	conns []net.Conn
}

func (l *scriptedListener) Accept() (net.Conn, error) {
	if len(l.conns) == 0 {
		return nil, net.ErrClosed
	}
	c := l.conns[0]
	l.conns = l.conns[1:]
	return c, nil
}

func TestClosedConnectionsMakeRoom(t *testing.T) {
	a, b, c := &net.TCPConn{}, &net.TCPConn{}, &net.TCPConn{}
	inner := &scriptedListener{conns: []net.Conn{a}}
	l := &limitListener{Listener: inner, slots: make(gate, 1)}
	first, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	inner.conns = []net.Conn{b}
	if _, err := l.Accept(); err == nil {
		t.Error("a second connection was accepted")
	}
	first.Close()
	first.Close() // closing twice gives one slot back, not two
	inner.conns = []net.Conn{c}
	if _, err := l.Accept(); err != nil {
		t.Errorf("no connection is accepted after one was closed: %v", err)
	}
}

// TestRecursionOverTheNetwork asks a server that asks a second one.
func TestRecursionOverTheNetwork(t *testing.T) {
	upstream := startServer(t, sampleSource(), func(c *Config, _ *Limits) { c.Domain = "example." })
	s := startServer(t, sampleSource(), func(c *Config, _ *Limits) {
		c.Recursion.Servers = []string{upstream.Addr().String()}
	})
	for _, network := range []string{"udp", "tcp"} {
		r := ask(t, s, network, "n1.node.example.")
		if len(r.Answer) != 1 || r.Authoritative || !r.RecursionAvailable {
			t.Errorf("over %s: %v", network, r)
		}
	}
	if r := ask(t, s, "udp", "web.service.example."); !r.Truncated || len(r.Answer) != 3 {
		t.Errorf("TC of the upstream is lost: %v", r)
	}
}

func TestMalformedPacketsAreNotAnsweredAndDoNoHarm(t *testing.T) {
	s := startServer(t, sampleSource(), nil)
	conn, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, packet := range []string{"", "\x00", "\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c"} {
		if _, err := conn.Write([]byte(packet)); err != nil {
			t.Fatal(err)
		}
	}
	if r := ask(t, s, "udp", "n1.node.consul."); len(r.Answer) != 1 {
		t.Errorf("no answer after malformed packets: %v", r)
	}
}

func TestStartSaysWhichAddressIsTaken(t *testing.T) {
	s := startServer(t, sampleSource(), nil)
	other, err := NewServer(DefaultConfig(), sampleSource(), DefaultLimits(), rand.New(rand.NewPCG(1, 1)), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(s.Addr().String()); err == nil {
		t.Error("a second server started on the same address")
	}
}
