package agent

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"praetor/internal/wire"
	"praetor/swim"
)

// gossipPort is the edge under the membership core: a UDP socket for datagrams
// and a TCP listener for exchanges of one frame each way, on the same port.
type gossipPort struct {
	udp *net.UDPConn
	tcp net.Listener
	log *slog.Logger

	packet func(from netip.AddrPort, b []byte)
	stream func(ctx context.Context, from netip.AddrPort, b []byte) ([]byte, error)

	serving chan struct{} // exchanges that others asked for
	asking  chan struct{} // exchanges that the core asked for
}

// The bounds of the gossip port. A push-pull of 10,000 members fits in a frame.
const (
	maxPacket     = 64 << 10
	maxExchange   = 16 << 20
	streamTimeout = 10 * time.Second
	streamsServed = 128
	streamsAsked  = 128
)

// listenGossip opens both sockets on addr.
func listenGossip(addr netip.AddrPort, log *slog.Logger) (*gossipPort, error) {
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
		udp: udp, tcp: tcp, log: log,
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
		g.packet(from, append([]byte(nil), buf[:n]...))
	}
}

// serve has one exchange that another member began.
func (g *gossipPort) serve(ctx context.Context, c net.Conn) {
	defer func() { <-g.serving }()
	defer c.Close()
	c.SetDeadline(time.Now().Add(streamTimeout))
	b, err := wire.ReadFrame(c, nil, maxExchange)
	if err != nil {
		g.log.Debug("gossip: exchange refused", "from", c.RemoteAddr(), "reason", err)
		return
	}
	reply, err := g.stream(ctx, c.RemoteAddr().(*net.TCPAddr).AddrPort(), b)
	if err != nil {
		g.log.Info("gossip: exchange refused", "from", c.RemoteAddr(), "reason", err)
		return
	}
	c.Write(wire.AppendFrame(nil, reply))
}

// send sends datagrams. A full socket buffer loses them, as a network may.
func (g *gossipPort) send(ps []swim.Packet) {
	for _, p := range ps {
		g.udp.WriteToUDPAddrPort(p.Data, p.To)
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
				b, err := exchange(ctx, s)
				reply(s.ID, b, err)
			}()
		default:
			go reply(s.ID, nil, errTooManyStreams)
		}
	}
}

func exchange(ctx context.Context, s swim.Stream) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, streamTimeout)
	defer cancel()
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", s.To.String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(streamTimeout))
	if _, err := c.Write(wire.AppendFrame(nil, s.Data)); err != nil {
		return nil, err
	}
	b, err := wire.ReadFrame(c, nil, maxExchange)
	if errors.Is(err, io.EOF) {
		err = errRefused
	}
	return b, err
}

// errRefused is all that is known of an exchange that the other side ended
// without an answer.
var errRefused = errors.New("it closed the connection without an answer; is it an agent of this datacenter, and of a version that speaks the same protocol? Its log says why")
