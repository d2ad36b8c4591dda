package wal

import (
	"errors"
	"fmt"

	"praetor/raft"
)

// state is what the records of a log add up to, but for the entries
// themselves. Writing and recovery go through the same next, so that what was
// written is what is read.
type state struct {
	hard        raft.HardState
	snap        position   // the log's snapshot; it begins there at the latest: first <= snap.Index+1
	first, last raft.Index // the entries that the log holds; last is first-1 if there is none
}

// emptyState is the state of a log that nothing was written to.
var emptyState = state{first: 1}

// base returns what a new segment begins with.
func (s state) base() base { return base{hard: s.hard, next: s.last + 1, snap: s.snap} }

// stateOf returns the state of a log whose first segment begins with b.
func stateOf(b base) state {
	return state{hard: b.hard, snap: b.snap, first: b.next, last: b.next - 1}
}

// next returns the state after c, or why c cannot follow.
func (s state) next(c change) (state, error) {
	if c.hard != nil {
		if err := checkNames(string(c.hard.Vote)); err != nil {
			return s, err
		}
		s.hard = *c.hard
	}
	var err error
	if c.snap != nil {
		if s, err = s.withSnapshot(*c.snap); err != nil {
			return s, err
		}
	}
	return s.withEntries(c.entries)
}

func (s state) withSnapshot(m mark) (state, error) {
	switch {
	case m.snap.Index == 0:
		return s, errors.New("snapshot of nothing")
	case m.keep && m.snap.Index > s.last: // before s.first is fine: see withEntries
		return s, fmt.Errorf("snapshot up to %d, but the log ends at %d", m.snap.Index, s.last)
	case !m.keep && m.snap.Index <= s.snap.Index:
		return s, fmt.Errorf("snapshot up to %d, but there is one up to %d", m.snap.Index, s.snap.Index)
	case !m.keep:
		s.first, s.last = m.snap.Index+1, m.snap.Index
	}
	s.snap = m.snap
	return s, nil
}

// withEntries replaces everything from the first of the entries on by them.
//
// They may begin before s.first. That happens when recovery reads a log whose
// beginning was dropped: the base of its first segment is from before a
// conflict was resolved, and the entries that it counts were replaced later.
func (s state) withEntries(entries []raft.Entry) (state, error) {
	if len(entries) == 0 {
		return s, nil
	}
	from := entries[0].Index
	switch {
	case from <= s.snap.Index:
		return s, fmt.Errorf("entry %d is covered by the snapshot up to %d", from, s.snap.Index)
	case from > s.last+1:
		return s, fmt.Errorf("entry %d leaves a gap after %d", from, s.last)
	}
	for i, e := range entries {
		if e.Index != from+raft.Index(i) {
			return s, fmt.Errorf("entry %d stands where %d belongs", e.Index, from+raft.Index(i))
		}
	}
	s.first = min(s.first, from)
	s.last = entries[len(entries)-1].Index
	return s, nil
}
