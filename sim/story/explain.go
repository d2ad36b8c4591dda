package story

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Breach is a rule that was broken in a run, and what it was about.
type Breach struct {
	Rule    string
	Section string // where the rule is promised
	Says    string // the promise, in a sentence
	Detail  string // what was found
	Where   string // the file and line of the checker
	Replay  string // the command that gives the run again
	At      time.Duration

	Event   int      // its number in the record
	Hosts   []int    // that were involved
	Terms   []uint64 // that it is about
	Indexes []uint64 // of the log, that it is about
	Keys    []string // of the requests that it is about
	Asked   []int    // those requests: the numbers of their Ask events
}

// Line is one step of an explanation: what happened on a host in one go.
type Line struct {
	At      time.Duration
	Host    string // "" for what happened on none
	Text    string
	Follows []int // the lines, from 0, that led to this one
	Events  []int // in order; the first may be the Receive that brought the others about
}

// Explanation is the part of a run that led to a breach: of all the events from
// which a chain of causes leads to it, those that matter to its rule.
type Explanation struct {
	Breach Breach
	Hosts  []string // that were involved
	Lines  []Line   // in the order of time; the last one is the breach
	Past   int      // how many events are in the breach's causal past
}

// mostLines is how long an explanation may be.
const mostLines = 30

// Explain finds out how a breach came about.
func Explain(r *Record, b Breach) *Explanation {
	s := &slice{record: r, breach: b, past: past(r, b)}
	x := &Explanation{Breach: b, Lines: s.lines(s.choose(mostLines)), Past: s.past.size}
	for _, h := range b.Hosts {
		x.Hosts = append(x.Hosts, r.HostName(h))
	}
	return x
}

// cone is a set of events.
type cone struct {
	in   []bool // by number
	size int
}

func (c *cone) add(id int) {
	if id > 0 && !c.in[id] {
		c.in[id] = true
		c.size++
	}
}

// past returns the causal past of a breach: the smallest set that has the last
// events of the hosts involved and, with each event, its cause and the event
// before it on its host ("happened before", Lamport 1978), and the same for
// what clients were told that the breach is about.
func past(r *Record, b Breach) *cone {
	c := &cone{in: make([]bool, len(r.Events)+1)}
	c.add(b.Event)
	before := previous(r, b.Event)
	for _, h := range b.Hosts {
		c.add(before.last[h])
	}
	for id := b.Event; id > 0; id-- {
		if b.decided(r.Event(id)) {
			c.add(id)
		}
		if c.in[id] {
			c.add(r.Event(id).Cause)
			c.add(before.of[id])
		}
	}
	return c
}

// order is the order of the events of each host.
type order struct {
	of   []int       // by number: the event before it on its host, or 0
	last map[int]int // by host: its last event
}

func previous(r *Record, end int) order {
	o := order{of: make([]int, end+1), last: map[int]int{}}
	for id := 1; id <= end; id++ {
		h := r.Event(id).Host
		o.of[id] = o.last[h]
		o.last[h] = id
	}
	return o
}

// slice is an explanation in the making.
type slice struct {
	record *Record
	breach Breach
	past   *cone
}

// root returns the event that began what a host did in one go: the arrival of a
// message, a tick, a sync, a request; or the event itself.
func (s *slice) root(id int) int {
	for {
		e := s.record.Event(id)
		switch e.Kind {
		case Receive, Drop, Stall, Tick, Sync, Ask, Step, Crash, Start, Stop, Broken:
			return id
		}
		if e.Cause == 0 || s.record.Event(e.Cause).Host != e.Host {
			return id
		}
		id = e.Cause
	}
}

// choose returns the events to tell, in order: those that weigh most, of the
// same weight the later ones, as long as they fit on so many lines.
func (s *slice) choose(lines int) []int {
	type weighed struct{ id, weight int }
	var all []weighed
	for id := 1; id <= s.breach.Event; id++ {
		if w := s.weight(s.record.Event(id)); w > 0 {
			all = append(all, weighed{id, w})
		}
	}
	slices.SortStableFunc(all, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(b.id, a.id))
	})
	told := map[int]bool{}
	var chosen []int
	for _, c := range all {
		root := s.root(c.id)
		if !told[root] && (len(told) == lines || c.weight <= faint && len(told) >= lines/2) {
			continue
		}
		told[root] = true
		chosen = append(chosen, c.id)
	}
	slices.Sort(chosen)
	return chosen
}

// lines puts events that a host did in one go on one line each.
func (s *slice) lines(chosen []int) []Line {
	var lines []Line
	at := map[int]int{} // the line of a root
	for _, id := range chosen {
		root := s.root(id)
		n, ok := at[root]
		if !ok {
			n = len(lines)
			at[root] = n
			e := s.record.Event(id)
			lines = append(lines, Line{At: e.At, Host: s.record.HostName(e.Host), Follows: s.follows(root, at)})
			if s.record.Event(root).Kind == Receive && root != id {
				lines[n].Events = append(lines[n].Events, root)
			}
		}
		if e := s.record.Event(id); e.Kind == Lead {
			lines[n].Follows = s.voters(lines[n].Follows, e, chosen, at)
		}
		lines[n].Events = append(lines[n].Events, id)
	}
	for i := range lines {
		lines[i].Text = s.text(lines[i].Events)
	}
	return lines
}

// follows returns the nearest line from which causes lead to a root. What does
// not arrive because a link is cut follows from what cut it.
func (s *slice) follows(root int, at map[int]int) []int {
	e := s.record.Event(root)
	if e.Kind == Drop || e.Kind == Stall {
		if cut := s.cut(e); cut != nil {
			e = cut
		}
	}
	for e.Cause != 0 {
		r := s.root(e.Cause)
		if n, ok := at[r]; ok {
			return []int{n}
		}
		e = s.record.Event(r)
	}
	return nil
}

// cut returns the event that cut the link of a message that did not arrive, or
// nil if it is whole.
func (s *slice) cut(lost *Event) *Event {
	for id := lost.ID; id > 0; id-- {
		switch e := s.record.Event(id); {
		case e.Host != lost.Host || e.Peer != lost.Peer:
		case e.Kind == Cut:
			return e
		case e.Kind == Heal:
			return nil
		}
	}
	return nil
}

// voters adds the lines of the votes by which a leader was elected.
func (s *slice) voters(lines []int, lead *Event, chosen []int, at map[int]int) []int {
	name := " " + s.record.HostName(lead.Host) + " "
	for _, id := range chosen {
		e := s.record.Event(id)
		if id < lead.ID && e.Kind == Vote && e.About.Term == lead.About.Term && strings.Contains(e.Text, name) {
			if n := at[s.root(id)]; !slices.Contains(lines, n) {
				lines = append(lines, n)
			}
		}
	}
	slices.Sort(lines)
	return lines
}
