package agent

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// dials is a listener of connections from given addresses.
type dials chan net.Conn

func (d dials) Accept() (net.Conn, error) {
	c, ok := <-d
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (d dials) Close() error   { close(d); return nil }
func (d dials) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection that counts how often it is closed.
type from struct {
	net.Conn
	host   string
	closed *int
}

func (f from) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.ParseIP(f.host), Port: 1} }
func (f from) Close() error         { *f.closed++; return nil }

// A client over its bound is shut out, whoever else comes is not, and the log
// says so once a minute. A closed connection makes room.
func TestAClientOverItsBoundIsShutOutWithAWord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var warnings []string
		d := make(dials)
		l := limitPerClient(d, 2, func(_ string, args ...any) { warnings = append(warnings, fmt.Sprint(args...)) })
		accepted := make(chan net.Conn, 100)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				accepted <- c
			}
		}()
		closed := 0
		dial := func(host string) {
			d <- from{host: host, closed: &closed}
			synctest.Wait()
		}
		for range 5 {
			dial("10.0.0.1")
		}
		dial("10.0.0.2")
		if len(accepted) != 3 || closed != 3 || len(warnings) != 1 {
			t.Errorf("%d accepted, %d closed, warnings %q; want 3, 3 and one", len(accepted), closed, warnings)
		}
		(<-accepted).Close()
		dial("10.0.0.1") // there is room again
		if len(accepted) != 3 || closed != 4 {
			t.Errorf("%d accepted and %d closed after one made room, want 3 and 4", len(accepted), closed)
		}
		time.Sleep(time.Minute) // virtual time
		dial("10.0.0.1")
		l.Close()
		if len(warnings) != 2 || slices.ContainsFunc(warnings, func(w string) bool {
			return !strings.Contains(w, "10.0.0.1") || !strings.Contains(w, "2") || !strings.Contains(w, "limits.http_max_conns_per_client")
		}) {
			t.Errorf("warnings %q, want two, with the client, the bound and the key", warnings)
		}
	})
}
