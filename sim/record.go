package sim

import (
	"fmt"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/sim/story"
)

// recorder keeps what happens in a run, each event with the one that brought it
// about. A world has one only if somebody asked for it; without it, every
// method of world that is named after something that happens does next to
// nothing.
//
// What an event puts on the queue has it for its cause. What happens to a host
// while one of its events is under way forms a chain, in its order: a message
// is received, which truncates, which appends, which sends the answer.
type recorder struct {
	record    story.Record
	current   int // the event that is under way, or 0
	unsettled int // events whose state is known are before it
}

// put lets do happen later, with the present event as its cause.
func (r *recorder) put(do func()) func() {
	cause := r.current
	return func() {
		r.current = cause
		do()
	}
}

// add adds an event, brought about by the one that is under way unless it names
// another, and returns its number.
func (r *recorder) add(w *world, e story.Event) int {
	for n := len(r.record.Hosts); n < len(w.hosts); n++ {
		r.record.Hosts = append(r.record.Hosts, w.hosts[n].name)
	}
	if e.Cause == 0 {
		e.Cause = r.current
	}
	e.ID, e.At = len(r.record.Events)+1, w.now
	r.record.Events = append(r.record.Events, e)
	return e.ID
}

// begin adds an event that brings about what comes next.
func (r *recorder) begin(w *world, e story.Event) { r.current = r.add(w, e) }

// chain adds an event to those of the host that are under way, if they are.
func (r *recorder) chain(w *world, e story.Event) {
	id := r.add(w, e)
	if r.current == 0 || r.record.Event(r.current).Host == e.Host {
		r.current = id
	}
}

// settle notes the state in which the events since the last time left a host.
func (r *recorder) settle(h *host) {
	state := stateNow(h)
	for i := r.unsettled; i < len(r.record.Events); i++ {
		if e := &r.record.Events[i]; e.Host == h.num {
			e.State = state
		}
	}
}

// end ends what is under way.
func (r *recorder) end(w *world) {
	for i := r.unsettled; i < len(r.record.Events); i++ {
		if e := &r.record.Events[i]; e.Host != story.World && e.State == (story.State{}) {
			e.State = stateNow(w.hosts[e.Host])
		}
	}
	r.current, r.unsettled = 0, len(r.record.Events)
}

func stateNow(h *host) story.State {
	switch {
	case h.proc == nil:
		return story.State{}
	case h.proc.server == nil:
		return story.State{Up: true}
	}
	st := h.proc.server.Status()
	s := story.State{Up: true, Term: uint64(st.Term), Commit: uint64(st.Commit), Last: uint64(st.Last)}
	switch st.Role {
	case raft.Candidate, raft.PreCandidate:
		s.Role = story.Candidate
	case raft.Leader:
		s.Role = story.Leader
	}
	return s
}

// kindOf is how the record calls the moments.
var kindOf = [...]story.Kind{
	says: story.Say, starts: story.Start, crashes: story.Crash, stops: story.Stop, stands: story.Stand,
	votes: story.Vote, leads: story.Lead, yields: story.Yield, follows: story.Follow,
	truncates: story.Truncate, appends: story.Append, commits: story.Commit,
	applies: story.Apply, snapshots: story.Snapshot,
}

// moment adds a moment of a host.
func (r *recorder) moment(h *host, m moment) {
	e := story.Event{Host: h.num, Peer: story.World, Kind: kindOf[m.kind], Text: m.String()}
	switch m.kind {
	case stands, votes, leads, yields, follows:
		e.About.Term = m.n
	case truncates:
		e.About.First, e.About.Last = m.n, m.n
	case appends, commits, applies:
		e.About.First, e.About.Last = m.from, m.n
	case snapshots:
		e.About.Last = m.n
	}
	r.chain(h.world, e)
}

// sends notes that a message sets out, and returns the number by which its
// arrival or its loss will refer to it. what describes it.
func (w *world) sends(from, to *host, what func() (string, story.About)) int {
	if w.record == nil {
		return 0
	}
	text, about := what()
	return w.record.add(w, story.Event{Host: from.num, Peer: to.num, Kind: story.Send, Text: text, About: about})
}

// receives notes that a message has arrived, which brings about what comes next.
func (w *world) receives(sent int, from, to *host) {
	if w.record == nil || sent == 0 {
		return
	}
	s := w.record.record.Event(sent)
	w.record.begin(w, story.Event{Cause: sent, Host: to.num, Peer: from.num, Kind: story.Receive, Text: s.Text, About: s.About})
}

// drops notes that a message will not arrive, and why.
func (w *world) drops(sent int, why string) {
	if w.record == nil || sent == 0 {
		return
	}
	s := w.record.record.Event(sent)
	w.record.add(w, story.Event{Cause: sent, Host: s.Host, Peer: s.Peer, Kind: story.Drop, Text: why, About: s.About})
}

// links notes that a link was cut, or healed.
func (w *world) links(l *link) {
	if w.record == nil {
		return
	}
	kind, text := story.Heal, "the link to %s is whole"
	if l.cut != nil {
		kind, text = story.Cut, "the link to %s is cut"
	}
	w.record.add(w, story.Event{Host: l.from.num, Peer: l.to.num, Kind: kind, Text: fmt.Sprintf(text, l.to.name)})
}

// stalls notes that a message waits for its link.
func (w *world) stalls(sent int) {
	if w.record == nil || sent == 0 {
		return
	}
	s := w.record.record.Event(sent)
	w.record.add(w, story.Event{Cause: sent, Host: s.Host, Peer: s.Peer, Kind: story.Stall, Text: "the link is cut", About: s.About})
}

// ticks notes that a server's deadline is due.
func (w *world) ticks(h *host) { w.begins(h, story.Tick, "a deadline is due") }

// syncs notes that a host's disk has made durable what was written.
func (w *world) syncs(h *host) { w.begins(h, story.Sync, "what was written is durable") }

func (w *world) begins(h *host, kind story.Kind, text string) {
	if w.record != nil {
		w.record.begin(w, story.Event{Host: h.num, Peer: story.World, Kind: kind, Text: text})
	}
}

// steps notes that the scenario does something.
func (w *world) steps(text string) {
	if w.record != nil {
		w.record.begin(w, story.Event{Host: story.World, Peer: story.World, Kind: story.Step, Text: text})
	}
}

// asks notes that a client's request arrives at a server.
func (w *world) asks(op *operation, at *host) {
	if w.requests != nil && w.asking != "" {
		*w.requests = append(*w.requests, op)
	}
	if w.record != nil {
		op.event = w.record.add(w, story.Event{Host: at.num, Peer: story.World, Kind: story.Ask, Text: op.request(), About: story.About{Key: op.key}})
		w.record.current = op.event
	}
}

// answers notes what a client was told.
func (w *world) answers(op *operation, by *host) {
	if w.record == nil {
		return
	}
	w.record.add(w, story.Event{
		Host: by.num, Peer: story.World, Kind: story.Answer, Text: op.String(),
		About: story.About{Key: op.key, First: op.index, Last: op.index, Asked: op.event, Failed: op.outcome != acked},
	})
}

// peerAbout says what a message between servers is about.
func peerAbout(b server.PeerBody) story.About {
	if b.Raft == nil {
		return story.About{Topic: "forward"}
	}
	a := story.About{Topic: "raft", Term: uint64(b.Raft.Term)}
	switch m := b.Raft.Body.(type) {
	case raft.Heartbeat, raft.HeartbeatAck:
		a.Topic = "heartbeat"
	case raft.AppendRequest:
		if n := len(m.Entries); n > 0 {
			a.First, a.Last = uint64(m.Entries[0].Index), uint64(m.Entries[n-1].Index)
		}
	case raft.AppendAccept:
		a.Last = uint64(m.Match)
	case raft.SnapshotPart:
		a.Last = uint64(m.Meta.Index)
	}
	return a
}
