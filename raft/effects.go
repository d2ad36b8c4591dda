package raft

// outbox gathers the effects until the driver takes them.
type outbox struct {
	messages      []Message
	reads         []ReadResult
	parts         []SnapshotPart
	snapshotReads []SnapshotRead
	restore       *SnapshotMeta

	// What the last call of Effects gave away; its memory is used again.
	givenMessages []Message
	givenReads    []ReadResult
}

// Effects returns what the driver must do, and forgets it. Everything that was
// proposed since the last call goes out together: one Write, and one
// AppendRequest to each follower as far as its window is open. The slices are
// the caller's until the next call, except entries, which nobody may change.
func (r *Raft) Effects() Effects {
	if r.role == Leader {
		r.replicate()
	}
	r.asked.send(r)
	o := &r.out
	e := Effects{
		Messages:      o.messages,
		SnapshotParts: o.parts,
		Write:         r.disk.take(r.hard, &r.log),
		Restore:       o.restore,
		Committed:     r.log.ready(),
		Reads:         o.reads,
		SnapshotReads: o.snapshotReads,
	}
	r.log.handed += Index(len(e.Committed))
	messages, reads := o.givenMessages, o.givenReads
	clear(messages)
	*o = outbox{messages: messages[:0], reads: reads[:0], givenMessages: e.Messages, givenReads: e.Reads}
	return e
}

// HasEffects reports whether Effects may have something to do.
func (r *Raft) HasEffects() bool {
	o := &r.out
	return len(o.messages)+len(o.reads)+len(o.parts)+len(o.snapshotReads) > 0 ||
		o.restore != nil || r.disk.pending() || len(r.log.ready()) > 0 ||
		r.role == Leader && r.lead.dirty || r.asked.unsent()
}

// send sends a message of this term. It leaves once the term and the vote are
// durable, which they nearly always are.
func (r *Raft) send(to NodeID, body Body) { r.post(r.disk.hardAt, to, r.hard.Term, body) }

// sendDurable sends a message of this term once everything that this server
// has and knows now is durable.
func (r *Raft) sendDurable(to NodeID, body Body) { r.post(r.disk.lastAt, to, r.hard.Term, body) }

// post sends a message after a write.
func (r *Raft) post(after WriteID, to NodeID, term Term, body Body) {
	m := Message{From: r.cfg.ID, To: to, Cluster: r.hard.Cluster, Term: term, Body: body}
	if after > r.disk.durable {
		r.disk.hold(after, m)
		return
	}
	r.out.messages = append(r.out.messages, m)
}
