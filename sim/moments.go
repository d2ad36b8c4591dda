package sim

import (
	"fmt"

	"praetor/internal/server"
	"praetor/raft"
)

// momentKind is something that happens to a server and that a scenario can wait
// for. What the servers themselves say in their trace is one kind.
type momentKind uint8

const (
	says momentKind = iota
	starts
	crashes   // its power fails
	stops     // its process ends
	stands    // for election, in a term
	votes     // for another server, in a term
	leads     // a term
	yields    // its leadership in a term
	follows   // a leader
	truncates // its log, from an index
	appends   // to its log, up to an index
	commits   // its log, up to an index
	applies   // its log, up to an index
	snapshots // its state, or restores the leader's, at an index
)

// momentNames are the words of scenarios.
var momentNames = [...]string{
	says: "says", starts: "starts", crashes: "crashes", stops: "stops", stands: "stands", votes: "votes",
	leads: "leads", yields: "yields", follows: "follows", truncates: "truncates",
	appends: "appends", commits: "commits", applies: "applies", snapshots: "snapshots",
}

// moment is one thing that happened to a server.
type moment struct {
	kind momentKind
	n    uint64 // the index or the term, where the kind has one
	from uint64 // the first index, where there are several
	text string // what it says; whom it votes for or follows; the term that it appends
}

// String tells the moment in the paper's words.
func (m moment) String() string {
	switch m.kind {
	case says:
		return m.text
	case starts:
		return "starts: " + m.text
	case crashes:
		return "crashes: the power fails"
	case stops:
		return "stops: " + m.text
	case stands:
		return fmt.Sprintf("stands for election in term %d", m.n)
	case votes:
		return fmt.Sprintf("votes for %s in term %d", m.text, m.n)
	case leads:
		return fmt.Sprintf("leads term %d", m.n)
	case yields:
		return fmt.Sprintf("leads term %d no longer", m.n)
	case follows:
		return fmt.Sprintf("follows %s in term %d", m.text, m.n)
	case truncates:
		return fmt.Sprintf("truncates its log from %d", m.n)
	case appends:
		return fmt.Sprintf("appends %s of term %s", span(m.from, m.n), m.text)
	case snapshots:
		return fmt.Sprintf("has a snapshot at %d", m.n)
	}
	return fmt.Sprintf("%s up to %d", momentNames[m.kind], m.n)
}

// span returns "7" or "5 to 7".
func span(from, to uint64) string {
	if from >= to {
		return fmt.Sprint(to)
	}
	return fmt.Sprintf("%d to %d", from, to)
}

// moments derives what the event under way did to a server from its status and
// from the writes that it asks for, of which the image of its disk does not know
// yet. Most events change neither, and nothing is done.
func (p *process) moments(asked []raft.Write) {
	was, st := p.told, p.server.Status()
	if st == was && len(asked) == 0 {
		return
	}
	p.told = st
	if !p.host.world.listened() {
		return
	}
	if was == nil {
		was = &server.Status{}
	}
	p.voted(asked)
	p.changedRole(was, st)
	p.logged(asked)
	p.advanced(was, st)
	if r := p.host.world.record; r != nil {
		r.settle(p.host)
	}
}

// voted tells of votes.
func (p *process) voted(asked []raft.Write) {
	old := p.seen.disk.written.hard
	for _, w := range asked {
		h := w.Hard
		if h == nil {
			continue
		}
		switch changed := h.Vote != old.Vote || h.Term != old.Term; {
		case changed && h.Vote == p.host.id:
			p.host.happens(moment{kind: stands, n: uint64(h.Term)})
		case changed && h.Vote != "":
			p.host.happens(moment{kind: votes, n: uint64(h.Term), text: string(h.Vote)})
		}
		old = *h
	}
}

// logged tells of changes of the log.
func (p *process) logged(asked []raft.Write) {
	last := p.seen.disk.written.last()
	for _, w := range asked {
		if s := w.Snapshot; s != nil {
			last = s.Index
			p.host.happens(moment{kind: snapshots, n: uint64(last)})
		}
		n := len(w.Entries)
		if n == 0 {
			continue
		}
		first := w.Entries[0].Index
		if first <= last {
			p.host.happens(moment{kind: truncates, from: uint64(first), n: uint64(first)})
		}
		last = w.Entries[n-1].Index
		p.host.happens(moment{kind: appends, from: uint64(first), n: uint64(last), text: fmt.Sprint(w.Entries[n-1].Term)})
	}
}

// changedRole tells whether a server began or ceased to lead or to follow.
func (p *process) changedRole(was, st *server.Status) {
	anew := st.Term != was.Term
	if was.Leading && (!st.Leading || anew) {
		p.host.happens(moment{kind: yields, n: uint64(was.Term)})
	}
	switch {
	case st.Leading && (!was.Leading || anew):
		p.host.happens(moment{kind: leads, n: uint64(st.Term)})
	case !st.Leading && st.Leader != "" && (st.Leader != was.Leader || anew):
		p.host.happens(moment{kind: follows, n: uint64(st.Term), text: string(st.Leader)})
	}
}

// advanced tells how far a server has come.
func (p *process) advanced(was, st *server.Status) {
	if st.Commit > was.Commit {
		p.host.happens(moment{kind: commits, from: uint64(was.Commit) + 1, n: uint64(st.Commit)})
	}
	if st.Applied > was.Applied {
		p.host.happens(moment{kind: applies, from: was.Applied + 1, n: st.Applied})
	}
}

// listened reports whether anybody wants to know of moments.
func (w *world) listened() bool { return len(w.triggers) > 0 || w.record != nil }

// happens tells those who wait for it, and the record, what happened to a server.
func (h *host) happens(m moment) {
	w := h.world
	if w.record != nil {
		w.record.moment(h, m)
	}
	if len(w.triggers) > 0 {
		w.fire(h, m)
	}
}
