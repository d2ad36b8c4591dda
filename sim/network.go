package sim

import (
	"math/rand/v2"
	"time"

	"praetor/sim/story"
	"praetor/swim"
)

// profile is what a link does to what is sent over it.
type profile struct {
	delay     time.Duration // the least that a message takes
	jitter    time.Duration // it takes up to so much longer, so that datagrams overtake each other
	loss      ppm           // how likely a packet is lost
	duplicate ppm           // how likely a datagram arrives twice
}

// lan is the profile of a good local network.
var lan = profile{delay: 300 * time.Microsecond, jitter: 400 * time.Microsecond}

// network holds what is common to all links.
type network struct {
	base profile // of the links that have no profile of their own
}

// link is one direction between two hosts.
type link struct {
	world    *world
	from, to *host
	own      *profile // nil: as the network's
	cut      *deed    // nil: it is whole
	rand     *rand.Rand
	dice     dice
}

func newLink(from, to *host) *link {
	w, name := from.world, "link "+from.name+" "+to.name
	return &link{world: w, from: from, to: to, rand: stream(w.seed, name), dice: dice{name: name}}
}

// sever cuts the link, unless it is.
func (l *link) sever(d *deed) {
	d.fire()
	if l.cut == nil {
		l.set(d)
	}
}

// set cuts the link, or heals it if there is no deed.
func (l *link) set(cut *deed) {
	if l.cut != cut {
		l.world.disturbed = l.world.now
		l.cut = cut
		l.world.links(l)
	}
}

func (l *link) profile() *profile {
	if l.own != nil {
		return l.own
	}
	return &l.world.net.base
}

// stops reports whether the link is cut. Something is to go over it now.
func (l *link) stops() bool {
	l.cut.effect()
	return l.cut != nil
}

// latency draws how long one packet takes.
func (l *link) latency() time.Duration {
	p := l.profile()
	return spread(l.rand, p.delay, p.jitter)
}

// retransmitAfter is how long a TCP connection waits for an acknowledgement
// at least before it sends a lost packet again; the wait doubles each time.
const retransmitAfter = 200 * time.Millisecond

// reliableLatency draws how long a packet of a TCP connection takes, which is
// sent again until it is not lost.
func (l *link) reliableLatency() time.Duration {
	d, wait := l.latency(), retransmitAfter
	for range 6 {
		if !l.dice.roll(l.world, faultLoss, l.profile().loss) {
			break
		}
		l.world.ledger.effect(faultLoss) // it is late by that much
		d += wait
		wait *= 2
	}
	return d
}

// copies draws whether a datagram is doubled, and whether a copy is lost.
func (l *link) copies() (doubled, lost bool) {
	p := l.profile()
	return l.dice.roll(l.world, faultDuplicate, p.duplicate), l.dice.roll(l.world, faultLoss, p.loss)
}

// sendPacket sends a gossip datagram. The network owes nothing for it.
func (w *world) sendPacket(from *host, p swim.Packet) {
	to := w.hostAt(p.To.Addr())
	if to == nil {
		w.counts.Lost++
		return
	}
	l := from.link(to)
	sent := w.sends(from, to, func() (string, story.About) { return packetText(p.Data), story.About{Topic: "gossip"} })
	doubled, lost := l.copies()
	if l.stops() {
		w.loses(l, sent)
		return
	}
	if lost {
		w.loses(l, sent)
		if to.proc != nil {
			w.ledger.effect(faultLoss)
		}
	} else {
		w.after(l.latency(), func() { w.deliverPacket(l, from, to, p.Data, sent) })
	}
	if doubled {
		w.after(l.latency(), func() {
			if w.deliverPacket(l, from, to, p.Data, sent) && !lost {
				w.ledger.effect(faultDuplicate)
			}
		})
	}
}

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

// deliverPacket reports whether the datagram arrived.
func (w *world) deliverPacket(l *link, from, to *host, data []byte, sent int) bool {
	if to.proc == nil || l.stops() {
		w.loses(l, sent)
		return false
	}
	w.counts.Packets++
	w.receives(sent, from, to)
	w.trace.message(w.now, from, to, data, func() string { return packetText(data) })
	p := to.proc
	p.core.ReceivePacket(p.now(), from.gossip, data)
	p.carryOut()
	return true
}
