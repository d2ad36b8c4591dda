package raft

import (
	"slices"
	"testing"
	"time"
)

// checkAll checks the invariants of each server and those between them.
func (w *world) checkAll() {
	for _, m := range w.members {
		if m.raft == nil {
			continue
		}
		if err := m.raft.Check(); err != nil {
			w.fatal("%v", err)
		}
		if m.leads() {
			w.checkLeader(m)
		}
	}
	if w.step%20 == 0 {
		w.checkMatching()
	}
}

func (w *world) checkLeader(m *worldMember) {
	term := m.raft.Term()
	if other, ok := w.leaders[term]; ok && other != m.id {
		w.fatal("election safety: %s and %s both lead term %d", m.id, other, term)
	}
	if m.term == term && m.raft.LastIndex() < m.last {
		w.fatal("leader append-only: %s's log went from %d to %d in term %d", m.id, m.last, m.raft.LastIndex(), term)
	}
	m.term, m.last = term, m.raft.LastIndex()
	if _, known := w.leaders[term]; !known {
		w.leaders[term] = m.id
		for _, e := range w.committed {
			if e.Index > m.raft.log.base && !m.raft.log.matches(e.Index, e.Term) {
				w.fatal("leader completeness: %s leads term %d without %v", m.id, term, e)
			}
		}
	}
	if w.clock(m) < m.raft.LeaseUntil() && m.raft.Committed() < Index(len(w.committed)) {
		w.fatal("lease: %s has one in term %d, committed to %d, and %d entries are committed", m.id, term, m.raft.Committed(), len(w.committed))
	}
}

// checkMatching checks that "if two logs contain an entry with the same index
// and term, then the logs are identical in all entries up through the given
// index" (log matching).
func (w *world) checkMatching() {
	for i, a := range w.members {
		for _, b := range w.members[i+1:] {
			if a.raft == nil || b.raft == nil {
				continue
			}
			la, lb := &a.raft.log, &b.raft.log
			agree := false
			for at := min(la.last(), lb.last()); at > max(la.base, lb.base); at-- {
				ea, eb := la.entries[at-la.base-1], lb.entries[at-lb.base-1]
				switch {
				case ea.Term == eb.Term && (ea.Kind != eb.Kind || string(ea.Data) != string(eb.Data)):
					w.fatal("log matching: %s has %v, %s has %v", a.id, ea, b.id, eb)
				case ea.Term == eb.Term:
					agree = true
				case agree:
					w.fatal("log matching: %s and %s differ at %d and agree later", a.id, b.id, at)
				}
			}
		}
	}
}

// heal ends all faults and checks that the cluster gets to work again, with
// everything that was ever committed.
func (w *world) heal() {
	clear(w.cut)
	w.now += time.Second // nobody is frozen any more
	for i := range 20000 {
		w.step++
		w.now += time.Millisecond
		for _, m := range w.members {
			if m.raft == nil {
				w.start(m)
			}
			m.raft.Tick(w.clock(m))
			for len(m.writes) > 0 {
				m.persist(w.clock(m))
			}
			w.drain(m)
		}
		for n := len(w.network); n > 0; n-- {
			msg := w.network[0]
			w.network = w.network[1:]
			to := w.member(msg.To)
			to.raft.Receive(w.clock(to), msg)
			w.drain(to)
		}
		if i%100 == 0 {
			before := len(w.committed)
			w.propose()
			if i > 1000 && before > 0 && w.allAgree() {
				return
			}
		}
	}
	w.fatal("the cluster does not get to work again")
}

// allAgree reports whether every voter has applied all that is committed.
func (w *world) allAgree() bool {
	leaders := 0
	for _, m := range w.members {
		if m.raft.Role() != Leader {
			continue
		}
		leaders++
		for _, id := range m.raft.Config().memberIDs() {
			if w.member(id).lastApplied()+5 < Index(len(w.committed)) {
				return false
			}
		}
	}
	return leaders == 1
}

// TestTheSameCallsGiveTheSameEffects plays one schedule twice: a core depends
// on its calls and its Config.Rand only, above all not on the order of a map.
func TestTheSameCallsGiveTheSameEffects(t *testing.T) {
	play := func() []string {
		w := newWorld(t, 5, 5)
		for w.step = range 2000 {
			w.act()
		}
		for _, m := range w.network {
			w.log("on its way: %v", m)
		}
		return w.trace
	}
	if first, second := play(), play(); !slices.Equal(first, second) {
		t.Errorf("%d and %d events, the first difference:\n%s", len(first), len(second), firstDifference(first, second))
	}
}

func firstDifference(a, b []string) string {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + "\n" + b[i]
		}
	}
	return "one is longer"
}
