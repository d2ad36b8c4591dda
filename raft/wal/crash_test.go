package wal_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
	"praetor/sim/disk"
)

// history is a short life of a log that goes through all that it does: appends
// with and without sync, a conflict, a record of several sectors, a segment
// that is full, its own snapshots, a leader's snapshot, compaction, a restart.
func history(r *rig) []func() error {
	hard := func(term raft.Term, vote raft.NodeID) *raft.HardState {
		return &raft.HardState{Cluster: 9, Term: term, Vote: vote}
	}
	large := raft.Entry{Index: 5, Term: 2, Data: bytes.Repeat([]byte("x"), 700)}
	received := raft.SnapshotMeta{Index: 20, Term: 3}
	return []func() error{
		func() error { r.open(); return nil },
		func() error { return r.append(raft.Write{Hard: hard(1, "n1"), Entries: entries(1, 2, 1)}) },
		r.syncStep,
		func() error { return r.append(raft.Write{Entries: entries(3, 1, 1)}) },
		func() error { return r.append(raft.Write{Entries: entries(4, 2, 1)}) },
		r.syncStep,
		func() error { return r.append(raft.Write{Hard: hard(2, ""), Entries: entries(4, 1, 2)}) }, // a conflict
		func() error { return r.save(3) },
		func() error { return r.append(raft.Write{Entries: []raft.Entry{large}}) },
		func() error { return r.append(raft.Write{Hard: hard(3, "n2")}) },
		r.syncStep,
		func() error { return r.append(raft.Write{Entries: entries(6, 2, 2)}) },
		func() error { return r.save(5) },
		func() error { return r.wal.Compact(6) },
		func() error { return r.receive(received) },
		func() error { return r.append(raft.Write{Snapshot: &received, Entries: entries(21, 1, 3)}) },
		func() error { return r.append(raft.Write{Entries: entries(22, 3, 3)}) },
		r.syncStep,
		func() error { return r.wal.Compact(21) },
		func() error { return r.append(raft.Write{Entries: entries(25, 1, 3)}) },
		func() error { err := r.wal.Close(); r.model.durable(); return err },
		func() error { r.open(); return nil },
	}
}

func (r *rig) syncStep() error { return r.sync() }

// Before each operation on the disk, every state that a crash may leave at
// that moment must be recovered to one that is legal: nothing that was synced
// is missing, and nothing is there that was not written. None is refused.
func TestEveryCrashStateOfAShortHistoryRecovers(t *testing.T) {
	seen := everyCrashState(t, 1024, history)
	for _, what := range []string{
		"cut off an unfinished write",
		"removed an unfinished file",
		"removed a snapshot that is not the log's",
	} {
		if !seen[what] {
			t.Errorf("no crash state led to: %s", what)
		}
	}
}

// growth is a life in which a segment grows twice.
func growth(r *rig) []func() error {
	sized := func(i raft.Index, n int) []raft.Entry {
		return []raft.Entry{{Index: i, Term: 1, Data: bytes.Repeat([]byte("x"), n)}}
	}
	return []func() error{
		func() error { r.open(); return nil },
		func() error { return r.append(raft.Write{Entries: sized(1, 750)}) },
		r.syncStep,
		func() error { return r.append(raft.Write{Entries: sized(2, 300)}) },
		func() error { return r.append(raft.Write{Entries: sized(3, 30)}) },
		r.syncStep,
		func() error { return r.append(raft.Write{Entries: sized(4, 1400)}) },
		r.syncStep,
	}
}

// A crash between the growth of a segment and the next sync may keep the size,
// or the records, or both.
func TestEveryCrashStateOfAGrowingSegmentRecovers(t *testing.T) {
	seen := everyCrashState(t, 1<<20, growth)
	for _, what := range []string{
		"cut off an unfinished write",
		"file ends before the 2048 bytes that were preallocated; the log ends at offset 1248",
	} {
		if !seen[what] {
			t.Errorf("no crash state led to %q, only to %v", what, slices.Sorted(maps.Keys(seen)))
		}
	}
}

// everyCrashState lives through the history on segments of the size, recovers
// from every crash state on the way, and returns what kinds of repairs it saw.
func everyCrashState(t *testing.T, size int64, history func(*rig) []func() error) map[string]bool {
	r := newRig(t, size)
	seen := make(map[string]bool)
	rng := rand.New(rand.NewPCG(1, 1))
	states := 0
	r.disk.Fault = func(disk.Op) disk.Fault {
		for d := range r.disk.CrashStates() {
			states++
			after := &rig{t: t, disk: d, size: r.size, model: r.model}
			// One restart in some is cut short by a second crash.
			if states%7 == 0 {
				after.crashWhileOpening(rng)
			}
			after.open()
			for _, repair := range after.wal.Repairs() {
				what, _, _ := strings.Cut(repair.What, " (")
				seen[what] = true
			}
			after.goesOn()
		}
		return disk.Fault{}
	}
	for i, step := range history(r) {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	t.Logf("%d states", states)
	return seen
}

// goesOn checks that the log takes and keeps another entry after recovery.
func (r *rig) goesOn() {
	r.t.Helper()
	r.ok(r.append(raft.Write{Entries: entries(last(r.model.now)+1, 1, 9)}))
	r.ok(r.sync())
	r.loseAll()
	r.open()
}

// crashWhileOpening opens the log and cuts the power at one of the operations.
func (r *rig) crashWhileOpening(rng *rand.Rand) {
	r.t.Helper()
	n := rng.IntN(8)
	stop := func(op disk.Op) disk.Fault {
		if n--; n < 0 {
			return disk.Fault{Kind: faultFor(op.Kind)}
		}
		return disk.Fault{}
	}
	r.disk.Fault = stop
	if w, _, err := wal.Open(r.disk, wal.Options{SegmentSize: r.size}); err == nil {
		w.Close()
	}
	r.disk.Fault = nil
	r.disk.Crash(rng)
}

// faultFor returns the fault that makes an operation fail.
func faultFor(k disk.OpKind) disk.FaultKind {
	if k == disk.OpSync || k == disk.OpSyncDir {
		return disk.FailedSync
	}
	return disk.EIO
}

// After a crash of only the program, recovery reads what is in memory and not
// on the disk. What it returns must be durable even so.
func TestWhatOpenReturnsIsDurable(t *testing.T) {
	r := newRig(t, 4096)
	r.open()
	r.ok(r.append(raft.Write{Entries: entries(1, 3, 1)}))
	r.open() // not a crash: the writes are all there
	if last(r.model.now) != 3 {
		t.Fatalf("recovered %s", describe(r.model.now))
	}
	r.loseAll()
	r.open()
}

// The same after an fsync that failed, when to sync once more does not help.
// Reference: Rebello et al., ATC 2020.
func TestWhatOpenReturnsIsDurableAfterAFailedSync(t *testing.T) {
	r := newRig(t, 4096)
	r.open()
	r.ok(r.append(raft.Write{Entries: entries(1, 3, 1)}))
	r.disk.Fault = func(op disk.Op) disk.Fault { return disk.Fault{Kind: disk.FailedSync} }
	if r.sync() == nil {
		t.Fatal("sync did not fail")
	}
	r.disk.Fault = nil
	r.open()
	if last(r.model.now) != 3 {
		t.Fatalf("recovered %s", describe(r.model.now))
	}
	r.loseAll()
	r.open()
}

// A segment was begun, and the program stopped before its name was durable. The
// next start sees it and goes on in it.
func TestASegmentThatOpenGoesOnInIsDurable(t *testing.T) {
	r := newRig(t, 512)
	r.open()
	r.ok(r.append(raft.Write{Entries: batch(1, 2)}))
	r.disk.Fault = func(op disk.Op) disk.Fault { return disk.Fault{Kind: nameFault(op.Kind)} }
	if r.append(raft.Write{Entries: batch(3, 2)}) == nil {
		t.Fatal("a new segment was not begun, or its directory was synced")
	}
	r.disk.Fault = nil
	r.open()
	r.ok(r.append(raft.Write{Entries: batch(3, 1)}))
	r.ok(r.sync())
	r.loseAll()
	r.open()
}

// nameFault returns the fault that makes the sync of the directory fail.
func nameFault(k disk.OpKind) disk.FaultKind {
	if k == disk.OpSyncDir {
		return disk.FailedSync
	}
	return disk.NoFault
}

// Random lives: appends, conflicts, snapshots and compactions, with crashes of
// the program and of the machine and with faults of the disk, against the model.
func TestRandomLives(t *testing.T) {
	total := disk.Stats{}
	for seed := range uint64(150) {
		r := newRig(t, 512<<(seed%6)) // with those above 1024, segments that grow
		rng := rand.New(rand.NewPCG(seed, 0))
		faults := disk.Random(rand.New(rand.NewPCG(seed, 1)), disk.Rates{EIO: .01, Full: .01, FailedSync: .02})
		for range 30 {
			r.open()
			r.disk.Fault = faults
			for r.randomStep(rng) == nil && rng.IntN(20) > 0 {
			}
			r.disk.Fault = nil
			if rng.IntN(3) > 0 {
				r.disk.Crash(rng)
			}
		}
		s := r.disk.Stats()
		for i := range s.Faults {
			total.Faults[i] += s.Faults[i]
		}
		total.Lost, total.Torn, total.Kept = total.Lost+s.Lost, total.Torn+s.Torn, total.Kept+s.Kept
	}
	t.Logf("%+v", total)
	if total.Lost*total.Torn*total.Kept*total.Faults[disk.EIO]*total.Faults[disk.Full]*total.Faults[disk.FailedSync] == 0 {
		t.Error("some fault never came")
	}
}

// randomStep does one random thing to the log.
func (r *rig) randomStep(rng *rand.Rand) error {
	now := r.model.now
	end, snap := last(now), now.Snapshot.Index
	switch n := rng.IntN(20); {
	case n < 8: // append, perhaps over the last few entries
		from := max(end+1-raft.Index(rng.IntN(3)), snap+1)
		es := entries(from, 1+rng.IntN(4), now.Hard.Term)
		for i := range es {
			if rng.IntN(4) == 0 {
				es[i].Data = bytes.Repeat([]byte{byte(rng.IntN(2))}, rng.IntN(1500))
			}
			if len(es[i].Data) == 0 {
				es[i].Data = nil
			}
		}
		return r.append(raft.Write{Entries: es})
	case n < 11:
		return r.append(raft.Write{Hard: &raft.HardState{Cluster: 9, Term: now.Hard.Term + 1, Vote: "n1"}})
	case n < 16:
		return r.sync()
	case n < 17 && end > snap:
		return r.save(snap + 1 + raft.Index(rng.IntN(int(end-snap))))
	case n < 18:
		return r.wal.Compact(snap + 1)
	case n < 19:
		meta := raft.SnapshotMeta{Index: snap + 1 + raft.Index(rng.IntN(10)), Term: now.Hard.Term}
		if err := r.receive(meta); err != nil {
			return err
		}
		return r.append(raft.Write{Snapshot: &meta, Entries: entries(meta.Index+1, rng.IntN(3), now.Hard.Term)})
	}
	return nil
}
