package story

import (
	"cmp"
	"slices"
	"time"
)

// Window says what part of a run to draw.
type Window struct {
	From, To time.Duration // of virtual time; both 0: what is interesting
}

// mostDrawn is how many events a picture has at most, but for gossip. What does
// not fit is left out, and the picture says so.
const mostDrawn = 600

// stretch is a piece of time that is drawn, both ends included.
type stretch struct{ from, to time.Duration }

// latency returns how long a message between servers takes, in the median.
func (r *Record) latency() time.Duration {
	var took []time.Duration
	for i := range r.Events {
		if e := &r.Events[i]; e.Kind == Receive && (e.About.Topic == "raft" || e.About.Topic == "heartbeat") {
			took = append(took, e.At-r.Event(e.Cause).At)
		}
		if len(took) == 5000 {
			break
		}
	}
	if len(took) == 0 {
		return 500 * time.Microsecond
	}
	slices.Sort(took)
	return max(took[len(took)/2], 10*time.Microsecond)
}

// stretches returns what to draw, in order: the window; or the moments of the
// explanation, if there is one; or else those that matter most, as many as fit.
func (r *Record) stretches(x *Explanation, w Window) []stretch {
	if w.To > 0 {
		return []stretch{r.fit(stretch{w.From, w.To})}
	}
	type moment struct {
		at     time.Duration
		weight int
	}
	var all []moment
	if x != nil {
		for _, l := range x.Lines {
			all = append(all, moment{l.At, 1})
		}
	} else {
		for i := range r.Events {
			if n := r.interest(&r.Events[i]); n > 0 {
				all = append(all, moment{r.Events[i].At, n})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b moment) int { return cmp.Compare(b.weight, a.weight) })
	l := r.latency()
	var list []stretch
	for _, m := range all {
		more := union(list, stretch{m.at - 2*l, m.at + 3*l})
		if r.count(more) > mostDrawn {
			break
		}
		list = more
	}
	return list
}

// interest says how much a reader of a run without a failure wants to see an
// event, from 0.
func (r *Record) interest(e *Event) int {
	switch e.Kind {
	case Crash, Stop, Lead:
		return 9
	case Start:
		if e.At > time.Second {
			return 8
		}
	case Stand, Truncate, Yield:
		return 7
	case Step:
		if e.deed() {
			return 6
		}
	case Snapshot:
		return 6
	case Vote, Ask, Answer, Cut, Heal, Follow:
		return 5
	}
	return 0
}

// union adds a stretch to others, and makes one of those that meet.
func union(list []stretch, s stretch) []stretch {
	s.from = max(s.from, 0)
	out := make([]stretch, 0, len(list)+1)
	for _, o := range list {
		if o.to < s.from || s.to < o.from {
			out = append(out, o)
			continue
		}
		s = stretch{min(s.from, o.from), max(s.to, o.to)}
	}
	out = append(out, s)
	slices.SortFunc(out, func(a, b stretch) int { return cmp.Compare(a.from, b.from) })
	return out
}

// first returns the place of the first event at the time or later.
func (r *Record) first(at time.Duration) int {
	i, _ := slices.BinarySearchFunc(r.Events, at, func(e Event, t time.Duration) int { return cmp.Compare(e.At, t) })
	return i
}

// count returns how many events that count are in the stretches.
func (r *Record) count(list []stretch) (n int) {
	for _, s := range list {
		for i := r.first(s.from); i < len(r.Events) && r.Events[i].At <= s.to; i++ {
			if r.Events[i].drawn() && !r.Events[i].gossip() {
				n++
			}
		}
	}
	return n
}

// fit cuts a stretch off where it has too many events.
func (r *Record) fit(s stretch) stretch {
	n := 0
	for i := r.first(s.from); i < len(r.Events) && r.Events[i].At <= s.to; i++ {
		if e := &r.Events[i]; e.drawn() && !e.gossip() {
			if n++; n > mostDrawn {
				return stretch{s.from, e.At - 1}
			}
		}
	}
	return s
}

// drawn reports whether a picture shows events of the kind.
func (e *Event) drawn() bool {
	return e.Kind != Say && e.Kind != Apply && e.Kind != Tick && e.Kind != Follow && e.Kind != Other
}

// gossip reports whether an event is about a message of gossip, of which there
// are so many that a picture shows them only when asked to.
func (e *Event) gossip() bool { return e.About.Topic == "gossip" || e.About.Topic == "exchange" }
