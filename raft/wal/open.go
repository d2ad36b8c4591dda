package wal

import (
	"fmt"
	"slices"

	"praetor/raft"
)

// Open opens the log on the disk, or makes one if the disk is empty, and
// returns what it holds. The entries' data shares memory by the segment. The
// error is a [*CorruptError] if something durable was lost or changed; then
// nothing was changed on the disk. What a crash may leave is repaired; see
// [WAL.Repairs].
//
// All that Open returns is durable. After a crash of only the program, the log
// can be read back from memory that never reached the disk, so Open writes and
// syncs again what it cannot prove to be there.
func Open(d Disk, o Options) (*WAL, raft.Stored, error) {
	if o.SegmentSize <= 0 {
		o.SegmentSize = defaultSegmentSize
	}
	o.SegmentSize = min(o.SegmentSize, maxSegmentSize)
	l, err := list(d)
	if err != nil {
		return nil, raft.Stored{}, err
	}
	w := &WAL{disk: d, options: o}
	if len(l.segments) == 0 {
		return w.openEmpty(l)
	}
	return w.openExisting(l)
}

// openEmpty makes the first segment.
func (w *WAL) openEmpty(l listing) (*WAL, raft.Stored, error) {
	if n := len(l.snapshots); n > 0 {
		name := snapshotName(l.snapshots[n-1])
		return nil, raft.Stored{}, corrupt(name, 0, "there is this snapshot, but all segments of the log are missing")
	}
	if err := w.removeTemps(l.temps); err != nil {
		return nil, raft.Stored{}, err
	}
	w.state = emptyState
	t, err := createSegment(w.disk, segmentHeader{seq: 1, size: w.options.SegmentSize}, w.state.base())
	if err != nil {
		return nil, raft.Stored{}, err
	}
	w.addSegment(t)
	return w, raft.Stored{}, nil
}

// openExisting first reads and checks everything, and only then changes the
// disk.
func (w *WAL) openExisting(l listing) (*WAL, raft.Stored, error) {
	r := &replay{disk: w.disk}
	if err := r.readHeaders(l.segments); err != nil {
		return nil, raft.Stored{}, err
	}
	e, err := r.readSegments()
	if err != nil {
		return nil, raft.Stored{}, err
	}
	meta, err := r.chooseSnapshot(l.snapshots)
	if err != nil {
		return nil, raft.Stored{}, err
	}
	if err := w.takeOver(r, e, meta, l.temps); err != nil {
		return nil, raft.Stored{}, err
	}
	return w, raft.Stored{Hard: r.state.hard, Snapshot: meta, Entries: r.entries}, nil
}

// chooseSnapshot returns the log's snapshot. If that is damaged but the one
// before it and the entries that follow are there, it returns that one.
func (r *replay) chooseSnapshot(have []position) (raft.SnapshotMeta, error) {
	snap, first := r.state.snap, r.state.first
	if first > snap.Index+1 {
		return raft.SnapshotMeta{}, corrupt(r.segments[0].name, 0, "log begins at index %d, but the snapshot ends at %d", first, snap.Index)
	}
	if snap == (position{}) {
		return raft.SnapshotMeta{}, nil
	}
	if !slices.Contains(have, snap) {
		return raft.SnapshotMeta{}, corrupt(snapshotName(snap), 0, "the log's snapshot is missing")
	}
	meta, err := verifySnapshot(r.disk, snap)
	if i := slices.Index(have, snap) - 1; err != nil && i >= 0 && have[i].Index+1 >= first {
		older, olderErr := verifySnapshot(r.disk, have[i])
		if olderErr == nil {
			reachedOlderSnapshot.Hit()
			r.repaired(snapshotName(snap), 0, "went back to the snapshot up to %d and the entries after it (%v)", have[i].Index, err)
			return older, nil
		}
	}
	return meta, err
}

// takeOver makes durable what was read, clears away what a crash left, and
// gets ready to append.
func (w *WAL) takeOver(r *replay, e end, meta raft.SnapshotMeta, temps []string) error {
	last := r.segments[len(r.segments)-1]
	f, err := w.disk.Open(last.name)
	if err != nil {
		return fmt.Errorf("wal: open the log: %w", err)
	}
	w.state, w.segments, w.repairs = r.state, r.segments, r.repairs
	w.tail = tail{file: f, name: last.name, seq: last.header.seq, size: last.header.size, at: e.at}
	err = inOrder(
		w.syncNames,
		func() error { return w.rewrite(e.unproven) },
		func() error { return w.removeTemps(temps) },
		func() error {
			if e.cut {
				return w.roll()
			}
			return nil
		},
		func() error {
			if p := (position{meta.Index, meta.Term}); p != w.state.snap {
				return w.setSnapshot(p)
			}
			return nil
		},
		func() error { return w.removeSnapshots(true) },
	)
	if err != nil {
		w.tail.file.Close()
	}
	return err
}

// syncNames makes durable which files there are.
func (w *WAL) syncNames() error {
	if err := w.disk.SyncDir(); err != nil {
		return fmt.Errorf("wal: make the directory durable: %w", err)
	}
	return nil
}

// rewrite writes the bytes before the end of the log once more and syncs them.
// Only to sync would not do: after an fsync that failed, the system may hold
// them to be on disk when they are not.
func (w *WAL) rewrite(unproven []byte) error {
	t := &w.tail
	if len(unproven) > 0 {
		reachedRewrite.Hit()
		if _, err := t.file.WriteAt(unproven, t.at.durable); err != nil {
			return fmt.Errorf("wal: make the log's end durable: %w", err)
		}
	}
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("wal: make the log's end durable: %w", err)
	}
	t.at.durable = t.at.offset
	return nil
}

// removeTemps removes files that a crash left half written. They never were
// part of the log.
func (w *WAL) removeTemps(names []string) error {
	for _, n := range names {
		if err := w.disk.Remove(n); err != nil {
			return fmt.Errorf("wal: clear up: %w", err)
		}
		reachedTempRemoved.Hit()
		w.repaired(n, "removed an unfinished file")
	}
	return nil
}
