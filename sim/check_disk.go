package sim

import (
	"bytes"
	"slices"

	"praetor/raft"
)

// diskCheck follows what a process asked to be written.
type diskCheck struct {
	durable image            // what it was told is durable
	pending fifo[raft.Write] // what it asked for after that
	written image            // both
}

// image is what a disk should hold. Entries that a snapshot covers may be gone
// from it at any time, so its base counts for nothing.
type image struct {
	hard    raft.HardState
	base    raft.Index // the first entry is at base+1
	term    raft.Term  // of the snapshot, if there are no entries
	entries []raft.Entry
}

func imageOf(s raft.Stored) image {
	m := image{hard: s.Hard, base: s.Snapshot.Index, term: s.Snapshot.Term, entries: slices.Clone(s.Entries)}
	if len(s.Entries) > 0 {
		m.base = s.Entries[0].Index - 1
	}
	return m
}

// apply carries out a write.
func (m *image) apply(w raft.Write) {
	if w.Hard != nil {
		m.hard = *w.Hard
	}
	if w.Snapshot != nil {
		m.base, m.term, m.entries = w.Snapshot.Index, w.Snapshot.Term, nil
	}
	if len(w.Entries) > 0 {
		m.entries = append(m.entries[:w.Entries[0].Index-m.base-1], w.Entries...)
	}
}

// entry returns the entry at the index, if there is one.
func (m *image) entry(i raft.Index) (raft.Entry, bool) {
	if i <= m.base || i > m.base+raft.Index(len(m.entries)) {
		return raft.Entry{}, false
	}
	return m.entries[i-m.base-1], true
}

func (m *image) last() raft.Index { return m.base + raft.Index(len(m.entries)) }

// lastTerm returns the term of the last entry.
func (m *image) lastTerm() raft.Term {
	if n := len(m.entries); n > 0 {
		return m.entries[n-1].Term
	}
	return m.term
}

// holds reports whether the entry is in the image, or covered by its snapshot.
func (m *image) holds(e raft.Entry) bool {
	have, ok := m.entry(e.Index)
	return ok && have.Term == e.Term || e.Index <= m.base
}

// equal reports whether two images say the same, as far as both go back.
func (m *image) equal(o image) bool {
	base := max(m.base, o.base)
	return m.hard == o.hard && m.last() == o.last() && slices.EqualFunc(m.after(base), o.after(base), func(a, b raft.Entry) bool {
		return a.Index == b.Index && a.Term == b.Term && a.Kind == b.Kind && bytes.Equal(a.Data, b.Data)
	})
}

// after returns the entries behind the index.
func (m *image) after(i raft.Index) []raft.Entry {
	return m.entries[min(i-m.base, raft.Index(len(m.entries))):]
}

func (c *diskCheck) add(w raft.Write) {
	c.pending.push(w)
	c.written.apply(w)
}

func (c *diskCheck) confirm(last raft.WriteID) {
	for c.pending.len() > 0 && c.pending.all()[0].ID <= last {
		c.durable.apply(c.pending.pop())
	}
}

// legal reports whether a disk may hold m after a crash: all that was
// confirmed and, in order, some of the writes after that, each of them whole.
func (c *diskCheck) legal(m image) bool {
	state := c.durable
	state.entries = slices.Clone(state.entries)
	for _, w := range c.pending.all() {
		if state.equal(m) {
			return true
		}
		state.apply(w)
	}
	return state.equal(m)
}

// checkRecovered holds what a server found on its disk against what it was
// told is there: no promise was broken, and no write is there by half.
func (w *world) checkRecovered(p *process, stored raft.Stored) {
	h, found := p.host, imageOf(stored)
	if h.wrote != nil && !h.wrote.legal(found) {
		w.fail("what was synced stays", []string{h.name},
			"found term %d, vote %q and a log up to %d; confirmed were term %d, vote %q and a log up to %d, and %d writes were under way",
			found.hard.Term, found.hard.Vote, found.last(), h.wrote.durable.hard.Term, h.wrote.durable.hard.Vote, h.wrote.durable.last(), h.wrote.pending.len())
	}
	p.seen.disk = diskCheck{durable: found, written: imageOf(stored)}
	h.wrote = &p.seen.disk
}
