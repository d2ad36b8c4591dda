package disk_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"praetor/raft/wal"
	"praetor/raft/wal/disktest"
	"praetor/sim/disk"
)

func TestConformance(t *testing.T) {
	disktest.Test(t, func(*testing.T) wal.Disk { return disk.New() })
}

// show returns the names and the contents of all files, zeros as dots.
func show(t *testing.T, d *disk.Disk) string {
	t.Helper()
	names, err := d.List()
	check(t, err)
	var out []string
	for _, name := range names {
		f, err := d.Open(name)
		check(t, err)
		size, _ := f.Size()
		b := make([]byte, size)
		f.ReadAt(b, 0)
		out = append(out, name+"="+strings.ReplaceAll(string(b), "\x00", "."))
	}
	return strings.Join(out, " ")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// states returns what CrashStates gives, each once, sorted.
func states(t *testing.T, d *disk.Disk) []string {
	t.Helper()
	var out []string
	for s := range d.CrashStates() {
		out = append(out, show(t, s))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// durable returns a disk with a file "a" of the content, all of it durable.
func durable(t *testing.T, content string) (*disk.Disk, wal.File) {
	t.Helper()
	d := disk.New()
	f, err := d.Create("a")
	check(t, err)
	write(t, f, content, 0)
	check(t, f.Sync())
	check(t, d.SyncDir())
	return d, f
}

func write(t *testing.T, f wal.File, s string, offset int64) {
	t.Helper()
	if _, err := f.WriteAt([]byte(s), offset); err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestWhatWasSyncedSurvivesACrash(t *testing.T) {
	d, _ := durable(t, "abc")
	equal(t, states(t, d), []string{"a=abc"})
}

func TestUnsyncedWritesSurviveInAnyPartAndOrder(t *testing.T) {
	d, f := durable(t, "AAAA")
	write(t, f, "BB", 3)
	write(t, f, "CC", 5)
	equal(t, states(t, d), []string{
		"a=AAAA",    // both lost
		"a=AAAA.C",  // the first lost, the second torn
		"a=AAAA.CC", // the first lost
		"a=AAAB",    // the first torn, the second lost
		"a=AAAB.CC", // the first torn
		"a=AAABB",   // the second lost
		"a=AAABBC",  // the second torn
		"a=AAABBCC", // none lost
	})
}

func TestAWriteIsTornBetweenSectorsToo(t *testing.T) {
	d, f := durable(t, "")
	write(t, f, strings.Repeat("x", 1024), 0)
	want := "a=" + strings.Repeat(".", 512) + strings.Repeat("x", 512)
	if !slices.Contains(states(t, d), want) {
		t.Error("no state has only the second sector")
	}
}

func TestNamesAreDurableOnlyAfterSyncDir(t *testing.T) {
	d, _ := durable(t, "x")
	check(t, d.Rename("a", "b"))
	equal(t, states(t, d), []string{"a=x", "b=x"})
	_, err := d.Create("c")
	check(t, err)
	equal(t, states(t, d), []string{"a=x", "a=x c=", "b=x", "b=x c="})
	check(t, d.SyncDir())
	equal(t, states(t, d), []string{"b=x c="})
	check(t, d.Remove("c"))
	equal(t, states(t, d), []string{"b=x", "b=x c="})
}

func TestANameCanSurviveWithoutItsBytes(t *testing.T) {
	d := disk.New()
	f, err := d.Create("a")
	check(t, err)
	write(t, f, "x", 0)
	check(t, d.SyncDir())
	equal(t, states(t, d), []string{"a=", "a=x"})
}

func TestBytesDoNotSurviveWithoutAName(t *testing.T) {
	d := disk.New()
	f, err := d.Create("a")
	check(t, err)
	write(t, f, "x", 0)
	check(t, f.Sync())
	equal(t, states(t, d), []string{"", "a=x"})
}

// The oracle is the exhaustive list; the draws must reach all of it and, but
// for two writes torn at once, nothing else.
func TestCrashDrawsWhatCrashStatesLists(t *testing.T) {
	history := func() *disk.Disk {
		d, f := durable(t, "AA")
		write(t, f, "BBB", 1)
		check(t, d.Rename("a", "b"))
		return d
	}
	want := states(t, history())
	rng := rand.New(rand.NewPCG(1, 2))
	var got []string
	for range 1000 {
		d := history()
		d.Crash(rng)
		got = append(got, show(t, d))
	}
	slices.Sort(got)
	equal(t, slices.Compact(got), want)
}

func TestCrashesAreCountedAndReplayable(t *testing.T) {
	run := func() (string, disk.Stats) {
		rng := rand.New(rand.NewPCG(3, 4))
		d, f := durable(t, "")
		for i := range 100 {
			write(t, f, strings.Repeat("x", 600), int64(i*600))
		}
		d.Crash(rng)
		return show(t, d), d.Stats()
	}
	first, stats := run()
	second, again := run()
	if first != second || stats != again {
		t.Error("two runs of one seed differ")
	}
	if sum := stats.Lost + stats.Torn + stats.Kept; stats.Crashes != 1 || sum != 100 || stats.Lost*stats.Torn*stats.Kept == 0 {
		t.Errorf("counted %+v", stats)
	}
}

func TestOpenFilesAreDeadAfterACrash(t *testing.T) {
	d, f := durable(t, "x")
	d.Crash(rand.New(rand.NewPCG(1, 1)))
	if _, err := f.ReadAt(make([]byte, 1), 0); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("read after the crash: %v", err)
	}
	if got := show(t, d); got != "a=x" {
		t.Errorf("disk holds %s", got)
	}
}

// on returns a hook that makes the operations of a kind fail.
func on(k disk.OpKind, f disk.Fault) func(disk.Op) disk.Fault {
	return func(op disk.Op) disk.Fault {
		if op.Kind == k {
			return f
		}
		return disk.Fault{}
	}
}

func TestAfterAFailedSyncTheNextOneLies(t *testing.T) {
	d, f := durable(t, "A")
	write(t, f, "B", 0)
	d.Fault = on(disk.OpSync, disk.Fault{Kind: disk.FailedSync})
	if err := f.Sync(); !errors.Is(err, disk.ErrIO) {
		t.Fatalf("sync: %v", err)
	}
	d.Fault = nil
	check(t, f.Sync())
	if got := show(t, d); got != "a=B" {
		t.Errorf("reads give %s", got)
	}
	equal(t, states(t, d), []string{"a=A"})
	write(t, f, "B", 0) // to write again is what helps
	check(t, f.Sync())
	equal(t, states(t, d), []string{"a=B"})
}

func TestAFailedSyncDirCanBeTriedAgain(t *testing.T) {
	d, _ := durable(t, "x")
	check(t, d.Rename("a", "b"))
	d.Fault = on(disk.OpSyncDir, disk.Fault{Kind: disk.FailedSync})
	if err := d.SyncDir(); !errors.Is(err, disk.ErrIO) {
		t.Fatalf("sync: %v", err)
	}
	d.Fault = nil
	equal(t, states(t, d), []string{"a=x", "b=x"})
	check(t, d.SyncDir())
	equal(t, states(t, d), []string{"b=x"})
}

func TestAFailedOperationChangesNothing(t *testing.T) {
	d, f := durable(t, "A")
	d.Fault = func(disk.Op) disk.Fault { return disk.Fault{Kind: disk.Full} }
	_, err := f.WriteAt([]byte("B"), 0)
	for _, err := range []error{err, f.Preallocate(9), d.Rename("a", "b")} {
		if !errors.Is(err, disk.ErrFull) {
			t.Errorf("got %v, want ErrFull", err)
		}
	}
	d.Fault = func(disk.Op) disk.Fault { return disk.Fault{Kind: disk.EIO} }
	if err := d.Remove("a"); !errors.Is(err, disk.ErrIO) {
		t.Errorf("got %v, want ErrIO", err)
	}
	d.Fault = nil
	equal(t, states(t, d), []string{"a=A"})
}

func TestRotFlipsOneBitForGood(t *testing.T) {
	d, f := durable(t, "AAAA")
	d.Fault = on(disk.OpRead, disk.Fault{Kind: disk.Rot, Bit: 8*2 + 1})
	f.ReadAt(make([]byte, 4), 0)
	d.Fault = nil
	if got := show(t, d); got != "a=AACA" {
		t.Errorf("reads give %s", got)
	}
	equal(t, states(t, d), []string{"a=AACA"})
}

func TestRandomFaultsComeAtTheirRates(t *testing.T) {
	d, f := durable(t, "AAAA")
	r := disk.Rates{EIO: .01, Full: .02, FailedSync: .1, Rot: .05, Slow: .1, Delay: 1000}
	d.Fault = disk.Random(rand.New(rand.NewPCG(5, 6)), r)
	const n = 20000
	for range n {
		f.ReadAt(make([]byte, 4), 0)
		f.WriteAt([]byte("A"), 0)
		f.Sync()
	}
	stats := d.Stats()
	// Where two faults are drawn at once the one that is first in the list wins.
	for k, want := range map[disk.FaultKind]float64{
		disk.EIO:        2 * n * r.EIO,
		disk.Full:       n * r.Full * (1 - r.EIO),
		disk.FailedSync: n * r.FailedSync,
		disk.Rot:        n * r.Rot * (1 - r.EIO),
		disk.Slow:       n * r.Slow * ((1-r.EIO)*(1-r.Rot) + (1-r.EIO)*(1-r.Full) + (1 - r.FailedSync)),
	} {
		if got := float64(stats.Faults[k]); got < .9*want || got > 1.1*want {
			t.Errorf("%v: %v faults, want about %v", k, got, want)
		}
	}
	if stats.Delay == 0 {
		t.Error("slow operations took no time")
	}
}

func TestTraceTellsTheEffectsInOrder(t *testing.T) {
	d := disk.New()
	var got []string
	d.Trace = func(op disk.Op) { got = append(got, op.String()) }
	f, err := d.Create("a")
	check(t, err)
	check(t, f.Preallocate(10))
	write(t, f, "abc", 2)
	check(t, f.Sync())
	check(t, d.Rename("a", "b"))
	check(t, d.SyncDir())
	check(t, d.Remove("b"))
	equal(t, got, []string{
		"create a", "preallocate a: 10 bytes", "write a: 3 bytes at 2", "sync a",
		"rename a -> b", "sync directory", "remove b",
	})
}

// Example shows what a crash may leave of a write that was not synced.
func Example() {
	d := disk.New()
	f, _ := d.Create("log")
	d.SyncDir()
	f.WriteAt([]byte("one"), 0)
	for s := range d.CrashStates() {
		g, _ := s.Open("log")
		b := make([]byte, 3)
		n, _ := g.ReadAt(b, 0)
		fmt.Printf("%q\n", b[:n])
	}
	// Output:
	// ""
	// "one"
	// "o"
	// "on"
}
