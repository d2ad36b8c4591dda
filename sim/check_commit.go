package sim

import "praetor/internal/server"

// checkCommit: as long as a server runs, neither its commit index nor its state
// goes backwards, and it applies nothing that is not committed, nor commits
// what is not in its log (raft figure 2).
func (w *world) checkCommit(p *process, st *server.Status) {
	s := &p.seen
	const rule = "commitment only grows"
	who := []string{p.host.name}
	switch {
	case st.Commit < s.commit:
		w.fail(rule, who, "the commit index went from %d back to %d", s.commit, st.Commit)
	case st.Applied < s.applied:
		w.fail(rule, who, "the state went from index %d back to %d", s.applied, st.Applied)
	case st.Applied > uint64(st.Commit):
		w.fail(rule, who, "applied %d, but only %d is committed", st.Applied, st.Commit)
	case st.Commit > st.Last:
		w.fail(rule, who, "committed %d, but the log ends at %d", st.Commit, st.Last)
	}
	s.commit = st.Commit
}
