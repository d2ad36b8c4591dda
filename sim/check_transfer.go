package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// checkTransfer: a leader that hands over "sends the log entries to the target
// server, until the target's log matches its own" (thesis 3.10), and only then
// tells it to campaign. One that lacks something would lose the election, for
// which the leader has just stopped to work. What the leader appends in the same
// event comes after that.
func (w *world) checkTransfer(p *process, m server.PeerMessage) {
	if m.Body.Raft == nil {
		return
	}
	if _, ok := m.Body.Raft.Body.(raft.TimeoutNow); !ok || !p.server.Status().Leading {
		return // one that has left the configuration tells whoever is nearest
	}
	h := w.hostNamed(string(m.Body.Raft.To))
	if last, ok := p.seen.disk.written.entry(p.seen.logEnd); ok && h != nil && h.wrote != nil && !h.wrote.durable.holds(last) {
		w.fail("who is told to campaign has the whole log", []string{p.host.name, h.name},
			"%s has the log up to %d and tells %s to campaign, which has it up to %d", p.host.name, last.Index, h.name, h.wrote.durable.last())
	}
}
