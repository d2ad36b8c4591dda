package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"praetor/internal/server"
	"praetor/sim/story"
)

// conn is one server's TCP connection to another, on which messages only go
// out. It does what the real driver's links and the system under them do:
//
//	         send                    round trip
//	idle ------------> dialing -----------------> open: messages arrive in order
//	 ^                    | refused: at once       |
//	 |    50 ms           | cut: after 2 s         | peer crashed: reset
//	 +--------- pausing <-+                        | cut for 10 s: times out
//	 ^    Undelivered                              |
//	 +------------------------------- PeerLost <---+
//
// While a link is cut the messages wait for it, as TCP lets them: if it heals
// in time they all arrive late, in order.
type conn struct {
	from    *process
	to      *host
	state   connState
	life    int                  // of the process at the other end, when open
	queue   []server.PeerMessage // wait for the connection, when dialing
	flight  fifo[frame]          // sent and not arrived
	pumping bool                 // an event that calls pump is on the queue
	arrives func()               // pump, made once
	stalled time.Duration        // since when the link was found to be cut, or 0
	retry   time.Duration        // the wait before the next attempt, when stalled
}

type connState uint8

const (
	connIdle connState = iota
	connDialing
	connOpen
	connPausing
)

// frame is a message on its way.
type frame struct {
	at   time.Duration // of its arrival
	data []byte
	text string // for the trace, if that shows messages
	sent int    // the number of its sending in the record
	hurt bool   // it was damaged on its way
}

// The times of the real driver and of TCP.
const (
	dialTimeout  = 2 * time.Second
	sendTimeout  = 10 * time.Second
	redialAfter  = 50 * time.Millisecond
	longestRetry = 2 * time.Second
)

// handshake is the size of a packet that opens a connection, in bytes.
const handshake = 60

// nobody is the life of no process: the connection to it is reset.
const nobody = -1

// sendPeer sends a message to another server.
func (p *process) sendPeer(m server.PeerMessage) {
	to := p.host.world.hostAt(m.Addr.Addr())
	if to == nil {
		p.later(0, func() { p.undelivered(m) })
		return
	}
	c := p.connTo(to)
	switch c.state {
	case connIdle:
		c.queue = append(c.queue, m)
		c.dial()
	case connDialing:
		c.queue = append(c.queue, m)
	case connOpen:
		c.transmit(m)
	case connPausing:
		c.unsent(m)
		p.later(0, func() { p.undelivered(m) })
	}
}

func (c *conn) world() *world { return c.from.host.world }
func (c *conn) there() *link  { return c.from.host.link(c.to) }
func (c *conn) back() *link   { return c.to.link(c.from.host) }

// dial begins to connect.
func (c *conn) dial() {
	c.state = connDialing
	start := c.world().now
	c.from.later(c.there().reliableLatency(packetConnect, handshake)+c.back().reliableLatency(packetConnect, handshake), func() {
		switch {
		case c.there().stops() || c.back().stops():
			c.from.later(start+dialTimeout-c.world().now, c.refused)
		case c.to.proc == nil || c.to.proc.server == nil:
			c.refused()
		default:
			c.open()
		}
	})
}

// refused gives back what waited, and pauses.
func (c *conn) refused() {
	queue := c.queue
	c.queue, c.state = nil, connPausing
	c.from.later(redialAfter, func() { c.state = connIdle })
	for _, m := range queue {
		c.unsent(m)
		c.from.server.Undelivered(c.from.now(), m)
	}
	c.from.carryOut()
}

// unsent notes that a message cannot leave.
func (c *conn) unsent(m server.PeerMessage) {
	w := c.world()
	w.drops(w.sends(c.from.host, c.to, func() (string, story.About) { return peerText(m.Body), peerAbout(m.Body) }), "there is no connection")
}

// open sends what waited.
func (c *conn) open() {
	queue := c.queue
	*c = conn{from: c.from, to: c.to, arrives: c.arrives, state: connOpen, life: c.to.life}
	for _, m := range queue {
		c.transmit(m)
	}
}

// transmit puts a message on its way, behind those that are.
func (c *conn) transmit(m server.PeerMessage) {
	f := frame{data: c.world().encode(m.Body)}
	f.at = c.world().now + c.there().reliableLatency(packetOf(m.Body), len(f.data))
	if c.there().roll(faultGarble) {
		f.data, f.hurt = c.there().damage(faultGarble, f.data), true
	}
	if c.world().trace.shows() {
		f.text = peerText(m.Body)
	}
	f.sent = c.world().sends(c.from.host, c.to, func() (string, story.About) { return peerText(m.Body), peerAbout(m.Body) })
	if n := c.flight.len(); n > 0 {
		f.at = max(f.at, c.flight.all()[n-1].at)
	}
	c.flight.push(f)
	c.pumpAt(f.at)
	if c.there().roll(faultReset) {
		c.world().ledger.effect(faultReset)
		c.leaveBehind()
		c.reset()
	}
}

// pumpAt makes sure that pump is called, at the time or before. It does not
// stop when the sender crashes: what was sent is on its way.
func (c *conn) pumpAt(t time.Duration) {
	if !c.pumping {
		c.pumping = true
		c.world().at(t, c.arrives)
	}
}

// pump delivers what has arrived.
func (c *conn) pump() {
	c.pumping = false
	w := c.world()
	for c.flight.len() > 0 && c.flight.all()[0].at <= w.now {
		if c.there().stops() {
			c.stall()
			return
		}
		if until, ok := c.there().clogged(); ok {
			c.pumpAt(until)
			return
		}
		p := c.to.proc
		if p == nil || c.to.life != c.life {
			c.reset()
			return
		}
		if p.full() {
			c.stall()
			return
		}
		c.hand(p, c.flight.pop())
	}
	c.stalled = 0
	if c.flight.len() > 0 {
		c.pumpAt(c.flight.all()[0].at)
	}
}

// hand gives a message to a server now, or when it is its turn.
func (c *conn) hand(p *process, f frame) {
	if !p.busy() {
		c.deliver(p, f)
		return
	}
	waiting := f // so that f need not be on the heap
	p.wait(func() { c.deliver(p, waiting) })
}

// stall waits for a cut link, as TCP's retransmission does.
func (c *conn) stall() {
	w := c.world()
	if c.stalled == 0 {
		c.stalled, c.retry = w.now, retransmitAfter
		w.stalls(c.flight.all()[0].sent)
	}
	if w.now-c.stalled >= sendTimeout || !c.from.alive() {
		c.lost()
		return
	}
	c.pumpAt(w.now + c.retry)
	c.retry = min(2*c.retry, longestRetry)
}

// reset tells the sender, if it can be told, that nobody is there any more.
func (c *conn) reset() {
	c.drop("the connection is reset")
	c.life = nobody
	if c.state == connOpen && !c.back().stops() {
		c.from.later(c.back().latency(handshake), func() {
			if c.state == connOpen && c.life == nobody {
				c.lost()
			}
		})
	}
}

// leftUnread is by how much what a closed connection left behind may be late.
const leftUnread = 20 * time.Millisecond

// leaveBehind lets what is on its way arrive although the connection ends: the
// receiver reads what a closed connection has left beside what comes over the
// next one, and so later messages may overtake earlier ones.
func (c *conn) leaveBehind() {
	w, p := c.world(), c.to.proc
	if p == nil || c.to.life != c.life {
		return
	}
	late := spread(c.there().rand, 0, leftUnread)
	for _, f := range c.flight.all() {
		w.at(f.at+late, func() {
			if !p.alive() || p.full() || f.hurt || c.there().stops() {
				w.drops(f.sent, "the connection is reset")
			} else {
				c.hand(p, f)
			}
		})
	}
	c.flight = fifo[frame]{}
}

// drop loses all that is on its way.
func (c *conn) drop(why string) {
	w := c.world()
	w.counts.Lost += c.flight.len()
	for _, f := range c.flight.all() {
		w.drops(f.sent, why)
	}
	c.flight = fifo[frame]{}
}

// lost ends the connection.
func (c *conn) lost() {
	c.drop("the connection is lost")
	*c = conn{from: c.from, to: c.to, arrives: c.arrives}
	if c.from.alive() {
		c.from.server.PeerLost(c.from.now(), c.to.id)
		c.from.carryOut()
	}
}

// deliver gives a message to the server that it is for. One that was damaged is
// refused, and the connection with it, as the real driver's server port has it.
func (c *conn) deliver(p *process, f frame) {
	w, from, to := c.world(), c.from, c.to
	w.counts.Messages++
	w.receives(f.sent, from.host, to)
	w.trace.message(w.now, from.host, to, f.data, func() string { return f.text })
	body, err := server.DecodePeer(f.data)
	switch {
	case f.hurt && err == nil:
		w.fail("what was damaged on its way is refused", []string{from.host.name, to.name}, "message %x was taken in", f.data)
		return
	case f.hurt:
		w.ledger.effect(faultGarble)
		c.reset()
		return
	case err != nil:
		w.fail("messages decode", []string{from.host.name, to.name}, "%v in %x", err, f.data)
		return
	}
	if tamper := w.sabotage.tamper; tamper != nil {
		changed := body // so that body need not be on the heap
		tamper(to, &changed)
		body = changed
	}
	w.check.received(from.host, p, body)
	p.seen.hears(from.host, w.now)
	p.server.ReceivePeer(p.now(), from.host.id, body)
	p.carryOut()
}

// encode returns the bytes of a message between servers.
func (w *world) encode(b server.PeerBody) []byte {
	w.scratch = server.AppendPeer(w.scratch[:0], b)
	return slices.Clone(w.scratch)
}

// peerText describes a message on one line. The bytes of commands show where
// they can be read.
func peerText(b server.PeerBody) string {
	switch {
	case b.Raft != nil:
		return strings.Map(printable, b.Raft.String())
	case b.Forward != nil:
		return fmt.Sprintf("forward %d: %d bytes", b.Forward.ID, len(b.Forward.Cmd))
	case b.Reply != nil:
		return fmt.Sprintf("reply %d: code %d, %+v", b.Reply.ID, b.Reply.Code, b.Reply.Result)
	}
	return "another message"
}

func printable(r rune) rune {
	if unicode.IsPrint(r) && r != unicode.ReplacementChar {
		return r
	}
	return '.'
}
