package sim

import "praetor/raft"

// checkOverwrite: "if an existing entry conflicts with a new one (same index but
// different terms), delete the existing entry and all that follow it" (raft
// figure 2), and in no other case: what follows may have been acknowledged to
// the leader, which counts on it, and this request be an old one.
func (w *world) checkOverwrite(p *process, write raft.Write) {
	if len(write.Entries) == 0 {
		return
	}
	first := write.Entries[0]
	if old, ok := p.seen.disk.written.entry(first.Index); ok && old.Term == first.Term {
		w.fail("only what conflicts is deleted", []string{p.host.name},
			"%s overwrites the log from %d on, where it has the same entry of term %d already, and %d more", p.host.name, first.Index, old.Term, p.seen.disk.written.last()-first.Index)
	}
}
