package wal_test

import (
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
)

// TestOnTheRealDisk runs the history and a restart on the operating system's
// disk.
func TestOnTheRealDisk(t *testing.T) {
	d := osDisk(t)
	w, stored, err := wal.Open(d, wal.Options{})
	if err != nil || last(stored) != 0 {
		t.Fatal(stored, err)
	}
	var m model
	for i := range raft.Index(100) {
		rw := raft.Write{Entries: entries(i+1, 1, 1)}
		m.write(rw)
		if err := w.Append(rw); err != nil {
			t.Fatal(err)
		}
	}
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
