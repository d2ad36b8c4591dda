package sim

import (
	"fmt"
	"io"
	"runtime/debug"
	"strings"
	"time"

	"praetor/internal/server"
)

// world is everything there is: the hosts, the network between them, and one
// queue of what will happen. It runs in one goroutine, and nothing in it looks
// at a real clock: a run is a function of the scenario and the seed.
type world struct {
	seed   uint64
	replay string // the command that gives this run again
	now    time.Duration
	queue  queue
	trace  trace

	hosts     []*host
	net       network
	clients   []*client
	operators []*operator
	resolvers []*resolver
	triggers  []*trigger
	record    *recorder // nil: nobody asked for it
	check     checkers
	sabotage  sabotage
	requests  *[]*operation // that clients made, if somebody wants them
	asking    string        // the client that makes a request
	scratch   []byte        // for a message that is being encoded
	forecast  *forecast     // of what befell packets, if somebody wants it
	until     time.Duration // when the run is over, or 0

	expelled  []string      // nodes that somebody took out of the catalog
	disturbed time.Duration // when a fault last struck or had an effect

	counts Counts
	ledger Ledger
	failed *Failure
}

// Counts says how much a run did.
type Counts struct {
	Events   int // that happened, of any kind
	Messages int // between servers that arrived
	Packets  int // gossip datagrams that arrived
	Lost     int // messages and datagrams that did not
	Syncs    int // of disks
	Crashes  int
	Writes   int // acknowledged to clients
	Reads    int // answered to clients
	Lookups  int // answered by DNS

	FalseDeaths int // how often an agent took one for dead that ran
}

// add sums counts up.
func (c *Counts) add(d Counts) {
	c.Events += d.Events
	c.Messages += d.Messages
	c.Packets += d.Packets
	c.Lost += d.Lost
	c.Syncs += d.Syncs
	c.Crashes += d.Crashes
	c.Writes += d.Writes
	c.Reads += d.Reads
	c.Lookups += d.Lookups
	c.FalseDeaths += d.FalseDeaths
}

// sabotage plants bugs, so that tests can show that the checkers see them. It
// is all zero but there.
type sabotage struct {
	noSync     bool                               // confirm writes that were not synced
	staleReads bool                               // answer reads without a barrier
	deaf       bool                               // wake nobody who waits for a change
	young      bool                               // call every answer fresh
	frozen     *server.View                       // what stale reads see
	resend     bool                               // clients send a write again though it may have been done
	tamper     func(to *host, b *server.PeerBody) // change a message between servers
}

func newWorld(seed uint64, replay string, out io.Writer, verbose bool) *world {
	w := &world{seed: seed, replay: replay, trace: newTrace(out, verbose)}
	w.net = network{base: lan}
	w.check = newCheckers(w)
	return w
}

// after lets do happen when d has passed.
func (w *world) after(d time.Duration, do func()) { w.at(w.now+d, do) }

// at lets do happen at a time.
func (w *world) at(t time.Duration, do func()) {
	if w.record != nil {
		do = w.record.put(do)
	}
	w.queue.add(max(t, w.now), do)
}

// run lets time pass up to the end.
func (w *world) run(end time.Duration) { w.runUntil(end, func() bool { return false }) }

// runUntil lets time pass until the condition holds, at most up to the end. It
// reports whether the condition holds; it does not once the run has failed.
func (w *world) runUntil(end time.Duration, condition func() bool) bool {
	for w.failed == nil && !w.over() && !condition() {
		at, ok := w.queue.next()
		if !ok || at > end {
			w.now = max(w.now, end)
			return condition()
		}
		w.step()
	}
	return w.failed == nil && !w.over()
}

// over reports whether the run has come to its end before its steps have. What
// it has not come to is no failure.
func (w *world) over() bool { return w.until > 0 && w.now > w.until }

// step lets the next event happen.
func (w *world) step() {
	defer w.catch()
	e := w.queue.take()
	w.now = e.at
	w.counts.Events++
	e.do()
	if w.record != nil {
		w.record.end(w)
	}
}

// catch turns a panic, which is a broken invariant, into a failure.
func (w *world) catch() {
	if r := recover(); r != nil {
		w.fail("no panic", nil, "%v\n%s", r, culprit(string(debug.Stack())))
	}
}

// culprit returns the lines of a stack that come after the panic itself.
func culprit(stack string) string {
	if _, rest, ok := strings.Cut(stack, "panic("); ok {
		stack = rest
	}
	lines := strings.Split(stack, "\n")
	return strings.Join(lines[min(2, len(lines)):min(14, len(lines))], "\n")
}

// say adds a line to the trace and lets those act who waited for it.
func (w *world) say(who, format string, args ...any) {
	w.trace.line(w.now, who, format, args...)
	if !w.listened() {
		return
	}
	if h := w.hostNamed(who); h != nil {
		h.happens(moment{kind: says, text: fmt.Sprintf(format, args...)})
	}
}

// note adds a line that only a verbose trace shows.
func (w *world) note(who string, n noted) { w.trace.note(w.now, who, n) }
