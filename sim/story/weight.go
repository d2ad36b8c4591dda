package story

import (
	"slices"
	"strings"
)

// The weights of events in an explanation. What is below faint is told only if
// there is room; what is 0 never.
const (
	essential = 100 // what the rule is about
	strong    = 80  // what changed who leads, or what is there
	fault     = 70  // what the scenario did to it
	weak      = 40
	faint     = 10
)

// weight says how much an event matters to the breach. Events that are not in
// its past, which cannot have brought it about, do not matter, but for messages
// that would have been in it, had they arrived.
func (s *slice) weight(e *Event) int {
	switch {
	case e.ID == s.breach.Event || slices.Contains(s.breach.Asked, e.ID):
		return 2 * essential
	case e.Kind == Drop || e.Kind == Stall:
		return s.loss(e)
	case s.breach.decided(e):
		return essential
	case !s.past.in[e.ID]:
		return 0
	}
	switch e.Kind {
	case Ask, Answer:
		return s.request(e)
	case Truncate, Append, Commit, Apply, Snapshot:
		return s.log(e)
	case Stand, Vote, Lead, Yield:
		return s.election(e)
	case Crash, Stop, Start:
		return s.life(e)
	case Step:
		return s.step(e)
	case Say:
		return s.said(e)
	case Receive:
		return s.message(e)
	}
	return 0
}

// involved reports whether the breach is about the host.
func (s *slice) involved(host int) bool { return slices.Contains(s.breach.Hosts, host) }

// request weighs what clients asked and were told.
func (s *slice) request(e *Event) int {
	b := &s.breach
	switch {
	case slices.Contains(b.Asked, e.About.Asked):
		return 2 * essential
	case !slices.Contains(b.Keys, e.About.Key):
		return 0
	}
	return faint
}

// decided reports whether an answer told a client of an index in question. The
// checkers know of it at once, whoever of the servers does.
func (b *Breach) decided(e *Event) bool {
	return e.Kind == Answer && slices.Contains(b.Keys, e.About.Key) && slices.Contains(b.Indexes, e.About.Last)
}

// log weighs changes of the log by whether they are about an index in question.
func (s *slice) log(e *Event) int {
	for _, i := range s.breach.Indexes {
		switch {
		case e.Kind == Truncate && i >= e.About.First:
			return essential
		case e.Kind == Snapshot && i <= e.About.Last:
			return weak
		case e.About.First <= i && i <= e.About.Last && s.involved(e.Host):
			return essential
		case e.About.First <= i && i <= e.About.Last:
			return strong - 1
		}
	}
	return 0
}

// election weighs who stood, voted and led by whether the term is in question.
func (s *slice) election(e *Event) int {
	b := &s.breach
	asked := slices.Contains(b.Terms, e.About.Term)
	switch {
	case asked && (e.Kind == Lead || s.involved(e.Host)):
		return essential
	case asked:
		return strong
	case len(b.Terms) > 0 && e.About.Term > slices.Max(b.Terms) || e.Kind == Stand || e.Kind == Vote:
		return 0
	case !s.aboutRaft(), len(b.Terms) > 0: // how it was in other terms is of little use
		return faint
	case e.Kind == Lead:
		return strong
	}
	return fault
}

func (s *slice) aboutRaft() bool {
	return !strings.HasPrefix(s.breach.Section, "swim") && !strings.Contains(s.breach.Section, "reconciliation")
}

// life weighs crashes and starts. The first start is what one would expect.
func (s *slice) life(e *Event) int {
	switch {
	case e.Kind == Start && strings.HasSuffix(e.Text, "the disk is empty") && e.State.Term == 0:
		return 0
	case s.involved(e.Host):
		return strong + 1
	case len(s.breach.Terms) > 0:
		return faint
	}
	return fault
}

// harmless are the steps that prepare, watch or wait, or that show as a client's
// request.
var harmless = []string{"servers", "server", "clients", "expect", "wait", "quiet", "group", "put", "get", "stop", "when", "mark"}

// words returns those of a step, without its time.
func (e *Event) words() []string {
	words := strings.Fields(e.Text)
	if len(words) > 2 && words[0] == "at" {
		words = words[2:]
	}
	return words
}

// deed reports whether a step does something to the servers.
func (e *Event) deed() bool {
	words := e.words()
	return len(words) > 0 && !slices.Contains(harmless, words[0])
}

// weather are the steps that set what lasts, such as the speed of a network.
var weather = []string{"network", "link", "clock", "disk", "cpu", "topology"}

// step weighs what the scenario did.
func (s *slice) step(e *Event) int {
	switch {
	case !e.deed():
		return 0
	case slices.Contains(weather, e.words()[0]):
		return faint
	}
	for _, w := range e.words()[1:] {
		for _, name := range strings.Split(w, ",") {
			if h := slices.Index(s.record.Hosts, name); h >= 0 && s.involved(h) {
				return fault + 1
			}
		}
	}
	return fault - 1
}

// said weighs lines of the trace. What is said of elections and logs is told by
// events of its own.
func (s *slice) said(e *Event) int {
	if strings.HasPrefix(e.Text, "raft: ") {
		switch {
		case strings.Contains(e.Text, "configuration of 1:"): // the first one
			return 0
		case strings.Contains(e.Text, "configuration"), strings.Contains(e.Text, "majority"):
			return weak
		}
		return 0
	}
	for _, h := range s.breach.Hosts {
		if h != e.Host && s.involved(e.Host) && strings.Contains(e.Text, s.record.HostName(h)+" ") {
			if s.aboutRaft() {
				return 0
			}
			return strong
		}
	}
	return 0
}

// message weighs a message that arrived by what it brought about: those that
// only carry on from one thing that is told to the next are shown there.
func (s *slice) message(e *Event) int {
	if e.About.Topic != "raft" || !slices.Contains(s.breach.Terms, e.About.Term) || len(s.breach.Indexes) > 0 {
		return 0
	}
	if strings.Contains(e.Text, " vote ") && s.involved(e.Host) {
		return strong
	}
	return 0
}

// loss weighs a message that did not arrive. That one who is down hears nothing
// goes without saying.
func (s *slice) loss(e *Event) int {
	if !s.involved(e.Host) && !s.involved(e.Peer) || !s.past.in[e.Cause] || !s.up(e.Peer, e.ID) {
		return 0
	}
	b, about := &s.breach, e.About
	carries := func(i uint64) bool { return about.First <= i && i <= about.Last }
	switch {
	case about.Topic != "raft" || !s.aboutRaft():
		return 0
	case len(b.Terms) > 0 && !slices.Contains(b.Terms, about.Term):
		return 0
	case len(b.Indexes) > 0 && (about.First == 0 || !slices.ContainsFunc(b.Indexes, carries)):
		return 0
	}
	return weak
}

// up reports whether a host ran when an event happened.
func (s *slice) up(host, id int) bool {
	for id--; id > 0; id-- {
		if e := s.record.Event(id); e.Host == host && e.Kind != Drop && e.Kind != Stall {
			return e.State.Up
		}
	}
	return false
}
