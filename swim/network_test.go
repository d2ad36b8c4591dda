package swim

import (
	"errors"
	"net/netip"
	"testing"
	"time"
)

func (g *group) severed(from, to int) bool { return g.cut != nil && g.cut(from, to) }

func (g *group) delay() time.Duration {
	d := g.latency
	if g.jitter > 0 {
		d += time.Duration(g.rng.Int64N(int64(g.jitter)))
	}
	return d
}

func (g *group) packet(n *node, pk Packet) {
	g.sent++
	if max := n.pool.cfg.PacketSize; len(pk.Data) > max {
		g.t.Fatalf("%s sends a datagram of %d bytes, at most %d", n.name, len(pk.Data), max)
	}
	if g.onSent != nil {
		g.onSent(hostAddr(n.host), pk.To, pk.Data)
	}
	if g.loss > 0 && g.rng.Float64() < g.loss {
		return
	}
	from, to := n.host, hostOf(pk.To)
	g.schedule(g.delay(), func() {
		if m := g.at(to); m != nil && !g.severed(from, to) {
			g.deliver(m, func() { m.pool.Packet(g.now, hostAddr(from), pk.Data) })
		}
	})
}

// deliver hands something to a node, late if the node is slow or stalled.
func (g *group) deliver(m *node, do func()) {
	late := m.slow
	if until := m.stall.until(g.now); until > g.now {
		late += until - g.now + time.Microsecond // its timers fire before it reads
	}
	if late > 0 {
		g.schedule(late, func() {
			if m.up {
				do()
				g.serve(m)
			}
		})
		return
	}
	do()
	g.serve(m)
}

var (
	errRefused = errors.New("connection refused")
	errClosed  = errors.New("connection closed by the other side")
)

func (g *group) stream(n *node, s Stream) {
	from, to := n.host, hostOf(s.To)
	reply := func(b []byte, err error) {
		g.schedule(g.delay(), func() {
			if n.up && (g.datagramsOnly || !g.severed(to, from)) {
				g.deliver(n, func() { n.pool.StreamReply(g.now, s.ID, b, err) })
			}
		})
	}
	g.schedule(2*g.delay(), func() {
		m := g.at(to)
		switch {
		case !g.datagramsOnly && g.severed(from, to): // times out
		case m == nil:
			reply(nil, errRefused)
		default:
			g.deliver(m, func() {
				if b, err := m.pool.StreamRequest(g.now, hostAddr(from), s.Data); err != nil {
					reply(nil, errClosed)
				} else {
					reply(b, nil)
				}
			})
		}
	})
}

// sentCounter counts by host the datagrams that carry an Alive of name.
func sentCounter(t testing.TB, name string, counts map[int]int) func(from, to netip.AddrPort, b []byte) {
	return func(from, _ netip.AddrPort, b []byte) {
		r, err := openMessage(b, "")
		if err != nil {
			t.Fatal(err)
		}
		sections, _, err := decodeSections(nil, r)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sections {
			if s.kind == kindAlive && string(s.claim.Name) == name {
				counts[hostOf(from)]++
			}
		}
	}
}
