package wal_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"praetor/raft"
	"praetor/raft/wal"
)

// entries returns n entries from the index on, of one term.
func entries(from raft.Index, n int, term raft.Term) []raft.Entry {
	es := make([]raft.Entry, n)
	for i := range es {
		index := from + raft.Index(i)
		es[i] = raft.Entry{Index: index, Term: term, Data: fmt.Appendf(nil, "entry %d of term %d", index, term)}
	}
	return es
}

func TestOSRoundTrip(t *testing.T) {
	d, err := wal.OSDisk(t.TempDir() + "/raft")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	want := raft.Stored{}
	for round := range 5 {
		w, stored, err := wal.Open(d, wal.Options{SegmentSize: 4096})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, stored); diff != "" {
			t.Fatal(diff)
		}
		for i := range 50 {
			es := entries(raft.Index(len(want.Entries)+1), 1+i%3, raft.Term(round))
			want.Hard = raft.HardState{Cluster: 7, Term: raft.Term(round), Vote: "n1"}
			want.Entries = append(want.Entries, es...)
			if err := w.Append(raft.Write{Hard: &want.Hard, Entries: es}); err != nil {
				t.Fatal(err)
			}
		}
		meta := raft.SnapshotMeta{Index: want.Entries[len(want.Entries)-1].Index, Term: raft.Term(round), Config: raft.Configuration{Voters: []raft.Peer{{ID: "a", Addr: "b:1"}}}}
		if err := w.SaveSnapshot(meta, strings.NewReader("hello")); err != nil {
			t.Fatal(err)
		}
		want.Snapshot = meta
		got, r, err := w.OpenSnapshot()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil || string(b) != "hello" || !cmp.Equal(got, meta) {
			t.Fatal(string(b), err)
		}
		r.Close()
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if err := w.Sync(); !errors.Is(err, wal.ErrClosed) {
			t.Fatal(err)
		}
	}
}
