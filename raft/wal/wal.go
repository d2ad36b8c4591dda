package wal

import (
	"cmp"
	"fmt"

	"praetor/raft"
)

// Options are the few choices that there are. The zero value is good.
type Options struct {
	// SegmentSize is what a segment grows to before the next one is begun, in
	// bytes; 16 MiB if it is 0, at most 1 GiB. A single larger record makes
	// its segment larger.
	SegmentSize int64
}

// defaultSegmentSize trades how often a segment is made (an fsync of the
// directory each) against how much Compact leaves over, in bytes.
const defaultSegmentSize = 16 << 20

// WAL is Raft's log, hard state and snapshots on a [Disk]. Its methods block
// and are for one goroutine; only a [SnapshotWriter] and an open snapshot may
// be used by another.
//
// After a failed write or sync of the log the WAL is of no more use: every call
// returns that error. What of the last writes is on disk is unknown then, and
// only Open, which reads it back, can tell.
type WAL struct {
	disk     Disk
	options  Options
	state    state
	segments []segment // oldest first; the last one is tail
	tail     tail
	buf      []byte // of the last record, to be used again
	repairs  []Repair
	err      error // why the WAL is of no more use

	newSnapshot bool // the next Sync may remove snapshots
}

// Append writes rw to the log, in one write to the disk. It is durable after
// the next Sync; a crash before that leaves all of it or nothing. Entries
// replace all those of the log from the index of the first of them on. A
// snapshot, which must be committed, becomes the log's, and the log starts
// anew behind it. An empty Write does nothing. If the error is ErrOrder,
// ErrTooLarge or fs.ErrNotExist (the snapshot is not there) nothing was
// changed; after any other the WAL is of no more use.
func (w *WAL) Append(rw raft.Write) error {
	c := change{hard: rw.Hard, entries: rw.Entries}
	if rw.Snapshot != nil {
		c.snap = &mark{snap: position{rw.Snapshot.Index, rw.Snapshot.Term}}
	}
	if w.err == nil && c.hard == nil && c.snap == nil && len(c.entries) == 0 {
		return nil
	}
	return w.append(c)
}

// append writes a change to the log.
func (w *WAL) append(c change) error {
	if w.err != nil {
		return w.err
	}
	next, err := w.state.next(c)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrOrder, err)
	}
	if c.snap != nil {
		f, err := w.disk.Open(snapshotName(c.snap.snap))
		if err != nil {
			return fmt.Errorf("wal: use a snapshot: %w", err)
		}
		f.Close()
	}
	if n := c.bound(); n > maxPayload {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, n, maxPayload)
	}
	if err := w.appendRecord(kindWrite, c.append(w.blank())); err != nil {
		return err
	}
	w.state = next
	w.newSnapshot = w.newSnapshot || c.snap != nil
	if len(c.entries) > 0 {
		s := &w.segments[len(w.segments)-1]
		s.top = max(s.top, next.last)
	}
	return nil
}

// blank returns the reused buffer with room for a record's header.
func (w *WAL) blank() []byte { return append(w.buf[:0], recordHead[:]...) }

// appendRecord writes the record whose blank header and payload are b. It
// begins a new segment if this one has no room for it and a seal, unless this
// one is new.
func (w *WAL) appendRecord(k kind, b []byte) error {
	t := &w.tail
	end := t.at.offset + recordSize(len(b)-headerSize)
	if end+recordSize(0) > t.size && !t.fresh {
		if err := w.roll(); err != nil {
			return err
		}
	}
	b, sum := finishRecord(b, k, t.at)
	w.buf = b
	if err := t.write(b); err != nil {
		return w.poison(fmt.Errorf("wal: append: %w", err))
	}
	t.at.offset += int64(len(b))
	t.at.prev = sum
	t.fresh = false
	return nil
}

// Sync makes durable all that was appended. If it fails nothing is known about
// that, and the WAL is of no more use: an fsync that failed must not be tried
// again, since the next one may succeed without having written anything.
func (w *WAL) Sync() error {
	t := &w.tail
	if w.err != nil || t.at.durable == t.at.offset {
		return w.err
	}
	if err := t.file.Sync(); err != nil {
		return w.poison(fmt.Errorf("wal: sync: %w", err))
	}
	t.at.durable = t.at.offset
	if w.newSnapshot {
		w.newSnapshot = false
		return w.removeSnapshots(false)
	}
	return nil
}

// poison makes err the answer to all further calls.
func (w *WAL) poison(err error) error {
	reachedPoisoned.Hit()
	w.err = err
	return err
}

// roll goes on in a new segment. The order makes each state that a crash can
// leave a legal one, and makes it known if the new segment is lost later:
//
//	sync the old    it is durable before a successor exists
//	create the new  it says where the old one ends
//	seal the old    it says that there is a successor, before anything in that
//	                is acknowledged
func (w *WAL) roll() error {
	if err := w.Sync(); err != nil {
		return err
	}
	old := w.tail
	next, err := createSegment(w.disk, segmentHeader{
		seq:     old.seq + 1,
		size:    w.options.SegmentSize,
		prevEnd: old.at.offset,
		prevSum: old.at.prev,
	}, w.state.base())
	if err != nil {
		return w.poison(err)
	}
	w.addSegment(next)
	reachedRoll.Hit()
	seal, _ := finishRecord(append([]byte(nil), recordHead[:]...), kindSeal, old.at)
	if err := inOrder(
		func() error { _, err := old.file.WriteAt(seal, old.at.offset); return err },
		old.file.Sync,
		old.file.Close,
	); err != nil {
		return w.poison(fmt.Errorf("wal: seal a segment: %w", err))
	}
	return nil
}

func (w *WAL) addSegment(t tail) {
	w.tail = t
	w.segments = append(w.segments, segment{name: t.name})
}

// Compact drops the segments that hold only entries before the index, which a
// snapshot must cover. Entries before it that share a segment with later ones
// stay. It syncs first, and never drops the segment that is being written.
//
// To be able to fall back to the snapshot before the newest if the newest is
// found damaged, pass an index that the older one covers too.
func (w *WAL) Compact(before raft.Index) error {
	// The snapshot itself may have been appended and not be durable yet.
	if err := w.Sync(); err != nil {
		return err
	}
	if before > w.state.snap.Index+1 {
		return fmt.Errorf("%w: compact before %d, but the snapshot ends at %d", ErrOrder, before, w.state.snap.Index)
	}
	for len(w.segments) > 1 && w.segments[0].top < before {
		name := w.segments[0].name
		reachedSegmentRemoved.Hit()
		// One at a time, so that a crash cannot leave a gap.
		if err := inOrder(
			func() error { return w.disk.Remove(name) },
			w.disk.SyncDir,
		); err != nil {
			return w.poison(fmt.Errorf("wal: compact: %w", err))
		}
		w.segments = w.segments[1:]
	}
	return nil
}

// Repairs returns what Open put right, in order.
func (w *WAL) Repairs() []Repair { return w.repairs }

func (w *WAL) repaired(file, what string) {
	w.repairs = append(w.repairs, Repair{File: file, What: what})
}

// Close ends the log with an empty record, which tells the next Open that all
// before it was durable, and syncs and closes it. Further calls return
// ErrClosed.
func (w *WAL) Close() error {
	if w.err == ErrClosed {
		return w.err
	}
	err := inOrder(
		w.Sync,
		func() error { return w.append(change{}) },
		w.Sync,
	)
	err = cmp.Or(err, w.tail.file.Close())
	w.err = ErrClosed
	return err
}
