package agent

import (
	"net"
	"sync"
	"time"
)

// perClient bounds the open connections of each client address, so that one
// program that forgets to close them does not shut out the others. A
// connection over the bound is closed at once.
type perClient struct {
	net.Listener
	limit  int
	warn   func(msg string, args ...any)
	warned time.Time // Accept's alone

	mu   sync.Mutex
	open map[string]int // connections by client address
}

// warnEvery is the least time between two warnings of one listener: a client
// that is shut out comes again at once.
const warnEvery = time.Minute

// limitPerClient bounds the connections of each client of l; 0 is no bound.
// warn takes what a Logger's Warn takes.
func limitPerClient(l net.Listener, limit int, warn func(msg string, args ...any)) net.Listener {
	if limit <= 0 {
		return l
	}
	return &perClient{Listener: l, limit: limit, warn: warn, open: map[string]int{}}
}

// Accept implements net.Listener.
func (p *perClient) Accept() (net.Conn, error) {
	for {
		c, err := p.Listener.Accept()
		if err != nil {
			return nil, err
		}
		host, _, err := net.SplitHostPort(c.RemoteAddr().String())
		if err != nil {
			host = "" // a unix socket: all its clients are one
		}
		if p.take(host) {
			return &countedConn{Conn: c, done: func() { p.give(host) }}, nil
		}
		c.Close()
		p.tell(host)
	}
}

// tell warns that a connection was closed, unless it did so a moment ago. The
// client sees only the end of its connection.
func (p *perClient) tell(host string) {
	now := time.Now()
	if !p.warned.IsZero() && now.Sub(p.warned) < warnEvery {
		return
	}
	p.warned = now
	p.warn("agent: an HTTP connection was closed because its client has too many",
		"client", host, "bound", p.limit, "raise", "limits.http_max_conns_per_client")
}

func (p *perClient) take(host string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[host] >= p.limit {
		return false
	}
	p.open[host]++
	return true
}

func (p *perClient) give(host string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open[host]--; p.open[host] == 0 {
		delete(p.open, host)
	}
}

// countedConn tells when it is closed.
type countedConn struct {
	net.Conn
	once sync.Once
	done func()
}

// Close implements net.Conn.
func (c *countedConn) Close() error {
	c.once.Do(c.done)
	return c.Conn.Close()
}
