package wal_test

import (
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
)

// withVersion returns the file with another format version and right checksums.
func withVersion(b []byte, version uint32) []byte {
	b = slices.Clone(b)
	binary.BigEndian.PutUint32(b[4:], version)
	wal.FixSums(b)
	return b
}

// FuzzSegment opens a log whose one segment is any file: with the checksums as
// they are, and made right. It must not panic, and what it accepts must go on.
func FuzzSegment(f *testing.F) {
	const name = "log-0000000001-00000000000000000001.wal"
	r := newRig(f, 512)
	r.open()
	f.Add(r.files()[name], false)
	hard := raft.HardState{Cluster: 9, Term: 4, Vote: "n1"}
	r.ok(r.append(raft.Write{Hard: &hard, Entries: entries(1, 4, 4)}))
	r.ok(r.sync())
	f.Add(r.files()[name], true)
	r.ok(r.append(raft.Write{Entries: entries(5, 1, 4)}))
	f.Add(r.files()[name], true)
	f.Fuzz(func(t *testing.T, b []byte, fix bool) {
		b = slices.Clone(b)
		if fix {
			wal.FixSums(b)
		}
		r := &rig{t: t, disk: diskOf(t, map[string][]byte{name: b}), size: 512}
		w, stored, err := wal.Open(r.disk, wal.Options{SegmentSize: 512})
		var c *wal.CorruptError
		switch {
		case errors.As(err, &c):
			return
		case err != nil:
			t.Fatal(err)
		}
		r.wal, r.model.now = w, stored
		r.goesOn()
	})
}

// FuzzSnapshot opens a log whose only snapshot is any file, as it is and with
// right checksums at its ends. It must not panic, and what it accepts must be
// read to its end.
func FuzzSnapshot(f *testing.F) {
	r := newRig(f, 4096)
	r.open()
	r.ok(r.append(raft.Write{Entries: entries(1, 4, 4)}))
	r.ok(r.save(2))
	files := r.files()
	const name = "snap-00000000000000000002-0000000004.snap"
	f.Add(files[name], false)
	f.Fuzz(func(t *testing.T, b []byte, fix bool) {
		b = slices.Clone(b)
		if fix {
			wal.FixSnapshotSums(b)
		}
		files := maps.Clone(files)
		files[name] = b
		w, _, err := reopen(t, files)
		var c *wal.CorruptError
		switch {
		case errors.As(err, &c):
			return
		case err != nil:
			t.Fatal(err)
		}
		meta, s, err := w.OpenSnapshot()
		if err != nil || meta.Index != 2 {
			t.Fatal(meta, err)
		}
		if n, err := io.Copy(io.Discard, s); err != nil || n != s.Size() {
			t.Fatalf("read %d of %d bytes: %v", n, s.Size(), err)
		}
	})
}
