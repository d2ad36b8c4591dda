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
	sent  int // the number of its last message in the record
}

// startExchange connects, which takes a round trip, and sends the request.
func (w *world) startExchange(from *process, s swim.Stream) {
	x := &exchange{world: w, from: from, to: w.hostAt(s.To.Addr()), ask: s, start: w.now}
	if x.to == nil {
		x.timeOut()
		return
	}
	there, back := from.host.link(x.to), x.to.link(from.host)
	x.sends(from.host, x.to, "asks")
	w.after(there.reliableLatency()+back.reliableLatency()+there.reliableLatency(), x.arrive)
}

// arrive gives the request to the other side.
func (x *exchange) arrive() {
	w, back := x.world, x.to.link(x.from.host)
	switch {
	case x.from.host.link(x.to).stops() || back.stops():
		x.timeOut()
		return
	case x.to.proc == nil:
		w.drops(x.sent, "the receiver is down")
		x.end(back.latency(), nil, errRefused)
		return
	}
	w.counts.Messages++
	w.receives(x.sent, x.from.host, x.to)
	w.trace.message(w.now, x.from.host, x.to, x.ask.Data, x.text("asks"))
	p := x.to.proc
	reply, err := p.core.ServeStream(p.now(), x.from.host.gossip, x.ask.Data)
	p.carryOut()
	if err != nil {
		x.end(back.latency(), nil, errReset)
		return
	}
	x.sends(x.to, x.from.host, "answers")
	x.end(back.reliableLatency(), reply, nil)
}

// end brings the reply or the error back.
func (x *exchange) end(after time.Duration, reply []byte, err error) {
	x.world.after(after, func() {
		switch {
		case !x.from.alive():
		case err == nil && x.to.link(x.from.host).stops():
			x.timeOut()
		default:
			if err == nil {
				x.world.receives(x.sent, x.to, x.from.host)
			}
			x.world.trace.message(x.world.now, x.to, x.from.host, reply, x.text("answers"))
			x.from.core.StreamReply(x.from.now(), x.ask.ID, reply, err)
			x.from.carryOut()
		}
	})
}

// timeOut lets the asking side wait in vain.
func (x *exchange) timeOut() {
	x.world.drops(x.sent, "the link is cut")
	x.world.at(x.start+exchangeTimeout, func() {
		if x.from.alive() {
			x.from.core.StreamReply(x.from.now(), x.ask.ID, nil, errTimeout)
			x.from.carryOut()
		}
	})
}

// sends notes that a message of the exchange sets out.
func (x *exchange) sends(from, to *host, verb string) {
	x.sent = x.world.sends(from, to, func() (string, story.About) { return x.text(verb)(), story.About{Topic: "exchange"} })
}

func (x *exchange) text(verb string) func() string {
	return func() string { return fmt.Sprintf("gossip exchange %d %s", x.ask.ID, verb) }
}

func packetText(data []byte) string { return fmt.Sprintf("gossip packet of %d bytes", len(data)) }
