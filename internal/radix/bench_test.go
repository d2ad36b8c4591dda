package radix

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"
)

// million returns n keys like those of a store: directories, then an ID.
func million(n int) []string {
	rng := rand.New(rand.NewPCG(4, 4))
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("app/%03d/instance/%016x", rng.IntN(1000), rng.Uint64())
	}
	return keys
}

func filled(keys []string, batch int) Tree[*int] {
	tree, value := New[*int](), new(int)
	for len(keys) > 0 {
		n := min(batch, len(keys))
		txn := tree.Txn()
		for _, k := range keys[:n] {
			txn.Insert(k, value)
		}
		tree, keys = txn.Commit(), keys[n:]
		txn.Notify()
	}
	return tree
}

func BenchmarkInsert(b *testing.B) {
	keys := million(1_000_000)
	for _, batch := range []int{1, 64} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			b.ReportAllocs()
			for done := 0; done < b.N; done += len(keys) {
				filled(keys[:min(len(keys), b.N-done)], batch)
			}
		})
	}
}

func BenchmarkGet(b *testing.B) {
	keys := million(1_000_000)
	tree := filled(keys, 64)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := tree.Get(keys[i%len(keys)], nil); !ok {
			b.Fatal("a key is missing")
		}
	}
}

func BenchmarkGetAndWatch(b *testing.B) {
	keys := million(100_000)
	tree := filled(keys, 64)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w := NewWaiter(nil)
		tree.Get(keys[i%len(keys)], w)
		w.Stop()
	}
}

func BenchmarkScan1000(b *testing.B) {
	tree := filled(million(1_000_000), 64)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		n := 0
		for range tree.All(fmt.Sprintf("app/%03d/", i%1000), nil) {
			n++
		}
		if n < 800 {
			b.Fatal(n)
		}
	}
}

// BenchmarkWriteBesideWaiters writes next to waiters that the write does not
// concern: they must cost nothing.
func BenchmarkWriteBesideWaiters(b *testing.B) {
	for _, waiters := range []int{0, 10_000} {
		b.Run(fmt.Sprint(waiters), func(b *testing.B) {
			tree := filled(million(10_000), 64)
			txn := tree.Txn()
			txn.Insert("app/000/busy", new(int))
			tree = txn.Commit()
			for i := range waiters {
				w := NewWaiter(nil)
				defer w.Stop()
				tree.Get(fmt.Sprintf("app/000/lock%d", i), w)
			}
			b.ReportAllocs()
			for b.Loop() {
				txn := tree.Txn()
				txn.Insert("app/000/busy", new(int))
				tree = txn.Commit()
				txn.Notify()
			}
		})
	}
}

// BenchmarkMemory reports the bytes of an entry beyond its key and value, for
// a tree of a million.
func BenchmarkMemory(b *testing.B) {
	keys := million(1_000_000)
	for _, batch := range []int{1, 64, len(keys)} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			for b.Loop() {
				before := heap()
				tree := filled(keys, batch)
				b.ReportMetric(float64(heap()-before)/float64(len(keys)), "B/entry")
				runtime.KeepAlive(tree)
			}
		})
	}
	runtime.KeepAlive(keys)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
