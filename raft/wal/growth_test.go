package wal_test

import (
	"bytes"
	"slices"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
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
		if used := ends(b); len(b) > 4096 && used <= len(b)/2 || len(b) > 100_000 {
			t.Fatalf("%d of %d bytes are used", used, len(b))
		}
	}
	// 4 KiB, 8, 16, 32, 64, 100,000 bytes, and the next segment's first 4 KiB.
	if growths != 6 {
		t.Errorf("the file was preallocated %d times after its first 4 KiB, want 5 and 1 for the next one", growths)
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
	if want := []int{4096, 96 + 20_064 + 64, 4096}; !slices.Equal(sizes, want) {
		t.Errorf("segments of %v bytes, want %v", sizes, want)
	}
	r.loseAll()
	r.open()
	if n := len(r.wal.Repairs()); n > 0 {
		t.Errorf("%d repairs", n)
	}
}

// stages is a log of one segment, and what it held after each record.
type stages struct {
	files map[string][]byte
	name  string
	ends  []int // the last byte of each record that counts is before it
	held  []raft.Stored
}

// newStages makes a segment that has grown once. Its records are synced, but the
// last one.
func newStages(t *testing.T) stages {
	r := newRig(t, 1<<20)
	r.open()
	var s stages
	note := func() {
		s.files = r.files()
		s.name = segments(s.files)[0]
		s.ends = append(s.ends, ends(s.files[s.name]))
		s.held = append(s.held, r.model.now)
	}
	note()
	add := func(w raft.Write) { r.ok(r.sync()); r.ok(r.append(w)); note() }
	add(raft.Write{Hard: &raft.HardState{Cluster: 9, Term: 4, Vote: "n1"}, Entries: entries(1, 4, 4)})
	add(raft.Write{Entries: []raft.Entry{{Index: 5, Term: 4, Data: bytes.Repeat([]byte("x"), 3700)}}})
	for i := raft.Index(6); i < 12; i++ {
		add(raft.Write{Entries: entries(i, 1, 4)})
	}
	if n := len(s.files[s.name]); n != 8192 {
		t.Fatalf("the segment has %d bytes", n)
	}
	return s
}

// aligned returns where the next record begins after an offset.
func aligned(offset int) int { return (offset + 31) &^ 31 }

// open opens the log with another content of the segment, and lets it go on.
func (s stages) open(t *testing.T, content []byte) (raft.Stored, []wal.Repair, error) {
	t.Helper()
	files := map[string][]byte{s.name: content}
	w, stored, err := reopen(t, files)
	if err != nil {
		return stored, nil, err
	}
	r := &rig{t: t, disk: diskOf(t, files), size: 1 << 20}
	r.model.may = []raft.Stored{stored}
	r.open()
	r.goesOn()
	return stored, w.Repairs(), nil
}

// The last segment may be cut anywhere: every record that is still whole is
// there, and what is missing is reported. Only its head must be complete,
// without which it would not have got its name.
func TestALastSegmentThatIsCutShortKeepsEveryWholeRecord(t *testing.T) {
	s := newStages(t)
	for n := range s.files[s.name] {
		got, repairs, err := s.open(t, s.files[s.name][:n])
		if n < s.ends[0] {
			refused(t, err, s.name, int64(n))
			continue
		}
		whole := 0
		for whole+1 < len(s.ends) && s.ends[whole+1] <= n {
			whole++
		}
		if err != nil || !same(got, s.held[whole]) {
			t.Fatalf("cut to %d bytes: got %s, %v; want %s", n, describe(got), err, describe(s.held[whole]))
		}
		// Where a record ended when the file did it looks as before the growth.
		want := 1
		if n == 4096 && aligned(s.ends[whole]) == n {
			want = 0
		}
		if len(repairs) != want || want == 1 && repairs[0].File != s.name {
			t.Fatalf("cut to %d bytes: repairs %v", n, repairs)
		}
	}
}
