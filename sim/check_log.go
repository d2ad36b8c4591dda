package sim

import (
	"bytes"

	"praetor/internal/server"
	"praetor/raft"
)

// committed is an entry that some server has applied.
type committed struct {
	term raft.Term
	kind raft.EntryKind
	data []byte
	by   string // the server that applied it first
}

// checkApplied: "if a server has applied a log entry at a given index to its
// state machine, no other server will ever apply a different log entry for the
// same index" (raft 5.4.3). What is acknowledged and lost shows here too, as
// soon as anything else takes its place.
func (w *world) checkApplied(cl *cluster, p *process, v *server.View) {
	if base := uint64(p.seen.disk.written.base); base > p.seen.applied {
		p.seen.replaced = v.Index
		p.seen.applied = base // a snapshot of the leader took the place of these entries
		if v.Index == base {
			cl.reached(w, p.host.name, v)
		}
	}
	for i := p.seen.applied + 1; i <= v.Index; i++ {
		e, ok := p.seen.disk.written.entry(raft.Index(i))
		if !ok {
			w.fail("only what is in the log is applied", []string{p.host.name}, "applied %d, which it was never asked to write", raft.Index(i))
			return
		}
		cl.applied(w, p.host.name, e)
	}
	p.seen.applied = v.Index
}

// applied notes that a server has applied an entry. Servers apply in order, so
// the entry is at most one past those that are known.
func (cl *cluster) applied(w *world, by string, e raft.Entry) {
	if int(e.Index) > len(cl.log) {
		w.checkExpelled(by, e)
		cl.log = append(cl.log, committed{e.Term, e.Kind, e.Data, by})
		if e.Kind == raft.EntryCommand {
			w.check.writes.committed(&cl.truth, uint64(e.Index), e.Data)
		}
		return
	}
	c := cl.log[e.Index-1]
	if c.term != e.Term || c.kind != e.Kind || !bytes.Equal(c.data, e.Data) {
		w.fail("state machine safety", []string{c.by, by},
			"at index %d %s applied an entry of term %d, and %s another one of term %d", e.Index, c.by, c.term, by, e.Term)
	}
}
