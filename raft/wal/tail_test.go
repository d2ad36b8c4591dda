package wal_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
	"praetor/sim/disk"
)

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

// Garbage behind the last record, at any place of the file and beyond its end,
// is cut off and reported, and costs no record.
func TestGarbageBehindTheLastRecordIsCutOff(t *testing.T) {
	s := newStages(t)
	whole := s.files[s.name]
	end, last := s.ends[len(s.ends)-1], s.held[len(s.held)-1]
	rng := rand.New(rand.NewPCG(1, 1))
	random := make([]byte, 5000)
	for i := range random {
		random[i] = byte(1 + rng.IntN(255))
	}
	for _, pattern := range [][]byte{random, bytes.Repeat([]byte{0xa5}, 5000), bytes.Repeat([]byte{0xff}, 5000), whole[:4200]} {
		for _, at := range []int{end, aligned(end), aligned(end) + 1, aligned(end) + 64, 8191, 8192} {
			for _, n := range []int{1, 31, 32, 37, 64, 100, len(pattern)} {
				garbage := pattern[:n]
				over := slices.Concat(whole[:at], garbage) // the file ends with it
				within := slices.Clone(whole)
				copy(within[at:], garbage)
				for what, content := range map[string][]byte{"at the end of the file": over, "within the file": within} {
					if bytes.Equal(content, whole) {
						continue // nothing of it fits there
					}
					got, repairs, err := s.open(t, content)
					if err != nil || !same(got, last) || len(repairs) != 1 {
						t.Errorf("%d bytes of garbage (%.4x…) at %d (of %d), %s: got %s, %v, repairs %v", n, garbage, at, end, what, describe(got), err, repairs)
					}
				}
			}
		}
	}
}

// The padding between records is zero. Anything else is damage, though no record
// is different, be the segment the last one or sealed.
func TestChangedPaddingBetweenRecordsIsNamed(t *testing.T) {
	s := newStages(t)
	sealed := lived(t)
	files := sealed.files()
	first := segments(files)[0]
	records := 0
	for _, c := range []struct {
		name  string
		files map[string][]byte
		end   int // of what counts
	}{
		{s.name, s.files, s.ends[len(s.ends)-2]}, // all but the last record's
		{first, files, aligned(ends(files[first])) - sealSize},
	} {
		whole := c.files[c.name]
		for _, from := range recordEnds(whole) {
			if from >= c.end {
				break
			}
			records++
			for at := from; at < aligned(from); at++ {
				whole[at] = 1
				_, _, err := reopen(t, c.files)
				whole[at] = 0
				refused(t, err, c.name, int64(at))
				if err != nil && !strings.Contains(err.Error(), "between this record and the next") {
					t.Errorf("padding at %d: %v", at, err)
				}
			}
		}
	}
	if records < 10 {
		t.Errorf("only %d records", records)
	}
}

// recordEnds returns the offsets after the end marks of a segment's records.
func recordEnds(segment []byte) (out []int) {
	for at := 32; at+32 <= len(segment); {
		n := int(binary.BigEndian.Uint32(segment[at:]))
		if n == 0 {
			break
		}
		out = append(out, at+32+n)
		at = aligned(at + 32 + n)
	}
	return out
}

// Whatever overwrites a part of the log that was durable when the newest record
// was written is noticed: zeros, garbage, the log's own bytes from elsewhere.
func TestOverwrittenPartsAreNamed(t *testing.T) {
	s := newStages(t)
	whole := s.files[s.name]
	newest := aligned(s.ends[len(s.ends)-2])
	rng := rand.New(rand.NewPCG(2, 2))
	for range 2000 {
		n := 1 + rng.IntN(1<<rng.IntN(10))
		at := rng.IntN(newest - n)
		if rng.IntN(2) == 0 { // where records begin
			at = at &^ 31
		}
		b := slices.Clone(whole)
		switch part := b[at : at+n]; rng.IntN(3) {
		case 0:
			clear(part)
		case 1:
			for i := range part {
				part[i] = byte(rng.Uint32())
			}
		case 2:
			copy(part, whole[rng.IntN(newest-n):])
		}
		if bytes.Equal(b, whole) {
			continue
		}
		got, _, err := s.open(t, b)
		if err == nil {
			t.Fatalf("%d bytes at %d are different: got %s", n, at, describe(got))
		}
		refused(t, err, s.name, int64(at+n-1))
	}
}

// A header with a wrong checksum is a damaged record and no garbage if it still
// says its place or what it follows.
func TestADamagedHeaderIsNotTakenForGarbage(t *testing.T) {
	s := newStages(t)
	newest, durable := aligned(s.ends[len(s.ends)-2]), aligned(s.ends[len(s.ends)-3])
	for _, c := range []struct {
		name    string
		at      int
		changed [][2]int // parts of the header
		refused bool
	}{
		{"only the offset fits", newest, [][2]int{{0, 8}, {12, 32}}, true},
		{"only the prev crc fits", newest, [][2]int{{0, 16}, {20, 32}}, true},
		{"neither fits", newest, [][2]int{{8, 12}, {16, 20}}, false},
		{"none of it fits", newest, [][2]int{{0, 32}}, false},
		{"none fits, but a later record says that it was durable", durable, [][2]int{{0, 32}}, true},
	} {
		b := slices.Clone(s.files[s.name])
		for _, part := range c.changed {
			for i := c.at + part[0]; i < c.at+part[1]; i++ {
				b[i] ^= 0x5a
			}
		}
		got, repairs, err := s.open(t, b)
		if c.refused {
			refused(t, err, s.name, int64(c.at))
		} else if err != nil || !same(got, s.held[len(s.held)-2]) || len(repairs) != 1 {
			t.Errorf("%s: got %s, %v, repairs %v", c.name, describe(got), err, repairs)
		}
	}
}

// A crash may come at any moment of a repair. The next start makes it again, or
// goes on from there, and finds the same records.
func TestAnInterruptedRepairIsMadeAgain(t *testing.T) {
	s := newStages(t)
	whole := s.files[s.name]
	end, last := s.ends[len(s.ends)-1], s.held[len(s.held)-1]
	for what, content := range map[string][]byte{
		"zeros are cut off":          whole[:8000],
		"padding is cut off":         whole[:end+1],
		"all padding is cut off":     whole[:end],
		"garbage in the padding":     slices.Concat(whole[:end], []byte("G"), make([]byte, 8192-end-1)),
		"garbage from there on":      slices.Concat(whole[:end], bytes.Repeat([]byte("G"), 600)),
		"garbage behind the padding": slices.Concat(whole[:aligned(end)], bytes.Repeat([]byte("G"), 600)),
	} {
		d := diskOf(t, map[string][]byte{s.name: content})
		states := 0
		d.Fault = func(disk.Op) disk.Fault {
			for after := range d.CrashStates() {
				states++
				r := &rig{t: t, disk: after, size: 1 << 20}
				r.model.may = []raft.Stored{last}
				r.open()
				r.goesOn()
			}
			return disk.Fault{}
		}
		if _, _, err := openWAL(d, 1<<20); err != nil || states < 100 {
			t.Errorf("%s: %d crash states, %v", what, states, err)
		}
	}
}
