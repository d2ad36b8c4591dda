package linear

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

func Example() {
	v := Check([]Op{
		{Client: "c1", Kind: Put, Key: "k", Value: "1", Call: 0, Return: 30},
		{Client: "c2", Kind: Get, Key: "k", Value: "1", Index: 7, Call: 10, Return: 20},
		{Client: "c3", Kind: Get, Key: "k", Call: 25, Return: 40},
	})
	fmt.Println(v)
	// Output:
	// no order of these operations on k explains them:
	// c1  |---------------|      put k=1: done at index 7
	// c2      |---|              get k: "1" at index 7
	// c3              |-------|  get k: nothing
}

// BenchmarkTenClients judges 10,000 operations of ten clients on one key, of
// which one in twenty has no known outcome; the target is a second.
func BenchmarkTenClients(b *testing.B) {
	for _, indexes := range []bool{true, false} {
		ops := lifelike(rand.New(rand.NewPCG(1, 1)), 10_000, 10, indexes, 0.05)
		b.Run(fmt.Sprintf("indexes=%v", indexes), func(b *testing.B) {
			for range b.N {
				if v := Check(ops); v != nil {
					b.Fatal(v)
				}
			}
			s := newSearch(resolve(ops))
			s.run()
			b.ReportMetric(float64(s.most), "configs")
		})
	}
}

// TestACounterexampleIsSmall: of two thousand operations, one of which is a read
// that came out wrong, a handful is shown.
func TestACounterexampleIsSmall(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 5))
		ops := lifelike(r, 2000, 10, true, 0.05)
		reads := slices.DeleteFunc(slices.Clone(ops), func(op Op) bool { return op.Kind != Get || op.Unknown || op.Index == 0 })
		old, late := reads[len(reads)/4], reads[len(reads)/2]
		for i := range ops {
			if ops[i] == late {
				ops[i].Value, ops[i].Index = old.Value, old.Index
			}
		}
		v := Check(ops)
		if v == nil || len(v.Ops) > 4 {
			t.Errorf("seed %d: %v", seed, v)
		} else if seed == 0 {
			t.Log(v)
		}
	}
}

// TestKeysAreJudgedOneByOne: what happens on one key explains nothing on another.
func TestKeysAreJudgedOneByOne(t *testing.T) {
	v := Check([]Op{
		{Client: "a", Kind: Put, Key: "x", Value: "1", Index: 1, Call: 0, Return: 1},
		{Client: "b", Kind: Put, Key: "y", Value: "1", Index: 2, Call: 2, Return: 3},
		{Client: "a", Kind: Get, Key: "x", Value: "1", Index: 1, Call: 4, Return: 5},
		{Client: "b", Kind: Get, Key: "y", Value: "1", Index: 1, Call: 4, Return: 5},
	})
	if v == nil || v.Key != "y" || len(v.Ops) != 2 {
		t.Errorf("%v", v)
	}
}

// TestAnUnknownWriteExplainsOneChangeOnly: it takes effect once.
func TestAnUnknownWriteExplainsOneChangeOnly(t *testing.T) {
	ops := []Op{
		{Client: "a", Kind: Delete, Key: "k", Call: 0, Unknown: true},
		{Client: "b", Kind: Put, Key: "k", Value: "1", Call: 1, Return: 2},
		{Client: "b", Kind: Get, Key: "k", Call: 3, Return: 4},
	}
	if v := Check(ops); v != nil {
		t.Error(v)
	}
	ops = append(ops,
		Op{Client: "b", Kind: Put, Key: "k", Value: "2", Call: 5, Return: 6},
		Op{Client: "b", Kind: Get, Key: "k", Call: 7, Return: 8})
	if v := Check(ops); v == nil || len(v.Ops) != 5 {
		t.Errorf("a deletion was done twice: %v", v)
	}
}
