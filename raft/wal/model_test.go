package wal_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
	"praetor/sim/disk"
)

// entries returns n entries from the index on, of one term.
func entries(from raft.Index, n int, term raft.Term) []raft.Entry {
	es := make([]raft.Entry, n)
	for i := range es {
		index := from + raft.Index(i)
		es[i] = raft.Entry{Index: index, Term: term, Data: fmt.Appendf(nil, "%d of term %d", index, term)}
	}
	return es
}

// body is what a snapshot up to an index holds.
func body(index raft.Index) string { return fmt.Sprintf("state as of %d", index) }

// model is the obvious log: what a WAL must give back, as plain values.
type model struct {
	now raft.Stored // with all entries since the log last started anew
	// may is what recovery may find: the state that is durable, and those that
	// the writes since then lead to.
	may []raft.Stored
}

// write adds a raft.Write, which is not durable yet.
func (m *model) write(w raft.Write) {
	s := m.now
	if w.Hard != nil {
		s.Hard = *w.Hard
	}
	if w.Snapshot != nil {
		s.Snapshot, s.Entries = *w.Snapshot, nil
	}
	if len(w.Entries) > 0 {
		first := w.Entries[0].Index
		kept := slices.IndexFunc(s.Entries, func(e raft.Entry) bool { return e.Index >= first })
		if kept < 0 {
			kept = len(s.Entries)
		}
		s.Entries = slices.Concat(s.Entries[:kept], w.Entries)
	}
	m.set(s)
}

// snapshot adds a snapshot of the log's own entries.
func (m *model) snapshot(meta raft.SnapshotMeta) {
	s := m.now
	s.Snapshot = meta
	m.set(s)
}

func (m *model) set(s raft.Stored) {
	m.now = s
	m.may = append(m.may, s)
}

// durable makes all writes so far durable.
func (m *model) durable() { m.may = []raft.Stored{m.now} }

// last returns the index of the last entry.
func last(s raft.Stored) raft.Index {
	if n := len(s.Entries); n > 0 {
		return s.Entries[n-1].Index
	}
	return s.Snapshot.Index
}

// same reports whether a WAL that gave got holds the state want. It may have
// fewer entries that the snapshot covers, never others.
func same(got, want raft.Stored) bool {
	if got.Hard != want.Hard || !sameMeta(got.Snapshot, want.Snapshot) || last(got) != last(want) {
		return false
	}
	missing := len(want.Entries) - len(got.Entries)
	if missing < 0 || missing > 0 && want.Entries[missing-1].Index > want.Snapshot.Index {
		return false
	}
	return slices.EqualFunc(got.Entries, want.Entries[missing:], func(a, b raft.Entry) bool {
		return a.Index == b.Index && a.Term == b.Term && a.Kind == b.Kind && bytes.Equal(a.Data, b.Data)
	})
}

func sameMeta(a, b raft.SnapshotMeta) bool {
	return a.Index == b.Index && a.Term == b.Term &&
		slices.Equal(a.Config.Voters, b.Config.Voters) &&
		slices.Equal(a.Config.Learners, b.Config.Learners) &&
		slices.Equal(a.Config.Outgoing, b.Config.Outgoing)
}

// find returns which of the states that recovery may find it found, or fails.
func (m *model) find(t testing.TB, got raft.Stored) raft.Stored {
	t.Helper()
	for _, s := range m.may {
		if same(got, s) {
			return s
		}
	}
	t.Fatalf("recovered\n%s\nwhich is none of\n%s", describe(got), describeAll(m.may))
	panic("not reached")
}

// describe returns a state on one line.
func describe(s raft.Stored) string {
	line := fmt.Sprintf("term %d vote %q cluster %d", s.Hard.Term, s.Hard.Vote, s.Hard.Cluster)
	if s.Snapshot.Index > 0 {
		line += fmt.Sprintf(", snapshot up to %d of term %d", s.Snapshot.Index, s.Snapshot.Term)
	}
	if len(s.Entries) == 0 {
		return line + ", no entries"
	}
	line += ", entries"
	for _, e := range s.Entries {
		line += fmt.Sprintf(" %d/%d", e.Index, e.Term)
	}
	return line
}

func describeAll(states []raft.Stored) string {
	var lines []string
	for _, s := range states {
		lines = append(lines, describe(s))
	}
	return strings.Join(lines, "\n")
}

// rig is a WAL on a simulated disk, and its model.
type rig struct {
	t     testing.TB
	disk  *disk.Disk
	wal   *wal.WAL
	model model
	size  int64 // of segments
}

func newRig(t testing.TB, segmentSize int64) *rig {
	r := &rig{t: t, disk: disk.New(), size: segmentSize}
	r.model.durable()
	return r
}

// ok fails the test on an error.
func (r *rig) ok(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func openWAL(d wal.Disk, segmentSize int64) (*wal.WAL, raft.Stored, error) {
	return wal.Open(d, wal.Options{SegmentSize: segmentSize})
}

// open opens the log and checks what it finds, and that all of that is durable.
func (r *rig) open() {
	r.t.Helper()
	w, stored, err := openWAL(r.disk, r.size)
	r.ok(err)
	r.wal = w
	r.model.now = r.model.find(r.t, stored)
	r.model.durable()
	r.checkSnapshot()
}

// checkSnapshot reads the snapshot.
func (r *rig) checkSnapshot() {
	r.t.Helper()
	want := r.model.now.Snapshot
	if want.Index == 0 {
		if _, _, err := r.wal.OpenSnapshot(); err != wal.ErrNoSnapshot {
			r.t.Fatalf("got %v, want ErrNoSnapshot", err)
		}
		return
	}
	meta, f, err := r.wal.OpenSnapshot()
	r.ok(err)
	defer f.Close()
	b, err := io.ReadAll(f)
	r.ok(err)
	if !sameMeta(meta, want) || string(b) != body(want.Index) {
		r.t.Fatalf("snapshot %+v holds %q, want %+v", meta, b, want)
	}
}

// The following do something to the log and its model. The model learns first
// what may be on the disk: a crash can come before the call returns.

func (r *rig) append(w raft.Write) error {
	r.model.write(w)
	return r.wal.Append(w)
}

func (r *rig) sync() error {
	err := r.wal.Sync()
	if err == nil {
		r.model.durable()
	}
	return err
}

// save saves a snapshot of the log's own entries.
func (r *rig) save(index raft.Index) error {
	meta := r.meta(index)
	r.model.snapshot(meta)
	err := r.wal.SaveSnapshot(meta, strings.NewReader(body(index)))
	if err == nil {
		r.model.durable()
	}
	return err
}

// meta returns the meta data of a snapshot of the log's own entries.
func (r *rig) meta(index raft.Index) raft.SnapshotMeta {
	meta := raft.SnapshotMeta{Index: index, Config: raft.Configuration{Voters: []raft.Peer{{ID: "n1", Addr: "10.0.0.1:8300"}}}}
	for _, e := range r.model.now.Entries {
		if e.Index == index {
			meta.Term = e.Term
		}
	}
	return meta
}

// receive writes and commits a snapshot from a leader. It is not the log's yet.
func (r *rig) receive(meta raft.SnapshotMeta) error {
	s, err := r.wal.NewSnapshot(meta)
	if err != nil {
		return err
	}
	io.WriteString(s, body(meta.Index)) // an error sticks
	return s.Commit()
}

// files returns the content of all files.
func (r *rig) files() map[string][]byte {
	names, err := r.disk.List()
	r.ok(err)
	out := make(map[string][]byte)
	for _, name := range names {
		f, err := r.disk.Open(name)
		r.ok(err)
		size, err := f.Size()
		r.ok(err)
		b := make([]byte, size)
		f.ReadAt(b, 0)
		f.Close()
		out[name] = b
	}
	return out
}

// diskOf returns a disk with the files, all durable.
func diskOf(t testing.TB, files map[string][]byte) *disk.Disk {
	t.Helper()
	d := disk.New()
	for name, b := range files {
		f, err := d.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	if err := d.SyncDir(); err != nil {
		t.Fatal(err)
	}
	return d
}

// loseAll cuts the power such that everything that was not synced is lost.
func (r *rig) loseAll() {
	for d := range r.disk.CrashStates() {
		r.disk = d
		return
	}
}
