package sim

import (
	"errors"
	"fmt"
	"time"

	"praetor/sim/story"
	"praetor/swim"
)

// exchangeTimeout is how long the asking side of a gossip exchange waits.
const exchangeTimeout = 10 * time.Second

var (
	errRefused = errors.New("connection refused")
	errTimeout = errors.New("connection timed out")
	errReset   = errors.New("connection reset by peer")
)

// exchange is a request and a reply over a TCP connection of their own, as
// gossip uses them for its push-pull.
type exchange struct {
	world *world
	from  *process
	to    *host
	ask   swim.Stream
	start time.Duration
	sent  int  // the number of its last message in the record
	hurt  bool // the request was damaged on its way
	over  bool // the asking side knows how it ended
}

// startExchange connects, which takes a round trip, and sends the request.
func (w *world) startExchange(from *process, s swim.Stream) {
	x := &exchange{world: w, from: from, to: w.hostAt(s.To.Addr()), ask: s, start: w.now}
	x.ask.Data = from.host.program.speak(s.Data)
	if x.to == nil {
		x.timeOut()
		return
	}
	there, back := from.host.link(x.to), x.to.link(from.host)
	x.sends(from.host, x.to, "asks")
	x.hurt = there.roll(faultGarble)
	if x.hurt {
		x.ask.Data = there.damage(faultGarble, x.ask.Data)
	}
	w.after(there.reliableLatency(packetConnect, handshake)+back.reliableLatency(packetConnect, handshake)+there.reliableLatency(packetAsks, len(x.ask.Data)), x.arrive)
}

// arrive brings the request to the other side.
func (x *exchange) arrive() {
	w, there, back := x.world, x.from.host.link(x.to), x.to.link(x.from.host)
	if there.stops() || back.stops() {
		x.timeOut()
		return
	}
	if until, ok := there.clogged(); ok {
		w.at(until, x.arrive)
		return
	}
	p := x.to.proc
	switch {
	case p == nil:
		w.drops(x.sent, "the receiver is down")
		x.end(back.latency(handshake), nil, errRefused)
	case there.roll(faultReset):
		w.ledger.effect(faultReset)
		w.drops(x.sent, "the connection is reset")
		x.end(back.latency(handshake), nil, errReset)
	case p.busy():
		x.timeOut() // unless it comes to it in time
		p.wait(func() { x.serve(p) })
	default:
		x.serve(p)
	}
}

// serve lets the other side answer.
func (x *exchange) serve(p *process) {
	w, back := x.world, x.to.link(x.from.host)
	w.counts.Messages++
	w.receives(x.sent, x.from.host, x.to)
	w.trace.message(w.now, x.from.host, x.to, x.ask.Data, x.text("asks"))
	p.causes(causeExchange, x.from.host.gossip, nil)
	reply, err := p.core.ServeStream(p.now(), x.from.host.gossip, x.ask.Data)
	p.carryOut()
	if x.hurt {
		if err == nil {
			w.fail("what was damaged on its way is refused", hostNames([]*host{x.from.host, x.to}), "exchange %x was taken in", x.ask.Data)
		}
		w.ledger.effect(faultGarble)
	}
	if err != nil {
		x.end(back.latency(handshake), nil, errReset)
		return
	}
	x.sends(x.to, x.from.host, "answers")
	x.end(back.reliableLatency(packetAnswers, len(reply)), reply, nil)
}

// end brings the reply or the error back.
func (x *exchange) end(after time.Duration, reply []byte, err error) {
	x.world.after(after, func() {
		switch {
		case err == nil && x.to.link(x.from.host).stops():
			x.timeOut()
		default:
			x.from.turn(func() { x.reply(reply, err) })
		}
	})
}

// timeOut lets the asking side wait in vain, unless the reply comes after all.
func (x *exchange) timeOut() {
	x.world.drops(x.sent, "the link is cut")
	x.world.at(x.start+exchangeTimeout, func() {
		x.from.turn(func() { x.reply(nil, errTimeout) })
	})
}

// reply tells the asking side what came of it, once.
func (x *exchange) reply(reply []byte, err error) {
	if x.over || !x.from.alive() {
		return
	}
	x.over = true
	if err == nil {
		x.world.receives(x.sent, x.to, x.from.host)
	}
	if x.to != nil {
		x.world.trace.message(x.world.now, x.to, x.from.host, reply, x.text("answers"))
	}
	x.from.causes(causeExchange, x.ask.To, reply)
	x.from.core.StreamReply(x.from.now(), x.ask.ID, reply, err)
	x.from.carryOut()
}

// sends notes that a message of the exchange sets out.
func (x *exchange) sends(from, to *host, verb string) {
	x.sent = x.world.sends(from, to, func() (string, story.About) { return x.text(verb)(), story.About{Topic: "exchange"} })
}

func (x *exchange) text(verb string) func() string {
	return func() string { return fmt.Sprintf("gossip exchange %d %s", x.ask.ID, verb) }
}

func packetText(data []byte) string { return fmt.Sprintf("gossip packet of %d bytes", len(data)) }
