package agent

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"praetor/internal/server"
	"praetor/internal/wire"
	"praetor/raft"
)

// The server port carries two protocols. The first byte of a connection says
// which one follows:
//
//	'P'  messages from another server: one frame with its ID, then one frame a
//	     message, in this direction only (wire.AppendFrame, server.AppendPeer)
//	'H'  requests that an agent forwards: HTTP/2 in the clear
//
// Anything else is closed at once.
const (
	portPeer = 'P'
	portHTTP = 'H'
)

// The bounds of the server port.
const (
	portConns     = 4096             // open connections
	helloTimeout  = 10 * time.Second // until a connection has said what it is
	maxHello      = 256              // bytes of a server's ID
	forwardStream = 16384            // requests under way on one forwarding connection
)

// serverPort accepts connections from agents.
type serverPort struct {
	listener net.Listener
	receive  func(ctx context.Context, from raft.NodeID, b server.PeerBody) error
	requests *http.Server
	log      *slog.Logger

	forwarded *handedListener
	slots     chan struct{}

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

func newServerPort(l net.Listener, h http.Handler, receive func(context.Context, raft.NodeID, server.PeerBody) error, log *slog.Logger) *serverPort {
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	return &serverPort{
		listener: l, receive: receive, log: log,
		requests: &http.Server{
			Handler: h, Protocols: &protocols, ReadHeaderTimeout: helloTimeout,
			HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: forwardStream},
			ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
		forwarded: newHandedListener(l.Addr()),
		slots:     make(chan struct{}, portConns),
		conns:     map[net.Conn]struct{}{},
	}
}

// run accepts until ctx ends.
func (p *serverPort) run(ctx context.Context) {
	go p.requests.Serve(p.forwarded)
	stop := context.AfterFunc(ctx, p.close)
	defer stop()
	for {
		c, err := p.listener.Accept()
		if err != nil {
			if ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
				return
			}
			p.log.Warn("server port: accept", "error", err)
			continue
		}
		select {
		case p.slots <- struct{}{}:
			go p.serve(ctx, c)
		default:
			p.log.Warn("server port: too many connections, closing the newest", "bound", portConns, "from", c.RemoteAddr())
			c.Close()
		}
	}
}

func (p *serverPort) close() {
	p.listener.Close()
	p.requests.Close()
	p.forwarded.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		c.Close()
	}
}

// track keeps a connection where close finds it.
func (p *serverPort) track(c net.Conn) (untrack func()) {
	p.mu.Lock()
	p.conns[c] = struct{}{}
	p.mu.Unlock()
	return func() {
		p.mu.Lock()
		delete(p.conns, c)
		p.mu.Unlock()
		<-p.slots
	}
}

// serve finds out what a connection wants.
func (p *serverPort) serve(ctx context.Context, c net.Conn) {
	untrack := p.track(c)
	r := bufio.NewReaderSize(c, 64<<10)
	c.SetReadDeadline(time.Now().Add(helloTimeout))
	kind, err := r.ReadByte()
	switch {
	case err != nil:
	case kind == portPeer:
		err = p.servePeer(ctx, c, r)
	case kind == portHTTP:
		c.SetReadDeadline(time.Time{})
		p.forwarded.hand(&handedConn{Conn: c, r: r, closed: untrack})
		return
	default:
		err = fmt.Errorf("protocol byte %#x is unknown", kind)
	}
	untrack()
	c.Close()
	if err != nil && !errors.Is(err, io.EOF) && ctx.Err() == nil {
		p.log.Debug("server port: connection closed", "from", c.RemoteAddr(), "reason", err)
	}
}

// servePeer takes in another server's messages.
func (p *serverPort) servePeer(ctx context.Context, c net.Conn, r *bufio.Reader) error {
	hello, err := wire.ReadFrame(r, nil, maxHello)
	if err != nil {
		return err
	}
	c.SetReadDeadline(time.Time{})
	from := raft.NodeID(hello)
	for {
		// A frame of its own for each message: its entries go into the log.
		b, err := wire.ReadFrame(r, nil, server.MaxPeerMessage)
		if err != nil {
			return err
		}
		body, err := server.DecodePeer(b)
		if err != nil {
			return fmt.Errorf("message from %s: %w", from, err)
		}
		if err := p.receive(ctx, from, body); err != nil {
			return err
		}
	}
}

// handedListener gives an http.Server the connections that are handed to it.
type handedListener struct {
	addr  net.Addr
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newHandedListener(addr net.Addr) *handedListener {
	return &handedListener{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *handedListener) hand(c net.Conn) {
	select {
	case l.conns <- c:
	case <-l.done:
		c.Close()
	}
}

// Accept implements net.Listener.
func (l *handedListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *handedListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *handedListener) Addr() net.Addr { return l.addr }

// handedConn is a connection whose first bytes have been read into r.
type handedConn struct {
	net.Conn
	r      *bufio.Reader
	once   sync.Once
	closed func()
}

// Read implements net.Conn.
func (c *handedConn) Read(b []byte) (int, error) { return c.r.Read(b) }

// Close implements net.Conn.
func (c *handedConn) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}
