package wal_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"praetor/raft"
	"praetor/raft/wal"
)

// payload is the data of an entry in the benchmarks: a small key and value.
var payload = bytes.Repeat([]byte("k"), 128)

func batch(from raft.Index, n int) []raft.Entry {
	es := make([]raft.Entry, n)
	for i := range es {
		es[i] = raft.Entry{Index: from + raft.Index(i), Term: 1, Data: payload}
	}
	return es
}

// BenchmarkAppendSync writes batches of entries, with a sync after each, to the
// real disk.
func BenchmarkAppendSync(b *testing.B) {
	for _, n := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d entries", n), func(b *testing.B) {
			w, _, err := wal.Open(osDisk(b), wal.Options{})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			es, next := batch(1, n), raft.Index(1)
			for b.Loop() {
				for i := range es {
					es[i].Index = next
					next++
				}
				if err := w.Append(raft.Write{Entries: es}); err != nil {
					b.Fatal(err)
				}
				if err := w.Sync(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkRestart opens a log of a million entries and starts a server on it.
func BenchmarkRestart(b *testing.B) {
	const million = 1_000_000
	d := osDisk(b)
	w, _, err := wal.Open(d, wal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	if err := w.Append(raft.Write{Hard: &raft.HardState{Cluster: 1, Term: 1}}); err != nil {
		b.Fatal(err)
	}
	for i := 0; i < million; i += 50 {
		if err := w.Append(raft.Write{Entries: batch(raft.Index(i+1), 50)}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		w, stored, err := wal.Open(d, wal.Options{})
		if err != nil || len(stored.Entries) != million {
			b.Fatal(len(stored.Entries), err)
		}
		if _, err := raft.New(0, raft.Config{ID: "n1", Rand: rand.New(rand.NewPCG(1, 1))}, stored); err != nil {
			b.Fatal(err)
		}
		w.Close()
	}
}
