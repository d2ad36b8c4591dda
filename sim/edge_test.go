package sim

import (
	"fmt"
	"io"
	"net/netip"
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/swim"
	"praetor/swim/nettest"
)

// edgeCore stands on a host in place of an agent's gossip.
type edgeCore struct {
	core
	nettest.Handler
	out server.Effects
}

func (c *edgeCore) Tick(time.Duration)                 {}
func (c *edgeCore) Deadline() time.Duration            { return never }
func (c *edgeCore) Join(time.Duration, netip.AddrPort) {}

func (c *edgeCore) Effects(time.Duration) server.Effects {
	e := c.out
	c.out = server.Effects{}
	return e
}

func (c *edgeCore) ReceivePacket(_ time.Duration, from netip.AddrPort, b []byte) { c.Packet(from, b) }

func (c *edgeCore) ServeStream(_ time.Duration, from netip.AddrPort, b []byte) ([]byte, error) {
	return c.Stream(from, b)
}

func (c *edgeCore) StreamReply(_ time.Duration, id swim.StreamID, b []byte, err error) {
	c.Reply(id, b, err)
}

// The simulated network keeps the promises of a real one.
func TestTheNetworkIsAnEdge(t *testing.T) {
	nettest.Test(t, func(*testing.T) nettest.Network {
		w := newWorld(1, "", io.Discard, false)
		return nettest.Network{
			Open: func(t *testing.T, handler nettest.Handler) nettest.Edge {
				h := w.addHost(fmt.Sprint("n", len(w.hosts)+1), spec{client: true})
				h.boot()
				if h.proc == nil {
					t.Fatal("the host does not start")
				}
				c := &edgeCore{core: h.proc.core, Handler: handler}
				h.proc.core = c
				return nettest.Edge{
					Addr: h.gossip,
					Do: func(ps []swim.Packet, ss []swim.Stream) {
						c.out.Packets, c.out.Streams = append(c.out.Packets, ps...), append(c.out.Streams, ss...)
						h.proc.carryOut()
					},
					Close: func() { h.kill("the test closes it") },
				}
			},
			Until: func(t *testing.T, what string, ok func() bool) {
				t.Helper()
				if !w.runUntil(w.now+time.Minute, ok) {
					t.Fatalf("%s: not within a minute; %+v", what, w.failed)
				}
			},
		}
	})
}
