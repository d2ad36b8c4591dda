package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// checkCommit: as long as a server runs, neither its commit index nor its state
// goes backwards, and it applies nothing that is not committed, nor commits
// what is not in its log (raft figure 2).
func (w *world) checkCommit(p *process, st *server.Status) {
	s := &p.seen
	const rule = "commitment only grows"
	switch {
	case st.Commit < s.commit:
		w.fail(rule, []string{p.host.name}, "the commit index went from %d back to %d", s.commit, st.Commit)
	case st.Applied < s.applied:
		w.fail(rule, []string{p.host.name}, "the state went from index %d back to %d", s.applied, st.Applied)
	case st.Applied > uint64(st.Commit):
		w.fail(rule, []string{p.host.name}, "applied %d, but only %d is committed", st.Applied, st.Commit)
	case st.Commit > st.Last:
		w.fail(rule, []string{p.host.name}, "committed %d, but the log ends at %d", st.Commit, st.Last)
	}
	if st.Leading && st.Commit > s.commit {
		w.checkCounted(p, st)
	}
	s.commit, s.members = st.Commit, st.Config
}

// checkCounted: what a leader commits is of its own term, or follows from such
// an entry: "Raft never commits log entries from previous terms by counting
// replicas" (raft 5.4.2, figure 8). And a majority has it on disk (raft 5.3).
func (w *world) checkCounted(p *process, st *server.Status) {
	e, ok := p.seen.disk.written.entry(st.Commit)
	if !ok {
		return // a snapshot took its place
	}
	if e.Term != st.Term {
		w.fail("an old entry is not committed by counting", []string{p.host.name}, "%s leads in term %d and commits up to %d, an entry of term %d", p.host.name, st.Term, e.Index, e.Term)
	}
	// The members may have been changed by the very event that committed.
	if !w.durableOn(e, st.Config) && !w.durableOn(e, p.seen.members) {
		w.fail("committed is what a majority has on disk", []string{p.host.name}, "%s commits up to %d, but that is not on the disks of a majority of the %s", p.host.name, e.Index, st.Config)
	}
}

// durableOn reports whether majorities of the voters were told that their
// disks hold the entry, or one that covers it.
func (w *world) durableOn(e raft.Entry, c raft.Configuration) bool {
	majority := func(peers []raft.Peer) bool {
		n := 0
		for _, peer := range peers {
			h := w.hostNamed(string(peer.ID))
			if h == nil || h.wrote == nil || h.wrote.durable.holds(e) {
				n++
			}
		}
		return n > len(peers)/2
	}
	return majority(c.Voters) && (len(c.Outgoing) == 0 || majority(c.Outgoing))
}
