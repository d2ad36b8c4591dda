package wal_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
	"praetor/sim/disk"
)

// lived returns a log with two sealed segments, a last one that has synced
// records and was not closed, and two snapshots, the older of which the log can
// start from.
func lived(t testing.TB) *rig {
	r := newRig(t, 512)
	r.open()
	hard := raft.HardState{Cluster: 9, Term: 4, Vote: "n1"}
	r.ok(r.append(raft.Write{Hard: &hard, Entries: entries(1, 4, 4)}))
	r.ok(r.sync())
	r.ok(r.save(2))
	for i := raft.Index(5); i < 17; i++ {
		r.ok(r.append(raft.Write{Entries: entries(i, 1, 4)}))
		r.ok(r.sync())
	}
	r.ok(r.save(12))
	r.ok(r.append(raft.Write{Entries: entries(17, 2, 4)}))
	r.ok(r.sync())
	return r
}

// snapshot is the newest snapshot of that log.
const snapshot = "snap-00000000000000000012-0000000004.snap"

// reopen opens a log of the files.
func reopen(t testing.TB, files map[string][]byte) (*wal.WAL, raft.Stored, error) {
	t.Helper()
	d := diskOf(t, files)
	effects := 0
	d.Trace = func(disk.Op) { effects++ }
	w, stored, err := wal.Open(d, wal.Options{SegmentSize: 512})
	if err != nil && effects > 0 {
		t.Errorf("refused, but %d operations changed the disk: %v", effects, err)
	}
	return w, stored, err
}

// refused checks that err names the file and an offset up to the given one.
func refused(t testing.TB, err error, file string, offset int64) {
	t.Helper()
	var c *wal.CorruptError
	if !errors.As(err, &c) || c.File != file || c.Offset > offset {
		t.Errorf("damage of %s at %d: got %v", file, offset, err)
	}
}

// ends returns how many bytes of a file are before the zeros at its end.
func ends(b []byte) int { return len(bytes.TrimRight(b, "\x00")) }

// Every bit of every file is flipped, one at a time. Nothing that was synced
// may be missing or different afterwards: either the damage is named, or it has
// no effect, since the bit is not part of anything or the log makes up for it.
func TestNoFlippedBitIsTakenForATornWrite(t *testing.T) {
	r := lived(t)
	files := r.files()
	named, harmless := 0, make(map[string]int)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for i := range files[name][:ends(files[name])] {
			for bit := range 8 {
				files[name][i] ^= 1 << bit
				_, stored, err := reopen(t, files)
				files[name][i] ^= 1 << bit
				if err != nil {
					refused(t, err, name, int64(i))
					named++
					continue
				}
				harmless[name[:4]]++
				if !same(stored, r.model.now) && !sameButOlder(stored, r.model.now) {
					t.Fatalf("bit %d of byte %d of %s: recovered\n%s\nnot\n%s", bit, i, name, describe(stored), describe(r.model.now))
				}
			}
		}
	}
	t.Logf("%d flips named, harmless: %v", named, harmless)
}

// sameButOlder reports whether got is want but for the older snapshot, with all
// entries that follow it.
func sameButOlder(got, want raft.Stored) bool {
	if got.Snapshot.Index != 2 {
		return false
	}
	got.Snapshot = want.Snapshot
	return same(got, want) && got.Entries[0].Index <= 3
}

// A bit that flips behind the end of the log is cleared away, or named.
func TestAFlippedBitBehindTheEndLosesNothing(t *testing.T) {
	r := lived(t)
	files := r.files()
	name := segments(files)[len(segments(files))-1]
	for i := ends(files[name]); i < len(files[name]); i++ {
		files[name][i] ^= 4
		_, stored, err := reopen(t, files)
		files[name][i] ^= 4
		if err != nil {
			refused(t, err, name, int64(i))
		} else if !same(stored, r.model.now) {
			t.Fatalf("byte %d: recovered %s", i, describe(stored))
		}
	}
}

// segments returns the names of the segments, oldest first.
func segments(files map[string][]byte) []string {
	var out []string
	for name := range files {
		if strings.HasSuffix(name, ".wal") {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// A snapshot and a sealed segment must be complete; of the latter only what the
// next one counts on. The last segment is another matter, see
// TestALastSegmentThatIsCutShortKeepsEveryWholeRecord.
func TestAFileThatIsCutShortIsNamed(t *testing.T) {
	r := lived(t)
	files := r.files()
	names := segments(files)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == names[len(names)-1] {
			continue
		}
		whole := files[name]
		for n := range whole {
			files[name] = whole[:n]
			_, stored, err := reopen(t, files)
			must := strings.HasSuffix(name, ".wal") && n < aligned(ends(whole))-sealSize
			switch {
			case err != nil:
				refused(t, err, name, int64(n))
			case must || !same(stored, r.model.now) && !sameButOlder(stored, r.model.now):
				t.Fatalf("%s cut to %d bytes: recovered %s", name, n, describe(stored))
			}
		}
		files[name] = whole
	}
}

// sealSize is the size of the record that ends a sealed segment.
const sealSize = 64

func TestAFileThatIsMissingIsNamed(t *testing.T) {
	r := lived(t)
	names := segments(r.files())
	if len(names) < 3 {
		t.Fatalf("only %d segments", len(names))
	}
	newest := len(names) - 1
	for _, c := range []struct {
		missing []string
		named   string
		reason  string
	}{
		{names[:newest], names[newest], "log begins at index"},
		{names[1:2], names[2], "segment 2, which stands before it, is missing"},
		{names[newest:], names[newest-1], "which is missing"},
		{[]string{snapshot}, snapshot, "the log's snapshot is missing"},
	} {
		files := r.files()
		for _, name := range c.missing {
			delete(files, name)
		}
		_, _, err := reopen(t, files)
		refused(t, err, c.named, 1<<30)
		if err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("without %s: got %v, want %q", c.missing, err, c.reason)
		}
	}
}

func TestSnapshotsWithoutALogAreRefused(t *testing.T) {
	files := lived(t).files()
	for _, name := range segments(files) {
		delete(files, name)
	}
	_, _, err := reopen(t, files)
	refused(t, err, snapshot, 0)
}

// The newest batch, once synced, that turns to zeros is the one damage that
// cannot be told from a crash; see rule 5 and the case after it in the package
// comment. As soon as anything was written after it, it can.
func TestZerosAreNamedUnlessTheyAreTheNewestBatch(t *testing.T) {
	zeroed := func(r *rig, at, n int) (raft.Stored, error) {
		files := r.files()
		names := segments(files)
		b := files[names[len(names)-1]]
		copy(b[at:at+n], make([]byte, n))
		w, stored, err := reopen(t, files)
		if err == nil && len(w.Repairs()) == 0 {
			t.Error("cut without a word")
		}
		return stored, err
	}
	newRecord := func() (*rig, int) { // and where the newest record begins
		r := newRig(t, 4096)
		r.open()
		r.ok(r.append(raft.Write{Entries: entries(1, 3, 1)}))
		r.ok(r.sync())
		at := r.end()
		r.ok(r.append(raft.Write{Entries: entries(4, 3, 1)}))
		r.ok(r.sync())
		return r, at
	}
	r, at := newRecord()
	stored, err := zeroed(r, at+64, 64) // the record's end; the rest is there
	if err != nil || last(stored) != 3 {
		t.Errorf("newest batch: got %s, %v; want it cut", describe(stored), err)
	}
	r, at = newRecord()
	r.ok(r.append(raft.Write{Entries: entries(7, 1, 1)})) // not even synced
	_, err = zeroed(r, at, 96)
	var c *wal.CorruptError
	if !errors.As(err, &c) || c.Offset != int64(at) || !strings.Contains(c.Reason, "was written after it was durable") {
		t.Errorf("batch before the newest: got %v", err)
	}
	r, at = newRecord()
	r.ok(r.wal.Close())
	if _, err = zeroed(r, at, 96); !errors.As(err, &c) {
		t.Errorf("newest batch of a log that was closed: got %v", err)
	}
}

// end returns where the last segment's records end.
func (r *rig) end() int {
	files := r.files()
	names := segments(files)
	return aligned(ends(files[names[len(names)-1]]))
}

func TestADamagedSnapshotIsMadeUpForByTheOneBeforeAndTheLog(t *testing.T) {
	r := lived(t)
	files := r.files()
	files[snapshot][len(files[snapshot])-20] ^= 1
	r.disk = diskOf(t, files)
	w, stored, err := wal.Open(r.disk, wal.Options{SegmentSize: 512})
	if err != nil || !sameButOlder(stored, r.model.now) {
		t.Fatal(describe(stored), err)
	}
	if repairs := w.Repairs(); len(repairs) != 2 || repairs[0].File != snapshot || !strings.Contains(repairs[0].What, "went back to the snapshot up to 2") {
		t.Errorf("repairs: %v", repairs)
	}
	// It stays so, and the next snapshot may be one that the log had already.
	r.model.now.Snapshot = stored.Snapshot
	r.model.durable()
	r.loseAll()
	r.open()
	r.ok(r.save(12))
	r.loseAll()
	r.open()
}

func TestADamagedSnapshotThatNothingMakesUpForIsRefused(t *testing.T) {
	r := lived(t)
	r.ok(r.wal.Compact(13)) // the older snapshot ends at 2; entries 3 and on are gone
	files := r.files()
	files[snapshot][len(files[snapshot])-20] ^= 1
	_, _, err := reopen(t, files)
	refused(t, err, snapshot, int64(len(files[snapshot])-20))
}

// The base of a segment repeats what those before it amount to. That they agree
// is checked, though no damage that passes the checksums is likely.
func TestABaseThatDisagreesWithTheLogIsRefused(t *testing.T) {
	r := newRig(t, 512)
	r.open()
	for i := raft.Index(1); i < 3; i++ {
		r.ok(r.append(raft.Write{Entries: batch(i, 1)}))
	}
	files := r.files()
	names := segments(files)
	if len(names) != 2 {
		t.Fatalf("%d segments", len(names))
	}
	files[names[1]][64] = 5 // the cluster
	wal.FixSums(files[names[1]])
	_, _, err := reopen(t, files)
	refused(t, err, names[1], 32)
}

// A segment of the same place and size from another life of the log, say from a
// backup: each of its records is whole, and its successor does not follow it.
func TestASegmentOfAnotherLifeIsRefused(t *testing.T) {
	life := func(term raft.Term) map[string][]byte {
		r := newRig(t, 512)
		r.open()
		for i := raft.Index(1); i < 9; i++ {
			r.ok(r.append(raft.Write{Entries: entries(i, 1, term)}))
		}
		return r.files()
	}
	files, other := life(1), life(2)
	names := segments(files)
	files[names[0]] = other[names[0]]
	_, _, err := reopen(t, files)
	refused(t, err, names[1], 0)
}

func TestOtherVersionsAreRefused(t *testing.T) {
	r := lived(t)
	for name, b := range r.files() {
		files := r.files()
		files[name] = withVersion(b, 2)
		_, _, err := reopen(t, files)
		if strings.HasSuffix(name, ".wal") && (err == nil || !strings.Contains(err.Error(), "format version 2, but this program reads version 1")) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestASegmentThatClaimsToBeHugeIsRefused(t *testing.T) {
	files := lived(t).files()
	name := segments(files)[0]
	files[name][16] = 0x7f // the first byte of its size
	wal.FixSums(files[name])
	_, _, err := reopen(t, files)
	refused(t, err, name, 0)
}

func TestAnEmptySegmentIsRefusedAndAnUnfinishedOneIsRemoved(t *testing.T) {
	r := lived(t)
	files := r.files()
	files["log-0000000009-00000000000000000019.wal.tmp"] = nil
	w, stored, err := reopen(t, files)
	if err != nil || !same(stored, r.model.now) || len(w.Repairs()) != 1 {
		t.Errorf("unfinished: got %s, %v, repairs %v", describe(stored), err, w.Repairs())
	}
	// A segment gets its name only when it is complete.
	names := segments(files)
	files[names[len(names)-1]] = nil
	_, _, err = reopen(t, files)
	refused(t, err, names[len(names)-1], 0)
}
