package agent

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"

	"praetor/internal/wire"
	"praetor/swim"
	"praetor/swim/keyring"
)

// gossipPort is the edge under the membership core: a UDP socket for datagrams
// and a TCP listener for exchanges of one frame each way, on the same port. The
// guard encrypts and decrypts all of it, and has conversations of its own about
// keys (control.go).
type gossipPort struct {
	udp   *net.UDPConn
	tcp   net.Listener
	guard *guard
	log   *slog.Logger

	packet func(from netip.AddrPort, b []byte)
	stream func(ctx context.Context, from netip.AddrPort, b []byte) ([]byte, error)

	serving chan struct{} // exchanges that others asked for
	asking  chan struct{} // exchanges that the core asked for
}

// The bounds of the gossip port. A push-pull of 10,000 members fits in a frame.
const (
	maxPacket     = 64 << 10
	maxExchange   = 16 << 20
	maxFrame      = maxExchange + keyring.Overhead
	streamTimeout = 10 * time.Second
	streamsServed = 128
	streamsAsked  = 128
)

// listenGossip opens both sockets on addr.
func listenGossip(addr netip.AddrPort, guard *guard, log *slog.Logger) (*gossipPort, error) {
	tcp, err := net.Listen("tcp", addr.String())
	if err != nil {
		return nil, err
	}
	udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(addr))
	if err != nil {
		tcp.Close()
		return nil, err
	}
	udp.SetReadBuffer(2 << 20)
	return &gossipPort{
		udp: udp, tcp: tcp, guard: guard, log: log,
		serving: make(chan struct{}, streamsServed),
		asking:  make(chan struct{}, streamsAsked),
	}, nil
}

// run serves both sockets until ctx ends.
func (g *gossipPort) run(ctx context.Context) {
	stop := context.AfterFunc(ctx, func() { g.udp.Close(); g.tcp.Close() })
	defer stop()
	go g.readPackets(ctx)
	for {
		c, err := g.tcp.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			g.log.Warn("gossip: accept", "error", err)
			continue
		}
		select {
		case g.serving <- struct{}{}:
			go g.serve(ctx, c)
		default:
			g.guard.refuse(remoteOf(c), &refusal{dropBusy, "too many exchanges are under way"})
			c.Close() // the other side asks again, or somebody else
		}
	}
}

func (g *gossipPort) readPackets(ctx context.Context) {
	buf := make([]byte, maxPacket)
	for {
		n, from, err := g.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			continue // such as a port that nobody listens on any more
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if b, ok := g.guard.datagram(from, slices.Clone(buf[:n])); ok {
			g.packet(from, b)
		}
	}
}

// serve has one exchange that another member began.
func (g *gossipPort) serve(ctx context.Context, c net.Conn) {
	defer func() { <-g.serving }()
	defer c.Close()
	c.SetDeadline(time.Now().Add(streamTimeout))
	b, err := wire.ReadFrame(c, nil, maxFrame)
	if errors.Is(err, wire.ErrTooLong) {
		g.guard.refuse(remoteOf(c), &refusal{dropOversized, "an exchange: " + err.Error()})
		return
	}
	if err != nil {
		g.log.Debug("gossip: exchange refused", "from", c.RemoteAddr(), "reason", err)
		return
	}
	if kind, sealed := keyring.IsSealed(b); sealed && kind == keyring.Control {
		g.guard.converse(c, b)
		return
	}
	from := remoteOf(c)
	b, nonce, err := g.guard.open(keyring.Exchange, keyring.Nonce{}, b)
	if err != nil {
		g.guard.refuse(from, err)
		return
	}
	reply, err := g.stream(ctx, from, b)
	if err != nil {
		g.log.Info("gossip: exchange refused", "from", c.RemoteAddr(), "reason", err)
		return
	}
	reply, _ = g.guard.seal(keyring.Exchange, nonce, reply)
	c.Write(wire.AppendFrame(nil, reply))
}

// remoteOf returns who is at the other end of a TCP connection.
func remoteOf(c net.Conn) netip.AddrPort { return c.RemoteAddr().(*net.TCPAddr).AddrPort() }

// send sends datagrams. A full socket buffer loses them, as a network may.
func (g *gossipPort) send(ps []swim.Packet) {
	for _, p := range ps {
		b, _ := g.guard.seal(keyring.Datagram, keyring.Nonce{}, p.Data)
		g.udp.WriteToUDPAddrPort(b, p.To)
	}
}

var errTooManyStreams = errors.New("too many exchanges are under way")

// ask has the exchanges that the core asked for, and gives it each reply.
func (g *gossipPort) ask(ctx context.Context, ss []swim.Stream, reply func(swim.StreamID, []byte, error)) {
	for _, s := range ss {
		select {
		case g.asking <- struct{}{}:
			go func() {
				defer func() { <-g.asking }()
				b, err := g.exchange(ctx, s)
				reply(s.ID, b, err)
			}()
		default:
			go reply(s.ID, nil, errTooManyStreams)
		}
	}
}

// exchange has one exchange with another member.
func (g *gossipPort) exchange(ctx context.Context, s swim.Stream) ([]byte, error) {
	c, err := dialGossip(ctx, s.To)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	request, nonce := g.guard.seal(keyring.Exchange, keyring.Nonce{}, s.Data)
	if _, err := c.Write(wire.AppendFrame(nil, request)); err != nil {
		return nil, err
	}
	b, err := wire.ReadFrame(c, nil, maxFrame)
	if errors.Is(err, io.EOF) {
		err = errRefused
	}
	if err != nil {
		return nil, err
	}
	b, _, err = g.guard.open(keyring.Exchange, nonce, b)
	if err != nil {
		g.guard.refuse(s.To, err)
	}
	return b, err
}

// dialGossip connects to a member. The connection lives for streamTimeout at
// most.
func dialGossip(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	d := net.Dialer{Timeout: streamTimeout}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err == nil {
		c.SetDeadline(time.Now().Add(streamTimeout))
	}
	return c, err
}

// errRefused is all that is known of an exchange that the other side ended
// without an answer.
var errRefused = errors.New("it closed the connection without an answer; is it an agent of this datacenter, with the same -encrypt key, and of a version that speaks the same protocol? Its log says why")
