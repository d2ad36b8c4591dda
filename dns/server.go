package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"
)

// Limits bounds what a Server takes on at a time. What is beyond is turned
// away at once rather than kept waiting: under overload a queue only delays
// every answer until its asker has given up (issues 534, 1535).
type Limits struct {
	Queries     int           // questions at work; SERVFAIL beyond
	Recursions  int           // of them, those that wait for another server; SERVFAIL beyond
	Connections int           // over TCP; closed beyond
	Time        time.Duration // for one question; then the Source is told to stop
}

// DefaultLimits returns limits for one agent on one machine. Time is less than
// the 5 s after which common resolvers ask again.
func DefaultLimits() Limits {
	return Limits{Queries: 1024, Recursions: 256, Connections: 512, Time: 4 * time.Second}
}

// A Server is the edge of a Handler: it answers what comes in on one address
// over UDP and TCP.
type Server struct {
	handler *Handler
	limits  Limits
	log     *slog.Logger

	seeds seeds

	working   gate // questions
	recursing gate // exchanges with recursors
	shed      atomic.Uint64

	udp, tcp *dns.Server
	serving  sync.WaitGroup
	stop     context.CancelFunc
	stopped  context.Context // ended by stop
}

// seeds gives each question its own random source, because one cannot be
// shared between goroutines.
type seeds struct {
	mu  sync.Mutex
	rng *rand.Rand // guarded by mu
}

func (s *seeds) next() *rand.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	return rand.New(rand.NewPCG(s.rng.Uint64(), s.rng.Uint64()))
}

// A gate lets as many in as its channel has room for.
type gate chan struct{}

// enter reports whether there was room. It never waits.
func (g gate) enter() bool {
	select {
	case g <- struct{}{}:
		return true
	default:
		return false
	}
}

func (g gate) leave() { <-g }

// NewServer returns a server that is not yet listening. It asks recursors over
// the network unless cfg brings its own Exchange. rng must not be used by
// anybody else afterwards. The error says what in cfg makes no sense.
func NewServer(cfg Config, src Source, limits Limits, rng *rand.Rand, log *slog.Logger) (*Server, error) {
	s := &Server{
		limits:    limits,
		log:       log,
		seeds:     seeds{rng: rng},
		working:   make(gate, limits.Queries),
		recursing: make(gate, limits.Recursions),
	}
	if cfg.Recursion.Exchange == nil {
		cfg.Recursion.Exchange = networkExchange(cfg.Recursion.Timeout)
	}
	cfg.Recursion.Exchange = s.gated(cfg.Recursion.Exchange)
	var err error
	if s.handler, err = NewHandler(cfg, src); err != nil {
		return nil, err
	}
	s.stopped, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// gated returns an Exchange that fails at once when too many are under way, so
// that a recursor which is down leaves room for the questions that are ours.
func (s *Server) gated(exchange Exchange) Exchange {
	return func(ctx context.Context, q *dns.Msg, over Transport, server string) (*dns.Msg, error) {
		if !s.recursing.enter() {
			s.shed.Add(1)
			return nil, errors.New("dns: too many questions wait for recursors")
		}
		defer s.recursing.leave()
		return exchange(ctx, q, over, server)
	}
}

// Start listens on addr ("host:port") over UDP and TCP and serves until
// Shutdown. Port 0 takes any port that is free for both.
func (s *Server) Start(addr string) error {
	packets, listener, err := listen(addr)
	if err != nil {
		return err
	}
	return s.Serve(packets, listener)
}

// Serve is Start on sockets that are open already; they belong to the server
// from now on. It returns when both are being served.
func (s *Server) Serve(packets net.PacketConn, listener net.Listener) error {
	started := make(chan error, 4) // two servers, each starts or stops
	notify := func() { started <- nil }
	s.udp = &dns.Server{PacketConn: packets, Handler: s.over(UDP), UDPSize: maxUDP, NotifyStartedFunc: notify}
	s.tcp = &dns.Server{Listener: &limitListener{Listener: listener, slots: make(gate, s.limits.Connections)},
		Handler: s.over(TCP), NotifyStartedFunc: notify}
	for _, srv := range []*dns.Server{s.udp, s.tcp} {
		s.serving.Go(func() {
			err := srv.ActivateAndServe()
			started <- err
			if err != nil {
				s.log.Error("DNS server stopped", "address", packets.LocalAddr(), "error", err)
			}
		})
	}
	return errors.Join(<-started, <-started)
}

// Addr returns the address that the started server listens on.
func (s *Server) Addr() netip.AddrPort {
	return s.udp.PacketConn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Shed returns how many questions were turned away because of the Limits.
func (s *Server) Shed() uint64 { return s.shed.Load() }

// Shutdown stops listening and waits for the questions at work, at most until
// ctx ends. A server that was never started has nothing to stop.
func (s *Server) Shutdown(ctx context.Context) error {
	if s.udp == nil {
		return nil
	}
	err := errors.Join(s.udp.ShutdownContext(ctx), s.tcp.ShutdownContext(ctx))
	s.stop()
	s.serving.Wait()
	return err
}

// over returns the handler of miekg/dns for what comes over one transport.
func (s *Server) over(t Transport) dns.HandlerFunc {
	return func(w dns.ResponseWriter, q *dns.Msg) {
		reply := s.answer(q, t)
		if reply == nil {
			return
		}
		if err := w.WriteMsg(reply); err != nil {
			s.log.Debug("cannot send DNS reply", "to", w.RemoteAddr(), "error", err)
		}
	}
}

func (s *Server) answer(q *dns.Msg, t Transport) *dns.Msg {
	if !s.working.enter() {
		s.shed.Add(1)
		return s.handler.empty(q, dns.RcodeServerFailure)
	}
	defer s.working.leave()
	ctx, cancel := context.WithTimeout(s.stopped, s.limits.Time)
	defer cancel()
	return s.handler.Reply(ctx, s.seeds.next(), q, t)
}

// listen opens the same address over both transports. For port 0, the port
// that UDP was given may be taken over TCP, so it tries a few times.
func listen(addr string) (net.PacketConn, net.Listener, error) {
	var last error
	for range 10 {
		packets, err := net.ListenPacket("udp", addr)
		if err != nil {
			return nil, nil, fmt.Errorf("dns: listen on %s over UDP: %w", addr, err)
		}
		listener, err := net.Listen("tcp", packets.LocalAddr().String())
		if err == nil {
			return packets, listener, nil
		}
		packets.Close()
		last = fmt.Errorf("dns: listen on %s over TCP: %w", addr, err)
		if _, port, _ := net.SplitHostPort(addr); port != "0" {
			break
		}
	}
	return nil, nil, last
}

// networkExchange returns an Exchange that waits for one server at most so long.
func networkExchange(timeout time.Duration) Exchange {
	return func(ctx context.Context, q *dns.Msg, over Transport, server string) (*dns.Msg, error) {
		client := &dns.Client{Net: "udp", Timeout: timeout, UDPSize: maxUDP}
		if over == TCP {
			client.Net = "tcp"
		}
		r, _, err := client.ExchangeContext(ctx, q, server)
		return r, err
	}
}
