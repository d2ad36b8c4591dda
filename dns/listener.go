package dns

import (
	"net"
	"sync"
)

// A limitListener closes connections beyond a number at once, so that those
// which are open stay served.
type limitListener struct {
	net.Listener
	slots gate
}

// Accept returns the next connection for which there is a slot.
func (l *limitListener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.slots.enter() {
			return &limitedConn{Conn: c, release: sync.OnceFunc(l.slots.leave)}, nil
		}
		c.Close()
	}
}

// A limitedConn gives its slot back when it is closed.
type limitedConn struct {
	net.Conn
	release func()
}

// Close closes the connection and frees its slot.
func (c *limitedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
