package sim

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

// profile is what a link does to what is sent over it.
type profile struct {
	delay     time.Duration    // the least that a packet takes
	jitter    time.Duration    // it takes up to so much longer, so that datagrams overtake each other
	bandwidth int64            // bytes a second; 0: as many as one likes
	rates     [numNetRates]ppm // how likely each fault strikes a packet
	late      *deed            // that made the link slower than a LAN, or nil
	slow      *deed            // that bounded its bandwidth, or nil
}

// lan is the profile of a good local network.
var lan = profile{delay: 300 * time.Microsecond, jitter: 400 * time.Microsecond}

// slowerThan reports whether a packet may take longer than on o.
func (f *profile) slowerThan(o profile) bool { return f.delay+f.jitter > o.delay+o.jitter }

// network holds what is common to all links.
type network struct {
	base     profile // of the links that have no profile of their own
	topology topology
}

// link is one direction between two hosts.
type link struct {
	world    *world
	from, to *host
	own      *profile      // nil: as the network's
	distance time.Duration // that the topology adds to the delay
	cut      *deed         // nil: it is whole
	clog     clog
	orders   []*order // strokes that wait for their packets
	wire     wire
	rand     *rand.Rand // of the latency
	dice     dice
}

// clog is a time in which nothing moves on a link. What has waited arrives all
// at once.
type clog struct {
	until time.Duration
	deed  *deed
}

// wire is what a link remembers of what went over it.
type wire struct {
	free   time.Duration // when all is sent that waits for its bandwidth
	bursts bool          // it is losing packets in a row
	lost   int           // of this burst
	sent   uint64        // datagrams
	newest uint64        // of those that arrived
}

func newLink(from, to *host) *link {
	w, name := from.world, "link "+from.name+" "+to.name
	return &link{world: w, from: from, to: to, distance: w.net.topology.between(from, to), rand: stream(w.seed, name), dice: dice{name: name}}
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

// clogged reports until when nothing moves, if that is so. Something is to
// arrive now.
func (l *link) clogged() (until time.Duration, ok bool) {
	if l.clog.until <= l.world.now {
		return 0, false
	}
	l.clog.deed.effect()
	return l.clog.until, true
}

// roll draws whether a fault strikes a packet.
func (l *link) roll(f fault) bool { return l.dice.roll(l.world, f, l.profile().rates[f]) }

// How long a packet is late that is held back, or meets a queue: the tail is
// heavy, each doubling half as likely as the one before.
const (
	holdLeast   = 2 * time.Millisecond
	holdWidth   = 1500 * time.Millisecond // of a datagram
	holdStream  = 30 * time.Millisecond   // of a packet of TCP, which makes those behind it wait
	tailLeast   = 20 * time.Millisecond
	tailDoubles = 7 // at the most, to 2.56 s
)

// latency draws how long one packet of a size takes.
func (l *link) latency(size int) time.Duration { return l.tail() + l.regular(size) }

// regular draws how long a packet takes that nothing befalls.
func (l *link) regular(size int) time.Duration {
	p := l.profile()
	d := spread(l.rand, p.delay, p.jitter)
	if d > lan.delay+lan.jitter {
		p.late.effect()
	}
	return d + l.distance + l.queueing(size)
}

// tail draws by how much a packet is late that meets a queue, mostly 0.
func (l *link) tail() time.Duration {
	if !l.roll(faultTail) {
		return 0
	}
	l.world.ledger.effect(faultTail)
	return tailLeast << min(bits.TrailingZeros64(l.dice.of(l.world, faultTail).Uint64()), tailDoubles)
}

// queueing returns how long a packet waits until the link has sent it and all
// those before it.
func (l *link) queueing(size int) time.Duration {
	p := l.profile()
	if p.bandwidth == 0 {
		return 0
	}
	now := l.world.now
	l.wire.free = max(l.wire.free, now) + time.Duration(int64(size)*int64(time.Second)/p.bandwidth)
	if l.wire.free-now > time.Millisecond {
		p.slow.effect()
	}
	return l.wire.free - now
}

// longestBurst bounds the packets that a burst loses, on average a quarter of
// it.
const longestBurst = 32

// loses draws whether a packet is lost, alone or as one of a burst: a link that
// has begun to lose packets goes on with that for a while (Gilbert, "Capacity
// of a Burst-Noise Channel", 1960).
func (l *link) loses() bool {
	lost := l.roll(faultLoss)
	if lost && l.to.proc != nil {
		l.world.ledger.effect(faultLoss)
	}
	w := &l.wire
	if !w.bursts && l.roll(faultBurst) {
		w.bursts, w.lost = true, 0
	}
	if !w.bursts {
		return lost
	}
	if w.lost++; w.lost == 2 {
		l.world.ledger.effect(faultBurst)
	}
	if w.lost >= longestBurst || l.dice.of(l.world, faultBurst).IntN(longestBurst/4) == 0 {
		w.bursts = false
	}
	return true
}

// retransmitAfter is how long a TCP connection waits for an acknowledgement
// at least before it sends a lost packet again; the wait doubles each time.
const retransmitAfter = 200 * time.Millisecond

// reliableLatency draws how long a packet of a TCP connection takes, which is
// sent again until it arrives whole: TCP's checksum sees every single bit that
// is wrong. A packet that is held back only makes those behind it wait.
func (l *link) reliableLatency(kind string, size int) time.Duration {
	s := l.befalls(kind)
	if s.lost {
		s.late += retransmitAfter
	}
	s = stroke{late: s.late + l.tail() + l.retransmission()}
	if l.roll(faultReorder) {
		s.late += l.held(holdStream)
	}
	l.note(kind, s)
	return l.regular(size) + s.late
}

// retransmission draws how much later a packet arrives that TCP may have to
// send again.
func (l *link) retransmission() (d time.Duration) {
	wait := retransmitAfter
	for range 6 {
		lost := l.loses()
		if l.roll(faultFlip) {
			lost = true
			l.world.ledger.effect(faultFlip)
		}
		if !lost {
			break
		}
		d += wait
		wait *= 2
	}
	return d
}

// held draws how long a packet is held back that others are to overtake.
func (l *link) held(width time.Duration) time.Duration {
	return spread(l.dice.of(l.world, faultReorder), holdLeast, width)
}
