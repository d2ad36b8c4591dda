package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"

	"praetor/raft"
)

// Sizes of the parts of a snapshot's file, in bytes; see the package comment.
const (
	snapshotHead    = 12 // magic, version, length of the meta data
	snapshotTrailer = 12 // length of the body, checksum
	sumSize         = 4
	blockSize       = 64 << 10
	maxMeta         = 1 << 20 // encoded meta data
)

// SnapshotWriter writes one snapshot to the disk, beside the log: nothing of
// the log changes before [WAL.UseSnapshot] or an Append that names it. A
// goroutine may write a snapshot while another one appends to the log.
type SnapshotWriter struct {
	disk   Disk
	name   string
	file   File
	seed   checksum // of the head; binds the blocks to it
	block  []byte   // bytes that are not written yet
	size   uint64   // of the body so far
	offset int64    // in the file
	err    error    // the first failure; sticks
}

// NewSnapshot begins a snapshot. Whoever calls it calls Commit or Abort.
func (w *WAL) NewSnapshot(meta raft.SnapshotMeta) (*SnapshotWriter, error) {
	head, seed, err := appendSnapshotHead(nil, meta)
	if err != nil {
		return nil, err
	}
	name := snapshotName(position{meta.Index, meta.Term})
	f, err := w.disk.Create(name + tempSuffix)
	if err != nil {
		return nil, fmt.Errorf("wal: begin a snapshot: %w", err)
	}
	s := &SnapshotWriter{disk: w.disk, name: name, file: f, seed: seed, block: make([]byte, 0, blockSize+sumSize)}
	s.write(head)
	return s, nil
}

// appendSnapshotHead appends the head of a snapshot's file, and returns it with
// its checksum.
func appendSnapshotHead(dst []byte, meta raft.SnapshotMeta) ([]byte, checksum, error) {
	for _, peers := range [][]raft.Peer{meta.Config.Voters, meta.Config.Learners, meta.Config.Outgoing} {
		for _, p := range peers {
			if err := checkNames(string(p.ID), p.Addr); err != nil {
				return nil, 0, fmt.Errorf("wal: begin a snapshot up to %d: %w", meta.Index, err)
			}
		}
	}
	m := appendMeta(nil, meta)
	if len(m) > maxMeta {
		return nil, 0, fmt.Errorf("wal: begin a snapshot up to %d: configuration of %d bytes, at most %d", meta.Index, len(m), maxMeta)
	}
	dst = append(dst, snapshotMagic...)
	dst = binary.BigEndian.AppendUint32(dst, formatVersion)
	dst = binary.BigEndian.AppendUint32(dst, uint32(len(m)))
	dst = append(dst, m...)
	sum := sumOf(0, dst)
	return binary.BigEndian.AppendUint32(dst, uint32(sum)), sum, nil
}

// blockSum returns the checksum of block i of the snapshot whose head has the
// checksum seed.
func blockSum(seed checksum, i uint64, block []byte) checksum {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], i)
	return sumOf(sumOf(seed, n[:]), block)
}

// Write appends to the snapshot's body.
func (s *SnapshotWriter) Write(b []byte) (int, error) {
	n := 0
	for len(b) > 0 && s.err == nil {
		k := min(len(b), blockSize-len(s.block))
		s.block = append(s.block, b[:k]...)
		b = b[k:]
		n += k
		if len(s.block) == blockSize {
			s.flush()
		}
	}
	return n, s.err
}

// flush writes the block, full or the last, and its checksum.
func (s *SnapshotWriter) flush() {
	if len(s.block) == 0 {
		return
	}
	sum := blockSum(s.seed, s.size/blockSize, s.block)
	s.size += uint64(len(s.block))
	s.write(binary.BigEndian.AppendUint32(s.block, uint32(sum)))
	s.block = s.block[:0]
}

// write appends to the file.
func (s *SnapshotWriter) write(b []byte) {
	if s.err == nil {
		_, s.err = s.file.WriteAt(b, s.offset)
		s.offset += int64(len(b))
	}
}

// Commit makes the snapshot durable under its name. If it fails, the snapshot
// is gone, or the next Open removes it.
func (s *SnapshotWriter) Commit() error {
	s.flush()
	trailer := binary.BigEndian.AppendUint64(nil, s.size)
	s.write(binary.BigEndian.AppendUint32(trailer, uint32(sumOf(s.seed, trailer))))
	err := inOrder(
		func() error { return s.err },
		s.file.Sync,
		s.file.Close,
		func() error { return s.disk.Rename(s.name+tempSuffix, s.name) },
		s.disk.SyncDir,
	)
	if err != nil {
		s.Abort()
		return fmt.Errorf("wal: write a snapshot: %w", err)
	}
	s.err = ErrClosed
	return nil
}

// Abort throws the snapshot away. After Commit it does nothing.
func (s *SnapshotWriter) Abort() {
	if errors.Is(s.err, ErrClosed) {
		return
	}
	s.err = ErrClosed
	s.file.Close()
	// What stays if this fails is removed by the next Open.
	s.disk.Remove(s.name + tempSuffix)
}

// SaveSnapshot writes the snapshot that body gives and makes it the log's: it
// is NewSnapshot, Commit and UseSnapshot in one.
func (w *WAL) SaveSnapshot(meta raft.SnapshotMeta, body io.WriterTo) error {
	if err := w.checkSnapshot(meta); err != nil {
		return err
	}
	s, err := w.NewSnapshot(meta)
	if err != nil {
		return err
	}
	if _, err := body.WriteTo(s); err != nil {
		s.Abort()
		return fmt.Errorf("wal: write a snapshot: %w", err)
	}
	if err := s.Commit(); err != nil {
		return err
	}
	return w.UseSnapshot(meta)
}

// UseSnapshot makes a committed snapshot of the log's own entries the log's,
// and returns when that is durable. It must be newer than the one before. The
// entries that it covers stay until Compact drops them. Snapshots older than
// the one before are removed. (A snapshot that came from a leader is put to use
// by Append, as part of a raft.Write.)
func (w *WAL) UseSnapshot(meta raft.SnapshotMeta) error {
	if err := w.checkSnapshot(meta); err != nil {
		return err
	}
	return w.setSnapshot(position{meta.Index, meta.Term})
}

// checkSnapshot says why the log cannot have a snapshot of its own now, or nil.
func (w *WAL) checkSnapshot(meta raft.SnapshotMeta) error {
	switch {
	case w.err != nil:
		return w.err
	case meta.Index <= w.state.snap.Index:
		reachedOvertaken.Hit()
		return fmt.Errorf("%w: snapshot up to %d, but there is one up to %d", ErrOrder, meta.Index, w.state.snap.Index)
	case meta.Index > w.state.last:
		return fmt.Errorf("%w: snapshot up to %d, but the log ends at %d", ErrOrder, meta.Index, w.state.last)
	}
	return nil
}

// setSnapshot makes p the log's snapshot and makes that durable.
func (w *WAL) setSnapshot(p position) error {
	if err := w.append(change{snap: &mark{snap: p, keep: true}}); err != nil {
		return err
	}
	return w.Sync()
}

// removeSnapshots removes the snapshots that are older than the log's and the
// one before it, and if newer is set those that are newer than the log's too:
// a crash came before they were used.
func (w *WAL) removeSnapshots(newer bool) error {
	l, err := list(w.disk)
	if err != nil {
		return w.poison(err)
	}
	current := slices.Index(l.snapshots, w.state.snap)
	for i, p := range l.snapshots {
		if i == current || i == current-1 || i > current && !newer {
			continue
		}
		name := snapshotName(p)
		if err := w.disk.Remove(name); err != nil {
			return w.poison(fmt.Errorf("wal: remove an old snapshot: %w", err))
		}
		if i > current {
			reachedStraySnapshot.Hit()
			w.repaired(name, "removed a snapshot that is not the log's")
		}
	}
	return nil
}
