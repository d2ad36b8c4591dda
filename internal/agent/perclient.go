package agent

import (
	"net"
	"sync"
)

// perClient bounds the open connections of each client address, so that one
// program that forgets to close them does not shut out the others. A
// connection over the bound is closed at once.
type perClient struct {
	net.Listener
	limit int

	mu   sync.Mutex
	open map[string]int // connections by client address
}

// limitPerClient bounds the connections of each client of l; 0 is no bound.
func limitPerClient(l net.Listener, limit int) net.Listener {
	if limit <= 0 {
		return l
	}
	return &perClient{Listener: l, limit: limit, open: map[string]int{}}
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
	}
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
