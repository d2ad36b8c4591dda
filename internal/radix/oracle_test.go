package radix

import (
	"iter"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// oracle is the obviously right ordered map: a Go map that is sorted anew for
// each question.
type oracle map[string]int

func (o oracle) keys(keep func(string) bool) []string {
	var keys []string
	for k := range o {
		if keep(k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

func (o oracle) longestPrefix(s string) (string, bool) {
	for n := len(s); n >= 0; n-- {
		if _, ok := o[s[:n]]; ok {
			return s[:n], true
		}
	}
	return "", false
}

// A keyspace makes keys that collide and nest often.
type keyspace struct {
	rng      *rand.Rand
	alphabet string
	most     int // bytes of a key
}

func (k keyspace) key() string {
	b := make([]byte, k.rng.IntN(k.most+1))
	for i := range b {
		b[i] = k.alphabet[k.rng.IntN(len(k.alphabet))]
	}
	return string(b)
}

// step makes one random change to both.
func step(t *testing.T, k keyspace, txn *Txn[int], o oracle) {
	key := k.key()
	switch n := k.rng.IntN(100); {
	case n < 60:
		v := k.rng.Int()
		was, existed := txn.Insert(key, v)
		if want, ok := o[key]; existed != ok || was != want {
			t.Fatalf("Insert(%q) = %d, %v, want %d, %v", key, was, existed, want, ok)
		}
		o[key] = v
	case n < 98:
		was, existed := txn.Delete(key)
		if want, ok := o[key]; existed != ok || was != want {
			t.Fatalf("Delete(%q) = %d, %v, want %d, %v", key, was, existed, want, ok)
		}
		delete(o, key)
	default:
		gone := o.keys(func(s string) bool { return strings.HasPrefix(s, key) })
		if n := txn.DeletePrefix(key); n != len(gone) {
			t.Fatalf("DeletePrefix(%q) = %d, want %d", key, n, len(gone))
		}
		for _, s := range gone {
			delete(o, s)
		}
	}
	if v, ok := txn.Get(key); ok != has(o, key) || v != o[key] {
		t.Fatalf("in the transaction: Get(%q) = %d, %v, want %d", key, v, ok, o[key])
	}
}

func has(o oracle, key string) bool { _, ok := o[key]; return ok }

// compare asks both every kind of question.
func compare(t *testing.T, k keyspace, tree Tree[int], o oracle) {
	tree.check(t)
	if tree.Len() != len(o) {
		t.Fatalf("Len = %d, want %d", tree.Len(), len(o))
	}
	key, to := k.key(), k.key()
	if v, ok := tree.Get(key, nil); ok != has(o, key) || v != o[key] {
		t.Fatalf("Get(%q) = %d, %v, want %d", key, v, ok, o[key])
	}
	got, v, ok := tree.LongestPrefix(key)
	if want, wantOK := o.longestPrefix(key); got != want || ok != wantOK || ok && v != o[want] {
		t.Fatalf("LongestPrefix(%q) = %q, %v, want %q, %v", key, got, ok, want, wantOK)
	}
	prefixed := o.keys(func(s string) bool { return strings.HasPrefix(s, key) })
	ranged := o.keys(func(s string) bool { return s >= key && (to == "" || s < to) })
	expect(t, "All", tree.All(key, nil), prefixed, o)
	expect(t, "Range", tree.Range(key, to), ranged, o)
	slices.Reverse(prefixed)
	slices.Reverse(ranged)
	expect(t, "Backward", tree.Backward(key, nil), prefixed, o)
	expect(t, "RangeBackward", tree.RangeBackward(key, to), ranged, o)
}

// expect compares an iteration with the keys wanted, and stops it half-way the
// second time.
func expect(t *testing.T, what string, seq iter.Seq2[string, int], want []string, o oracle) {
	t.Helper()
	for _, stop := range []int{len(want), len(want) / 2} {
		var got []string
		for k, v := range seq {
			if v != o[k] {
				t.Fatalf("%s: %q = %d, want %d", what, k, v, o[k])
			}
			got = append(got, k)
			if len(got) == stop {
				break
			}
		}
		if stop > 0 && !slices.Equal(got, want[:stop]) {
			t.Fatalf("%s = %q, want %q", what, got, want[:stop])
		}
	}
}

func TestTreeAgreesWithASortedMap(t *testing.T) {
	for _, tc := range []struct {
		name     string
		alphabet string
		most     int
		txns     int
		ops      int // of a transaction
	}{
		{"deep and narrow", "ab", 7, 20_000, 25},
		{"wide", "abcdefghijklmnop\x00\xff", 3, 2_000, 150},
		{"one change a transaction", "abc", 5, 50_000, 1},
		{"large transactions", "ab/", 9, 100, 2_500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, uint64(tc.ops)))
			k := keyspace{rng: rng, alphabet: tc.alphabet, most: tc.most}
			tree, o := New[int](), oracle{}
			var kept Tree[int] // an old version, which must stay as it was
			var keptOracle oracle
			for i := range tc.txns {
				if i%100 == 0 {
					if keptOracle != nil {
						compare(t, k, kept, keptOracle)
						expect(t, "old version", kept.All("", nil), keptOracle.keys(func(string) bool { return true }), keptOracle)
					}
					kept, keptOracle = tree, maps.Clone(o)
				}
				txn := tree.Txn()
				for range tc.ops {
					step(t, k, txn, o)
				}
				tree = txn.Commit()
				if i%10 == 0 {
					compare(t, k, tree, o)
				}
			}
		})
	}
}

func TestTransactionIsDroppedWithoutTrace(t *testing.T) {
	k := keyspace{rng: rand.New(rand.NewPCG(2, 2)), alphabet: "ab", most: 6}
	txn, o := New[int]().Txn(), oracle{}
	for range 200 {
		step(t, k, txn, o)
	}
	tree := txn.Commit()
	for range 100 {
		dropped, lost := tree.Txn(), maps.Clone(o)
		for range 50 {
			step(t, k, dropped, lost)
		}
		compare(t, k, tree, o)
	}
}

func TestTransactionCopiesANodeAtMostOnce(t *testing.T) {
	txn := New[int]().Txn()
	for _, key := range []string{"a", "ab", "abc", "abcd", "b"} {
		txn.Insert(key, 0)
	}
	tree := txn.Commit()
	txn = tree.Txn()
	for i := range 100 {
		txn.Insert("abcd", i)
	}
	if got, path := len(txn.nodes), 5; got != path { // the root and a, b, c, d
		t.Errorf("100 writes to one key copied %d nodes, want %d", got, path)
	}
}

func TestTransactionIsClosedByCommit(t *testing.T) {
	txn := New[int]().Txn()
	txn.Commit()
	for name, use := range map[string]func(){
		"Insert":       func() { txn.Insert("a", 1) },
		"Delete":       func() { txn.Delete("a") },
		"DeletePrefix": func() { txn.DeletePrefix("a") },
		"Commit":       func() { txn.Commit() },
		"early Notify": func() { New[int]().Txn().Notify() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			use()
		}()
	}
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("+abc\n+abd\n-abc\n*a\n"))
	f.Fuzz(func(t *testing.T, script []byte) {
		tree, o := New[int](), oracle{}
		for i, line := range strings.Split(string(script), "\n") {
			if line == "" {
				continue
			}
			key, txn := line[1:], tree.Txn()
			switch line[0] {
			case '+':
				txn.Insert(key, i)
				o[key] = i
			case '-':
				txn.Delete(key)
				delete(o, key)
			case '*':
				txn.DeletePrefix(key)
				maps.DeleteFunc(o, func(s string, _ int) bool { return strings.HasPrefix(s, key) })
			}
			tree = txn.Commit()
			tree.check(t)
		}
		expect(t, "All", tree.All("", nil), o.keys(func(string) bool { return true }), o)
	})
}
