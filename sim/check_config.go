package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// checkChange: the configuration in force is one of the log, so that one which
// was cut off is in force no longer; and a leader changes the members only while no other change is
// under way (raft 6, thesis 4.1), and only after it has committed an entry of
// its own term: without that two leaders' changes could decide with majorities
// that do not overlap (Ongaro, raft-dev, 10 July 2015).
func (w *world) checkChange(p *process, st *server.Status) {
	before, log := p.seen.config, &p.seen.disk.written
	e, ok := log.entry(st.ConfigIndex)
	if st.ConfigIndex != before {
		p.seen.config, p.seen.configTerm = st.ConfigIndex, e.Term
	}
	// A snapshot's configuration counts as of the snapshot's last entry, of whatever kind.
	if ok && e.Term != p.seen.configTerm && e.Kind != raft.EntryConfig || st.ConfigIndex > st.Last {
		w.fail("the members are those in the log", []string{p.host.name}, "the configuration of %s is of index %d, where its log holds no such entry any more", p.host.name, st.ConfigIndex)
	}
	if !st.Leading || st.ConfigIndex <= before || before == 0 {
		return
	}
	if !ok || e.Term != st.Term {
		return // it was there when this server became leader
	}
	who := []string{p.host.name}
	if before > st.Commit {
		w.fail("members change one at a time", who,
			"%s changes the members at %d, but the change at %d is not committed", p.host.name, st.ConfigIndex, before)
	}
	if e, ok := log.entry(st.Commit); ok && e.Term != st.Term {
		w.fail("members change one at a time", who,
			"%s changes the members at %d, but has committed nothing of term %d, only up to %d of term %d", p.host.name, st.ConfigIndex, st.Term, st.Commit, e.Term)
	}
}

// checkSnapshot: a snapshot holds "the latest configuration in the log as of
// last included index" (raft 7), and not one that comes later, which may be
// taken back.
func (w *world) checkSnapshot(p *process, meta raft.SnapshotMeta) {
	last := p.seen.snapshot
	p.seen.snapshot = meta
	want, at := last.Config, last.Index
	for i := meta.Index; i > last.Index; i-- {
		e, ok := p.seen.disk.written.entry(i)
		if !ok {
			return // the configuration is in a snapshot of the life before
		}
		if e.Kind == raft.EntryConfig {
			want, _ = raft.DecodeConfiguration(e.Data)
			at = i
			break
		}
	}
	if c := meta.Config; !includes(c, want) || !includes(want, c) {
		w.fail("a snapshot holds the members as of its end", []string{p.host.name},
			"%s takes a snapshot at %d with the %s; as of index %d they are the %s", p.host.name, meta.Index, c, at, want)
	}
}

// checkConfigs: once all is quiet, the servers of a cluster agree on who its
// members are. "A server always uses the latest configuration in its log"
// (raft 6), and the logs are the same.
func (w *world) checkConfigs() {
	first := map[*cluster]*process{}
	for _, h := range w.live() {
		if h.proc.server == nil {
			continue
		}
		cl := w.check.cluster(h.proc)
		if cl == nil {
			continue
		}
		p := first[cl]
		if p == nil {
			first[cl] = h.proc
			continue
		}
		a, b := p.server.Status(), h.proc.server.Status()
		if includes(a.Config, b.Config) && includes(b.Config, a.Config) {
			continue
		}
		w.fail("all servers agree on the members", []string{p.host.name, h.name},
			"%s has the %s, as of index %d, and %s the %s, as of %d", p.host.name, a.Config, a.ConfigIndex, h.name, b.Config, b.ConfigIndex)
	}
}

// includes reports whether each member of b is in a, in the same role.
func includes(a, b raft.Configuration) bool {
	for _, p := range b.Voters {
		if !a.IsVoter(p.ID) {
			return false
		}
	}
	for _, p := range b.Learners {
		if !a.IsLearner(p.ID) {
			return false
		}
	}
	return true
}
