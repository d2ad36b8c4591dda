package sim

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"time"

	"praetor/internal/server"
	"praetor/sim/story"
)

// request is what a client agent asks a server for, over its forwarding
// connection: what travels is what the real agent sends (package agent,
// remote.go and internalapi.go).
type request struct {
	name  string // for the trace
	reads bool   // it changes nothing, so that asking another server does no harm
	data  []byte
	serve func(at *process, reply func(answer any, err error))
}

// forwarder is the cluster as a client agent sees it: requests go to one server
// over one connection, and to the next server if that one is gone.
type forwarder struct {
	proc     *process
	list     server.ServerList
	sessions map[int]int // by number of a host: the life of the server that a connection is open to
}

// The times of a forwarding connection, as the real agent has them.
const (
	forwardHold  = server.DefaultHoldTimeout // how long a request waits for a server that can be reached
	forwardPause = 200 * time.Millisecond    // before all servers are asked once more
)

var (
	errNoServers   = errors.New("No known Consul servers")
	errUnreachable = errors.New("no server can be reached")
)

// attempt is a request on its way to one server after the other.
type attempt struct {
	*forwarder
	request
	give time.Duration // no more rounds after, of the world's time
	todo []netip.AddrPort
	done func(answer []byte, err error)
}

// ask makes a request. done is called once, unless the process ends before.
func (f *forwarder) ask(r request, done func(answer []byte, err error)) {
	a := &attempt{forwarder: f, request: r, give: f.proc.host.world.now + forwardHold, done: done}
	a.round()
}

// round asks each server once, until one answers.
func (a *attempt) round() {
	if a.todo = slices.Clone(a.list.Addrs()); len(a.todo) == 0 {
		a.done(nil, errNoServers)
		return
	}
	a.next()
}

// next asks the next server. When none of them could be reached it goes round
// again, for as long as a server waits for a leader.
func (a *attempt) next() {
	w := a.proc.host.world
	switch {
	case len(a.todo) > 0:
		to := w.hostAt(a.todo[0].Addr())
		a.connect(to)
	case w.now >= a.give:
		a.done(nil, errUnreachable)
	default:
		a.proc.later(forwardPause, a.round)
	}
}

// connect opens the connection to a server if it is not open.
func (a *attempt) connect(to *host) {
	from, start := a.proc.host, a.proc.host.world.now
	if to == nil { // nobody has the address any more
		a.proc.later(dialTimeout, a.unreached)
		return
	}
	if life, ok := a.sessions[to.num]; ok && life == to.life && to.proc != nil {
		a.send(to)
		return
	}
	there, back := from.link(to), to.link(from)
	a.proc.later(there.reliableLatency(packetConnect, handshake)+back.reliableLatency(packetConnect, handshake), func() {
		switch {
		case there.stops() || back.stops():
			a.proc.later(start+dialTimeout-from.world.now, a.unreached)
		case to.proc == nil || to.proc.server == nil:
			a.unreached()
		default:
			a.sessions[to.num] = to.life
			a.send(to)
		}
	})
}

// unreached turns to the next server: this one is certainly none the wiser.
func (a *attempt) unreached() {
	a.list.Demote(a.todo[0])
	a.todo = a.todo[1:]
	a.next()
}

// lost ends an attempt that the server may have heard of.
func (a *attempt) lost(to *host, err error) {
	delete(a.sessions, to.num)
	a.list.Demote(a.todo[0])
	a.todo = a.todo[1:]
	if !a.reads || len(a.todo) == 0 {
		a.done(nil, err)
		return
	}
	a.next()
}

// send puts the request on its way, and the answer on the way back.
func (a *attempt) send(to *host) {
	w, from, life := a.proc.host.world, a.proc.host, to.life
	home := func(do func()) func() {
		return func() {
			if a.proc.alive() {
				a.proc.turn(do)
			}
		}
	}
	timeout := home(func() { a.lost(to, errTimeout) })
	reset := func() {
		w.carry(parcel{from: to, to: from, kind: packetAnswers, name: "reset"}, home(func() { a.lost(to, errReset) }), timeout)
	}
	w.carry(parcel{from, to, packetAsks, "asks: " + a.name, a.data}, func() {
		if to.proc == nil || to.life != life {
			reset()
			return
		}
		p := to.proc
		p.turn(func() {
			a.serve(p, func(answer any, err error) {
				if errors.Is(err, errCrashed) {
					reset()
					return
				}
				b, err := encodeAnswer(answer, err)
				w.carry(parcel{to, from, packetAnswers, "answers: " + a.name, b}, home(func() { a.done(b, err) }), timeout)
			})
		})
	}, timeout)
}

// encodeAnswer gives an answer the form in which it travels; of an error that
// is its text.
func encodeAnswer(answer any, err error) ([]byte, error) {
	if err != nil {
		return nil, errors.New(err.Error())
	}
	return json.Marshal(answer)
}

// parcel is a message on an open TCP connection.
type parcel struct {
	from, to *host
	kind     string
	name     string // for the trace
	data     []byte
}

// carry brings a parcel to its receiver. Over a link that is cut it is sent
// again for as long as TCP tries here, whether or not somebody waits for it
// still; then lost is called.
func (w *world) carry(c parcel, arrive, lost func()) {
	l, retry := c.from.link(c.to), retransmitAfter
	give := w.now + sendTimeout
	sent := w.sends(c.from, c.to, func() (string, story.About) { return c.name, story.About{Topic: "forward"} })
	var try func()
	try = func() {
		switch {
		case !l.stops():
			if until, ok := l.clogged(); ok {
				w.at(until, try)
				return
			}
			w.counts.Messages++
			w.trace.message(w.now, c.from, c.to, c.data, func() string { return c.name })
			w.receives(sent, c.from, c.to)
			arrive()
		case w.now >= give:
			w.loses(l, sent)
			lost()
		default:
			w.after(retry, try)
			retry = min(2*retry, longestRetry)
		}
	}
	w.after(l.reliableLatency(c.kind, len(c.data)), try)
}
