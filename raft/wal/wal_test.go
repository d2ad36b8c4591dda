package wal_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"testing"
	"testing/iotest"

	"praetor/raft"
	"praetor/raft/wal"
	"praetor/sim/disk"
)

// TestOnTheRealDisk appends, syncs and restarts on the operating system's disk,
// while another goroutine writes a snapshot.
func TestOnTheRealDisk(t *testing.T) {
	d := osDisk(t)
	w, stored, err := wal.Open(d, wal.Options{})
	if err != nil || last(stored) != 0 {
		t.Fatal(stored, err)
	}
	var m model
	meta := raft.SnapshotMeta{Index: 50, Term: 1}
	s, err := w.NewSnapshot(meta)
	if err != nil {
		t.Fatal(err)
	}
	committed := make(chan error)
	content := bytes.Repeat([]byte("0123456789"), 20000) // several blocks
	go func() {
		s.Write(content) // an error sticks
		committed <- s.Commit()
	}()
	for i := range raft.Index(100) {
		rw := raft.Write{Entries: entries(i+1, 1, 1)}
		m.write(rw)
		if err := w.Append(rw); err != nil {
			t.Fatal(err)
		}
	}
	if err := <-committed; err != nil {
		t.Fatal(err)
	}
	if err := w.UseSnapshot(meta); err != nil {
		t.Fatal(err)
	}
	m.snapshot(meta)
	checkBody(t, w, content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	_, stored, err = wal.Open(d, wal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	m.durable()
	m.find(t, stored)
}

// checkBody reads the snapshot in two ways.
func checkBody(t *testing.T, w *wal.WAL, want []byte) {
	t.Helper()
	_, r, err := w.OpenSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read %d bytes: %v", len(got), err)
	}
	if err := iotest.TestReader(io.NewSectionReader(r, 0, r.Size()), want); err != nil {
		t.Error(err)
	}
}

// Example keeps two entries over a restart.
func Example() {
	d := disk.New() // or wal.OSDisk("/var/lib/praetor/raft")
	w, _, err := wal.Open(d, wal.Options{})
	if err != nil {
		log.Fatal(err)
	}
	hard := raft.HardState{Term: 3, Vote: "n1"}
	err = w.Append(raft.Write{Hard: &hard, Entries: []raft.Entry{
		{Index: 1, Term: 3, Kind: raft.EntryNoop},
		{Index: 2, Term: 3, Data: []byte("set x")},
	}})
	if err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil { // syncs
		log.Fatal(err)
	}

	_, stored, err := wal.Open(d, wal.Options{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("term", stored.Hard.Term, "vote", stored.Hard.Vote)
	for _, e := range stored.Entries {
		fmt.Printf("%d %q\n", e.Index, e.Data)
	}
	// Output:
	// term 3 vote n1
	// 1 ""
	// 2 "set x"
}
