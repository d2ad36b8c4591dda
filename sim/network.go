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
	loss      float64       // how likely a packet is lost
	duplicate float64       // how likely a datagram arrives twice
}

// lan is the profile of a good local network.
var lan = profile{delay: 300 * time.Microsecond, jitter: 400 * time.Microsecond}

// network holds what is common to all links.
type network struct {
	base profile // of the links that have no profile of their own
}

// link is one direction between two hosts.
type link struct {
	net      *network
	from, to *host
	own      *profile // nil: as the network's
	cut      bool
	rand     *rand.Rand
}

// set cuts the link or heals it.
func (l *link) set(cut bool) {
	if l.cut != cut {
		l.cut = cut
		l.from.world.links(l)
	}
}

func (l *link) profile() *profile {
	if l.own != nil {
		return l.own
	}
	return &l.net.base
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
		if !chance(l.rand, l.profile().loss) {
			break
		}
		d += wait
		wait *= 2
	}
	return d
}

// copies draws how many copies of a datagram arrive: 0, 1 or 2.
func (l *link) copies() int {
	p := l.profile()
	n := 1
	if chance(l.rand, p.duplicate) {
		n = 2
	}
	if chance(l.rand, p.loss) {
		n--
	}
	return n
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
	n := l.copies()
	if n == 0 || l.cut {
		w.loses(l, sent)
		return
	}
	for range n {
		w.after(l.latency(), func() { w.deliverPacket(l, from, to, p.Data, sent) })
	}
}

// loses counts a packet that does not arrive, and notes why.
func (w *world) loses(l *link, sent int) {
	w.counts.Lost++
	switch {
	case l.cut:
		w.drops(sent, "the link is cut")
	case l.to.proc == nil:
		w.drops(sent, "the receiver is down")
	default:
		w.drops(sent, "lost on the way")
	}
}

func (w *world) deliverPacket(l *link, from, to *host, data []byte, sent int) {
	if l.cut || to.proc == nil {
		w.loses(l, sent)
		return
	}
	w.counts.Packets++
	w.receives(sent, from, to)
	w.trace.message(w.now, from, to, data, func() string { return packetText(data) })
	p := to.proc
	p.core.ReceivePacket(p.now(), from.gossip, data)
	p.carryOut()
}
