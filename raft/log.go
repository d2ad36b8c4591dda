package raft

import (
	"fmt"
	"slices"
	"sort"
)

// log is the part of the replicated log that is in memory. Its entries are
// never written to once they are in it: messages, writes and committed batches
// share them with no copy, and a truncation makes the next append move away.
//
//	 snapshot          stable      handed    commit              last
//	    |                 |          |         |                  |
//	....[ entries kept ......................................... ]
//	   ^
//	  base: the entry before the first one kept, of which only the term is known
//
// base <= handed <= commit <= last, and stable <= last. What is committed is
// handed out even if this server's own disk is behind (thesis 10.2.1): it is
// durable on a majority. Only snapshots wait for the disk, so that the log on it
// has no gap behind them.
type log struct {
	base     Index
	baseTerm Term
	entries  []Entry // entries[i].Index == base+1+i; terms never fall
	commit   Index   // known to be committed
	handed   Index   // given out to be applied
	stable   Index   // durable on this server
}

// newLog returns the log of a server that found s on its disk.
func newLog(s Stored) (log, error) {
	l := log{base: s.Snapshot.Index, baseTerm: s.Snapshot.Term}
	entries := s.Entries
	if len(entries) > 0 && entries[0].Index <= l.base {
		// The log reaches back behind the snapshot: keep it, for followers that are a little behind.
		l.base, l.baseTerm = entries[0].Index-1, 0
		if n := entries[len(entries)-1].Index; n < s.Snapshot.Index {
			entries, l.base, l.baseTerm = nil, s.Snapshot.Index, s.Snapshot.Term
		}
	}
	term := l.baseTerm
	for i, e := range entries {
		if e.Index != l.base+1+Index(i) || e.Term < term || e.Term > s.Hard.Term {
			return log{}, fmt.Errorf("raft: start from stored log: entry %d/%d does not follow %d/%d in term %d",
				e.Index, e.Term, l.base+Index(i), term, s.Hard.Term)
		}
		term = e.Term
	}
	l.entries = slices.Clip(entries)
	if t, ok := l.term(s.Snapshot.Index); s.Snapshot.Index > l.base && (!ok || t != s.Snapshot.Term) {
		return log{}, fmt.Errorf("raft: start from stored log: entry %d has term %d, the snapshot says %d", s.Snapshot.Index, t, s.Snapshot.Term)
	}
	l.commit, l.handed, l.stable = s.Snapshot.Index, s.Snapshot.Index, l.last()
	return l, nil
}

func (l *log) last() Index { return l.base + Index(len(l.entries)) }

func (l *log) lastTerm() Term {
	if len(l.entries) == 0 {
		return l.baseTerm
	}
	return l.entries[len(l.entries)-1].Term
}

// term returns the term of the entry at i, and false if it is not known: i is
// behind the end, or compacted away.
func (l *log) term(i Index) (Term, bool) {
	switch {
	case i == l.base:
		// Behind a log that was stored without its base, only index 0 is sure.
		return l.baseTerm, l.base == 0 || l.baseTerm > 0
	case i < l.base || i > l.last():
		return 0, false
	}
	return l.entries[i-l.base-1].Term, true
}

// matches reports whether the log has an entry of the term at i.
func (l *log) matches(i Index, t Term) bool {
	have, ok := l.term(i)
	return ok && have == t
}

// slice returns the entries from..to, both included, which must be in the log.
func (l *log) slice(from, to Index) []Entry {
	if from > to {
		return nil
	}
	return l.entries[from-l.base-1 : to-l.base : to-l.base]
}

// batch returns the entries from from on whose size is at most maxBytes, but
// at least one if there is one; and their size.
func (l *log) batch(from Index, maxBytes int) (entries []Entry, size int) {
	to := from - 1
	for _, e := range l.slice(from, l.last()) {
		if to >= from && size+e.size() > maxBytes {
			break
		}
		to, size = e.Index, size+e.size()
	}
	return l.slice(from, to), size
}

// size is what an entry counts for in every bound of bytes: its data and an
// allowance for the rest of it.
func (e Entry) size() int { return len(e.Data) + 16 }

// sizeAfter returns the size of all entries behind i.
func (l *log) sizeAfter(i Index) int {
	size := 0
	for _, e := range l.slice(i+1, l.last()) {
		size += e.size()
	}
	return size
}

// keepFrom returns up to where the log may be forgotten so that before index at
// most so many entries stay, of at most so many bytes.
func (l *log) keepFrom(index Index, entries, bytes int) Index {
	for index > l.base && entries > 0 {
		bytes -= l.slice(index, index)[0].size()
		if bytes < 0 {
			break
		}
		entries--
		index--
	}
	return index
}

// append adds entries, the first of which must follow the last of the log.
func (l *log) append(entries ...Entry) {
	if len(entries) > 0 && entries[0].Index != l.last()+1 {
		panic(fmt.Sprintf("raft: append entry %d to a log that ends at %d", entries[0].Index, l.last()))
	}
	l.entries = append(l.entries, entries...)
}

// truncate removes the entries from from on; none of them may be committed.
func (l *log) truncate(from Index) {
	if from <= l.commit {
		panic(fmt.Sprintf("raft: truncate from %d a log committed up to %d", from, l.commit))
	}
	n := from - l.base - 1
	l.entries = l.entries[:n:n] // what others share behind n stays as it is
	l.stable = min(l.stable, from-1)
}

// compact forgets the entries up to and including to.
func (l *log) compact(to Index) {
	t, ok := l.term(to)
	if to <= l.base || !ok {
		return
	}
	l.entries = slices.Clone(l.entries[to-l.base:]) // a slice would keep the old entries in memory
	l.base, l.baseTerm = to, t
}

// reset makes the log empty behind a received snapshot, which is not durable yet.
func (l *log) reset(index Index, term Term) {
	*l = log{base: index, baseTerm: term, commit: index, handed: index}
}

// firstOfTerm returns the first index, as far as the log is kept, whose entry
// has the term t.
func (l *log) firstOfTerm(t Term) Index {
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Term >= t })
	return l.base + 1 + Index(i)
}

// lastOfTerm returns the last index below before whose entry has the term t,
// and whether there is one.
func (l *log) lastOfTerm(t Term, before Index) (Index, bool) {
	i := sort.Search(len(l.entries), func(i int) bool { return l.entries[i].Term > t })
	last := min(l.base+Index(i), before-1)
	return last, l.matches(last, t)
}

// conflict returns the first of the entries that the log does not hold, given
// that the logs agree before them. It is len(entries) if all are there.
func (l *log) conflict(entries []Entry) int {
	for i, e := range entries {
		if !l.matches(e.Index, e.Term) {
			return i
		}
	}
	return len(entries)
}

// ready returns the entries that are committed and not handed out yet.
func (l *log) ready() []Entry { return l.slice(l.handed+1, l.commit) }

// reject returns the answer to a leader whose log does not agree at prev, with
// a hint that lets it skip this server's whole term there: "the follower can
// include the term of the conflicting entry and the first index it stores for
// that term" (raft 5.3).
func (l *log) reject(prev Index) AppendReject {
	if prev > l.last() {
		return AppendReject{PrevIndex: prev, HintIndex: l.last() + 1}
	}
	term, _ := l.term(prev)
	return AppendReject{PrevIndex: prev, HintTerm: term, HintIndex: max(l.firstOfTerm(term), l.commit+1)}
}

// nextAfter returns, on the leader's log, the index from which on to send after
// the rejection: behind its own last entry of the follower's term if it has
// one, else where the follower's term begins. Each rejection leads to an older
// term of the follower, so that there are no more of them than terms: "one
// AppendEntries RPC will be required for each term with conflicting entries,
// rather than one RPC per entry" (raft 5.3).
func (l *log) nextAfter(b AppendReject) Index {
	if last, ok := l.lastOfTerm(b.HintTerm, b.PrevIndex); ok && b.HintTerm > 0 {
		return last + 1
	}
	return min(b.HintIndex, b.PrevIndex)
}
