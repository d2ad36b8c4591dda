package story

import (
	"slices"
	"time"
)

// picture is what a drawing of a run shows, and where.
type picture struct {
	record   *Record
	axis     *axis
	shown    []bool  // by number of the event
	lanes    []int   // the hosts, from the top
	laneOf   []int   // by host: its place in lanes, or -1
	arrivals [][]int // by number of a Send that is shown: its Receive, Drop and Stall events
	left     int     // events of the kinds that are drawn, outside of the stretches
	gossips  bool    // gossip is all that is said, and so it has a place of its own
	steps    []*Event
	bars     []bar
	segments []segment
	bands    []band
	from, to time.Duration
}

// segment is a piece of a host's life in which its role and its term stay.
type segment struct {
	lane     int
	from, to time.Duration
	state    State
}

// bar is a client's request, from when it was asked to when it was answered.
type bar struct {
	ask, answer *Event // answer is nil if none came
	row         int
}

// band is a time in which two neighbouring lanes are cut off from each other.
type band struct {
	lane     int // the upper one
	from, to time.Duration
	one      bool // only in one direction
}

// newPicture chooses what to show of a run, and where.
func newPicture(r *Record, x *Explanation, w Window) *picture {
	p := &picture{record: r, shown: make([]bool, len(r.Events)+1), arrivals: make([][]int, len(r.Events)+1)}
	list := r.stretches(x, w)
	p.choose(list)
	if x != nil {
		p.shown[x.Breach.Event] = true
	}
	p.follow()
	p.place()
	p.live()
	p.serve()
	p.divide()
	return p
}

// choose marks the events of the stretches.
func (p *picture) choose(list []stretch) {
	total := 0
	for i := range p.record.Events {
		if p.record.Events[i].drawn() && !p.record.Events[i].gossip() {
			total++
		}
	}
	p.left = total - p.record.count(list)
	gossip := 0
	for _, s := range list {
		for i := p.record.first(s.from); i < len(p.record.Events) && p.record.Events[i].At <= s.to; i++ {
			e := &p.record.Events[i]
			if e.gossip() {
				gossip++
			}
			p.shown[e.ID] = e.drawn() && (!e.gossip() || gossip <= mostGossip)
		}
	}
}

// mostGossip is how many events of gossip a picture holds, for who asks for them.
const mostGossip = 1000

// follow adds the other ends of the messages and requests that are shown.
func (p *picture) follow() {
	for i := range p.record.Events {
		e := &p.record.Events[i]
		switch e.Kind {
		case Receive, Drop, Stall:
			if p.shown[e.ID] || p.shown[e.Cause] && !e.gossip() {
				p.shown[e.ID], p.shown[e.Cause] = true, true
				p.arrivals[e.Cause] = append(p.arrivals[e.Cause], e.ID)
			}
		case Answer:
			if a := e.About.Asked; a > 0 && (p.shown[e.ID] || p.shown[a]) {
				p.shown[e.ID], p.shown[a] = true, true
			}
		case Step:
			if p.shown[e.ID] && e.deed() {
				p.steps = append(p.steps, e)
			}
		}
	}
}

// talks reports whether the picture has messages other than gossip.
func (p *picture) talks() bool {
	return slices.ContainsFunc(p.record.Events, func(e Event) bool {
		return p.shown[e.ID] && e.Kind == Send && !e.gossip()
	})
}

// mostLanes is how many hosts a picture shows.
const mostLanes = 16

// place lays out the axis and the lanes. Of many hosts those are shown to whom
// something happens.
func (p *picture) place() {
	var times []time.Duration
	busy := make([]int, len(p.record.Hosts))
	p.gossips = !p.talks() // beside anything else gossip is too much to have a place
	for i := range p.record.Events {
		e := &p.record.Events[i]
		if !p.shown[e.ID] || e.gossip() && !p.gossips {
			continue
		}
		times = append(times, e.At)
		if e.Host != World {
			busy[e.Host]++
		}
	}
	p.axis = newAxis(times, p.record.latency())
	if n := len(p.axis.times); n > 0 {
		p.from, p.to = p.axis.times[0], p.axis.times[n-1]
	}
	p.laneOf = make([]int, len(p.record.Hosts))
	for h := range p.record.Hosts {
		p.laneOf[h] = -1
		if len(p.lanes) < mostLanes && (len(busy) <= mostLanes || busy[h] > 0) {
			p.laneOf[h] = len(p.lanes)
			p.lanes = append(p.lanes, h)
		}
	}
}

// live finds the segments of the lanes.
func (p *picture) live() {
	type life struct {
		State
		since time.Duration
	}
	now := make([]life, len(p.lanes))
	end := func(lane int, at time.Duration) {
		if l := now[lane]; l.Up && at > p.from && l.since < p.to {
			p.segments = append(p.segments, segment{lane, max(l.since, p.from), min(at, p.to), l.State})
		}
	}
	for i := range p.record.Events {
		e := &p.record.Events[i]
		if e.Host == World || p.laneOf[e.Host] < 0 || e.Kind == Drop || e.Kind == Stall {
			continue
		}
		lane := p.laneOf[e.Host]
		was, is := now[lane].State, e.State
		if was.Up != is.Up || was.Role != is.Role || was.Term != is.Term {
			end(lane, e.At)
			now[lane] = life{is, e.At}
		}
	}
	for lane := range now {
		end(lane, p.to+1)
	}
}

// serve finds the clients' requests, and for each a row in which it meets no
// other.
func (p *picture) serve() {
	answers := map[int]*Event{}
	for i := range p.record.Events {
		if e := &p.record.Events[i]; e.Kind == Answer && p.shown[e.ID] && answers[e.About.Asked] == nil {
			answers[e.About.Asked] = e
		}
	}
	var ends [maxRows]float64
	for i := range p.record.Events {
		e := &p.record.Events[i]
		if e.Kind != Ask || !p.shown[e.ID] || p.laneOf[e.Host] < 0 {
			continue
		}
		b := bar{ask: e, answer: answers[e.ID]}
		from, to := p.barEnds(b)
		b.row = slices.IndexFunc(ends[:], func(end float64) bool { return end < from })
		if b.row < 0 {
			continue
		}
		ends[b.row] = to + 8
		p.bars = append(p.bars, b)
	}
}

// maxRows is how many requests a picture shows at a time.
const maxRows = 4

// barEnds returns where a bar begins and ends, with its label.
func (p *picture) barEnds(b bar) (from, to float64) {
	from = p.axis.x(b.ask.At)
	to = p.axis.width()
	if b.answer != nil {
		to = p.axis.x(b.answer.At)
	}
	return from, max(to, from+textWidth(barLabel(b))+10)
}

// divide finds the bands of the cuts.
func (p *picture) divide() {
	if len(p.lanes) < 2 {
		return
	}
	type way struct{ from, to int }
	cut := map[way]bool{}
	since := make([]band, len(p.lanes)-1) // to is 0 while nothing is cut
	flush := func(lane int, at time.Duration) {
		if b := since[lane]; b.to > 0 && at > p.from && b.from < p.to && at > b.from {
			p.bands = append(p.bands, band{lane, max(b.from, p.from), min(at, p.to), b.one})
		}
	}
	for i := range p.record.Events {
		e := &p.record.Events[i]
		if e.Kind != Cut && e.Kind != Heal {
			continue
		}
		cut[way{e.Host, e.Peer}] = e.Kind == Cut
		for lane := range since {
			there, back := cut[way{p.lanes[lane], p.lanes[lane+1]}], cut[way{p.lanes[lane+1], p.lanes[lane]}]
			is, was := band{lane: lane, from: e.At, one: there != back}, since[lane]
			if there || back {
				is.to = 1
			}
			if is.to != was.to || is.one != was.one {
				flush(lane, e.At)
				since[lane] = is
			}
		}
	}
	for lane := range since {
		flush(lane, p.to+1)
	}
}
