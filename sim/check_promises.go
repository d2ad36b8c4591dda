package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// checkPromises: servers keep term, vote and log "on stable storage before
// responding to RPCs" (raft figure 2). Whoever says that it is in a term, that
// it grants its vote, or that its log matches up to an index must have been told
// that its disk holds it, or a crash would make it forget the promise. A leader
// sends entries before they are durable on its own disk; it promises nothing
// by that (thesis 10.2.1).
func (w *world) checkPromises(p *process, m server.PeerMessage) {
	if m.Body.Raft == nil {
		return
	}
	msg, durable := m.Body.Raft, &p.seen.disk.durable
	if durable.hard.Term > msg.Term {
		return // of a term that is over: the disk had it, and holds something newer
	}
	switch b := msg.Body.(type) {
	case raft.VoteResponse:
		if b.Pre {
			return // that is of a term which nobody is in yet
		}
		if b.Granted && !durable.votedFor(msg.To, msg.Term) {
			w.fail(rulePromises, []string{p.host.name}, "votes for %s in term %d; its disk has a vote for %q in term %d", msg.To, msg.Term, durable.hard.Vote, durable.hard.Term)
		}
	case raft.VoteRequest:
		if b.Pre {
			return
		}
		if !durable.votedFor(p.host.id, msg.Term) {
			w.fail(rulePromises, []string{p.host.name}, "asks for votes in term %d; its disk has a vote for %q in term %d", msg.Term, durable.hard.Vote, durable.hard.Term)
		}
	case raft.AppendAccept:
		if b.Match > durable.last() {
			w.fail(rulePromises, []string{p.host.name}, "says that its log matches up to %d; its disk has it up to %d", b.Match, durable.last())
		}
	}
	if durable.hard.Term < msg.Term {
		w.fail(rulePromises, []string{p.host.name}, "speaks in term %d; its disk has term %d", msg.Term, durable.hard.Term)
	}
}

// votedFor reports whether the disk holds a vote.
func (m *image) votedFor(id raft.NodeID, term raft.Term) bool {
	return m.hard.Term == term && m.hard.Vote == id
}

const rulePromises = "what is promised is durable"
