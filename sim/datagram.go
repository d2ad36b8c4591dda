package sim

import (
	"slices"
	"time"

	"praetor/sim/story"
	"praetor/swim"
)

// datagram is a gossip packet on its way. The network owes nothing for it: it
// may be lost, doubled, late, overtaken, damaged.
type datagram struct {
	link *link
	data []byte
	num  uint64 // of those that were sent over the link
	sent int    // the number of its sending in the record
	held bool   // so that others overtake it
	hurt bool   // a bit is wrong
}

// longestQueue is how long a datagram waits for a slow link; one that would
// wait longer is dropped, as a router with a full buffer does.
const longestQueue = 500 * time.Millisecond

// sendPacket sends a gossip datagram.
func (w *world) sendPacket(from *host, p swim.Packet) {
	to := w.hostAt(p.To.Addr())
	if to == nil {
		w.counts.Lost++
		return
	}
	l := from.link(to)
	d := &datagram{link: l, data: from.program.speak(p.Data)}
	d.sent = w.sends(from, to, func() (string, story.About) { return packetText(p.Data), story.About{Topic: "gossip"} })
	l.wire.sent++
	d.num = l.wire.sent
	if l.stops() {
		d.lose()
		return
	}
	s := l.befalls(packetGossip)
	doubled := l.roll(faultDuplicate)
	s.doubled, s.lost = s.doubled || doubled, l.loses() || s.lost
	if l.roll(faultFlip) {
		d.hurt, d.data = true, l.damage(faultFlip, d.data)
	}
	s.late += l.tail()
	if d.held = l.roll(faultReorder); d.held {
		s.late += l.held(holdWidth)
	}
	l.note(packetGossip, stroke{s.lost || d.hurt, s.doubled && !d.hurt, s.late})
	after := l.regular(len(d.data)) + s.late
	if s.lost || l.wire.free-w.now > longestQueue {
		d.lose()
	} else {
		w.after(after, func() { d.deliver() })
	}
	if s.doubled {
		w.after(after+l.regular(len(d.data)), func() {
			if d.deliver() && doubled && !s.lost {
				w.ledger.effect(faultDuplicate)
			}
		})
	}
}

// damage returns the bytes with one bit flipped.
func (l *link) damage(f fault, b []byte) []byte {
	b = slices.Clone(b)
	bit := l.dice.of(l.world, f).IntN(8 * len(b))
	b[bit/8] ^= 1 << (bit % 8)
	return b
}

func (d *datagram) lose() { d.link.world.loses(d.link, d.sent) }

// loses counts a packet that does not arrive, and notes why.
func (w *world) loses(l *link, sent int) {
	w.counts.Lost++
	switch {
	case l.cut != nil:
		w.drops(sent, "the link is cut")
	case l.to.proc == nil:
		w.drops(sent, "the receiver is down")
	default:
		w.drops(sent, "lost on the way")
	}
}

// deliver reports whether the datagram arrived, now or when its link moves
// again.
func (d *datagram) deliver() bool {
	l := d.link
	w, p := l.world, l.to.proc
	if p == nil || l.stops() {
		d.lose()
		return false
	}
	if until, ok := l.clogged(); ok {
		w.at(until, func() { d.deliver() })
		return true
	}
	if p.busy() {
		return p.waitPacket(d)
	}
	d.arrive(p)
	return true
}

// arrive gives the datagram to the agent.
func (d *datagram) arrive(p *process) {
	l, w := d.link, d.link.world
	if d.held && d.num < l.wire.newest {
		w.ledger.effect(faultReorder)
	}
	l.wire.newest = max(l.wire.newest, d.num)
	w.counts.Packets++
	w.receives(d.sent, l.from, l.to)
	w.trace.message(w.now, l.from, l.to, d.data, func() string { return packetText(d.data) })
	switch {
	case d.hurt:
		d.mustBeRefused(p)
	case l.from.program.speech != present:
		p.causes(causePacket, l.from.gossip, d.data)
		before := p.core.GossipStats().Dropped
		p.core.ReceivePacket(p.now(), l.from.gossip, d.data)
		if after := p.core.GossipStats().Dropped; after.Version+after.Unknown > before.Version+before.Unknown {
			l.from.program.deed.effect()
		}
	default:
		p.causes(causePacket, l.from.gossip, d.data)
		p.core.ReceivePacket(p.now(), l.from.gossip, d.data)
	}
	p.carryOut()
}

// mustBeRefused gives the agent a datagram that was damaged on its way. Its
// checksum must show it.
func (d *datagram) mustBeRefused(p *process) {
	before := p.core.GossipStats().Dropped
	p.core.ReceivePacket(p.now(), d.link.from.gossip, d.data)
	after := p.core.GossipStats().Dropped
	if after.Malformed+after.Version == before.Malformed+before.Version {
		d.link.world.fail("what was damaged on its way is refused", hostNames([]*host{d.link.from, d.link.to}), "datagram %x was taken in", d.data)
	}
	d.link.world.ledger.effect(faultFlip)
}
