package wal_test

import (
	"bytes"
	"slices"
	"testing"

	"praetor/raft"
	"praetor/sim/disk"
)

// The segment's file is at most about twice as long as what it holds, so its
// middle is never in the zeros.
func TestTheMiddleOfASegmentIsData(t *testing.T) {
	r := newRig(t, 100_000)
	r.open()
	growths := 0
	r.disk.Trace = func(op disk.Op) {
		if op.Kind == disk.OpPreallocate {
			growths++
		}
	}
	for i := raft.Index(1); len(segments(r.files())) == 1; i++ {
		e := raft.Entry{Index: i, Term: 1, Data: bytes.Repeat([]byte("x"), 1+int(i)*37%300)}
		r.ok(r.append(raft.Write{Entries: []raft.Entry{e}}))
		r.ok(r.sync())
		b := r.files()[segments(r.files())[0]]
		if used := ends(b); len(b) > 1024 && used <= len(b)/2 || len(b) > 100_000 {
			t.Fatalf("%d of %d bytes are used", used, len(b))
		}
	}
	// 2 KiB, 4, 8, 16, 32, 64, 100,000 bytes, and the next segment's first 1 KiB.
	if growths != 8 {
		t.Errorf("the file was preallocated %d times after its first 1 KiB, want 7 and 1 for the next one", growths)
	}
}

// A record that is larger than a segment has one to itself, which is as large
// as it must be.
func TestALargeRecordMakesItsSegmentLarger(t *testing.T) {
	r := newRig(t, 8192)
	r.open()
	large := raft.Entry{Index: 1, Term: 1, Data: bytes.Repeat([]byte("x"), 20_000)}
	r.ok(r.append(raft.Write{Entries: entries(1, 1, 1)}))
	large.Index = 2
	r.ok(r.append(raft.Write{Entries: []raft.Entry{large}}))
	r.ok(r.append(raft.Write{Entries: entries(3, 1, 1)}))
	r.ok(r.sync())
	var sizes []int
	for _, name := range segments(r.files()) {
		sizes = append(sizes, len(r.files()[name]))
	}
	// The second one is its head of 96 bytes, the record and the seal.
	if want := []int{1024, 96 + 20_064 + 64, 1024}; !slices.Equal(sizes, want) {
		t.Errorf("segments of %v bytes, want %v", sizes, want)
	}
	r.loseAll()
	r.open()
	if n := len(r.wal.Repairs()); n > 0 {
		t.Errorf("%d repairs", n)
	}
}
