package radix

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// commit applies changes to tree, notifies and returns the next version.
// "+key" inserts, "-key" deletes, "*prefix" deletes all under it.
func commit(tree Tree[int], changes ...string) Tree[int] {
	txn := tree.Txn()
	for i, c := range changes {
		switch c[0] {
		case '+':
			txn.Insert(c[1:], i)
		case '-':
			txn.Delete(c[1:])
		case '*':
			txn.DeletePrefix(c[1:])
		}
	}
	next := txn.Commit()
	txn.Notify()
	return next
}

func TestWaiterFiresForWhatItReadAlone(t *testing.T) {
	for _, tc := range []struct {
		name string
		has  []string
		key  string // read as a key, or, with a star at its end, as a prefix
		do   []string
		want bool
	}{
		{"key is written", []string{"+ab"}, "ab", []string{"+ab"}, true},
		{"key is deleted", []string{"+ab"}, "ab", []string{"-ab"}, true},
		{"key is deleted with a prefix", []string{"+ab", "+ac"}, "ab", []string{"*a"}, true},
		{"key is deleted and set again", []string{"+ab"}, "ab", []string{"-ab", "+ab"}, true},
		{"key below is written", []string{"+ab"}, "ab", []string{"+abc"}, false},
		{"key above is written", []string{"+ab"}, "ab", []string{"+a"}, false},
		{"edge of the key is split", []string{"+abc"}, "abc", []string{"+abd"}, false},
		{"edge of the key is joined", []string{"+abc", "+abd"}, "abc", []string{"-abd"}, false},
		{"absent key is created", []string{"+a"}, "ab", []string{"+ab"}, true},
		{"absent key is created in an empty tree", nil, "ab", []string{"+ab"}, true},
		{"absent key is created inside an edge", []string{"+abc"}, "ab", []string{"+ab"}, true},
		{"absent key is created at a fork", []string{"+aba", "+abb"}, "ab", []string{"+ab"}, true},
		{"neighbour of an absent key is created", []string{"+a"}, "ab", []string{"+ac"}, false},
		{"neighbour of an absent key is written", []string{"+a", "+ac"}, "ab", []string{"+ac"}, false},
		{"neighbour of an absent key is deleted", []string{"+a", "+ac"}, "ab", []string{"-ac"}, false},
		{"key below an absent one is created", nil, "ab", []string{"+abc"}, false},
		{"absent key comes and goes", nil, "ab", []string{"+ab", "-ab"}, false},
		{"key under the prefix is created", []string{"+abc"}, "ab*", []string{"+abd"}, true},
		{"key under the prefix is written", []string{"+abc"}, "ab*", []string{"+abc"}, true},
		{"key under the prefix is deleted", []string{"+abc", "+abd"}, "ab*", []string{"-abd"}, true},
		{"last key under the prefix is deleted", []string{"+abc", "+x"}, "ab*", []string{"-abc"}, true},
		{"prefix is deleted", []string{"+abc", "+x"}, "ab*", []string{"*a"}, true},
		{"edge of the prefix is split above", []string{"+abcd"}, "abc*", []string{"+ax"}, false},
		{"edge of the prefix is joined above", []string{"+abcd", "+ax"}, "abc*", []string{"-ax"}, false},
		{"edge of the prefix is split below", []string{"+abcd"}, "ab*", []string{"+abx"}, true},
		{"key beside the prefix is written", []string{"+abc", "+ad"}, "ab*", []string{"+ad"}, false},
		{"empty prefix gets a key", []string{"+x"}, "ab*", []string{"+abc"}, true},
		{"empty prefix gets a neighbour", []string{"+x"}, "ab*", []string{"+ac", "+a"}, false},
		{"all: a key is created", nil, "*", []string{"+a"}, true},
		{"all: nothing is deleted", []string{"+a"}, "*", []string{"-b"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tree := commit(New[int](), tc.has...)
			wakes := 0
			w := NewWaiter(func() { wakes++ })
			if prefix, ok := strings.CutSuffix(tc.key, "*"); ok {
				tree.All(prefix, w)
			} else {
				tree.Get(tc.key, w)
			}
			tree = commit(tree, tc.do...)
			if w.Fired() != tc.want || (wakes == 1) != tc.want {
				t.Errorf("%v on %v: fired %v, %d wakes, want %v", tc.do, tc.has, w.Fired(), wakes, tc.want)
			}
			w.Stop()
			if n := tree.waiting(); n != 0 {
				t.Errorf("%d registrations are left after Stop", n)
			}
		})
	}
}

func TestWaiterThatComesLateFiresAtOnce(t *testing.T) {
	for _, key := range []string{"ab", "missing"} {
		old := commit(New[int](), "+ab", "+ac")
		commit(old, "+ab", "+missing")
		w := NewWaiter(nil)
		old.Get(key, w)
		if !w.Fired() {
			t.Errorf("waiter for %q on a replaced version has not fired", key)
		}
	}
}

func TestWaiterWakesOnceForManyChanges(t *testing.T) {
	tree := commit(New[int](), "+a", "+b")
	wakes := 0
	w := NewWaiter(func() { wakes++ })
	tree.Get("a", w)
	tree.Get("b", w)
	tree.All("", w)
	tree = commit(tree, "+a", "+b")
	tree.Get("a", w)
	commit(tree, "+a")
	if wakes != 1 {
		t.Errorf("%d wakes, want 1", wakes)
	}
}

func TestStoppedWaiterStaysSilent(t *testing.T) {
	tree := commit(New[int](), "+a")
	w := NewWaiter(func() { t.Error("woken after Stop") })
	tree.Get("a", w)
	w.Stop()
	w.Stop()
	tree.Get("b", w)
	if n := tree.waiting(); n != 0 {
		t.Errorf("%d registrations after Stop", n)
	}
	commit(tree, "+a", "+b")
}

func TestWaitersOfAbsentKeysMoveAsAWhole(t *testing.T) {
	// A write below a node must not cost a step for each who waits there for
	// something absent: the list itself moves.
	tree := commit(New[int](), "+dir/a", "+dir/b")
	w := NewWaiter(nil)
	defer w.Stop()
	tree.Get("dir/lock", w)
	n, _ := tree.root.descend("dir/lock")
	before := n.watch.Load().gap.Load()
	next := commit(tree, "+dir/a")
	n, _ = next.root.descend("dir/lock")
	if after := n.watch.Load().gap.Load(); after != before {
		t.Error("the list was not moved but built anew")
	}
	if commit(next, "+dir/lock"); !w.Fired() {
		t.Error("the moved waiter has not fired")
	}
}

// reading is one thing that a waiter of the oracle test has read.
type reading struct {
	key    string
	prefix bool
}

func (r reading) covers(key string) bool {
	return r.key == key || r.prefix && strings.HasPrefix(key, r.key)
}

// verdict says whether a waiter of r must fire and whether it may, given the
// map before and after and the keys that were written or deleted between.
func (r reading) verdict(before, after oracle, touched map[string]bool) (must, may bool) {
	for key := range touched {
		if !r.covers(key) {
			continue
		}
		may = may || r.prefix || has(before, key) || has(after, key)
		if has(before, key) || has(after, key) {
			must = true
		}
	}
	return must, may
}

func TestWaitersFireExactlyForTheirKeys(t *testing.T) {
	for _, alphabet := range []string{"ab", "abcdefgh"} {
		rng := rand.New(rand.NewPCG(3, 3))
		k := keyspace{rng: rng, alphabet: alphabet, most: 5}
		tree, o := New[int](), oracle{}
		waiters := map[*Waiter][]reading{}
		fired := 0
		for range 10_000 {
			for len(waiters) < 40 {
				w := NewWaiter(nil)
				for range 1 + rng.IntN(2) {
					r := reading{key: k.key(), prefix: rng.IntN(2) == 0}
					waiters[w] = append(waiters[w], r)
					place := tree.start
					if !r.prefix {
						place = func(key string, w *Waiter) *node[int] { tree.Get(key, w); return nil }
					}
					place(r.key, w)
				}
			}
			before, touched := maps.Clone(o), map[string]bool{}
			txn := tree.Txn()
			for range 1 + rng.IntN(3) {
				change(k, txn, o, touched)
			}
			tree = txn.Commit()
			txn.Notify()
			for w, readings := range waiters {
				must, may := false, false
				for _, r := range readings {
					m, y := r.verdict(before, o, touched)
					must, may = must || m, may || y
				}
				if w.Fired() && !may || !w.Fired() && must {
					t.Fatalf("waiter of %v: fired %v after changes to %v", readings, w.Fired(), touched)
				}
				if w.Fired() || rng.IntN(200) == 0 {
					fired++
					w.Stop()
					delete(waiters, w)
				}
			}
		}
		if fired < 1000 {
			t.Errorf("only %d waiters fired: the test says little", fired)
		}
		for w := range waiters {
			w.Stop()
		}
		if n := tree.waiting(); n != 0 {
			t.Errorf("%d registrations are left when all have stopped", n)
		}
	}
}

// change makes one random change to both and notes the keys that it touches.
func change(k keyspace, txn *Txn[int], o oracle, touched map[string]bool) {
	key := k.key()
	switch n := k.rng.IntN(20); {
	case n < 11:
		txn.Insert(key, n)
		o[key] = n
		touched[key] = true
	case n < 19:
		if _, ok := txn.Delete(key); ok {
			touched[key] = true
		}
		delete(o, key)
	default:
		for gone := range txn.All(key) {
			touched[gone] = true
			delete(o, gone)
		}
		txn.DeletePrefix(key)
	}
}

func TestNoWakeUpIsLostBetweenReadingAndWaiting(t *testing.T) {
	// Readers follow a key each until they see its last value; a wake-up that
	// got lost would leave one asleep, which synctest reports as a deadlock.
	const readers, last = 64, 2000
	synctest.Test(t, func(t *testing.T) {
		var root atomic.Pointer[Tree[int]]
		tree := New[int]()
		root.Store(&tree)
		var done sync.WaitGroup
		for i := range readers {
			done.Go(func() { follow(&root, fmt.Sprintf("%03b", i%8), i%3 == 0, last) })
		}
		for v := 1; v <= last; v++ {
			txn := root.Load().Txn()
			for i := range 8 {
				if v == last || (v+i)%3 == 0 {
					txn.Insert(fmt.Sprintf("%03b", i), v)
				} else if (v+i)%7 == 0 {
					txn.Delete(fmt.Sprintf("%03b", i))
				}
			}
			next := txn.Commit()
			root.Store(&next)
			txn.Notify()
		}
		done.Wait()
		if n := root.Load().waiting(); n != 0 {
			t.Errorf("%d registrations are left", n)
		}
	})
}

// follow reads key and waits for its change until it has the value last.
func follow(root *atomic.Pointer[Tree[int]], key string, byPrefix bool, last int) {
	for {
		changed := make(chan struct{})
		w := NewWaiter(func() { close(changed) })
		value, tree := 0, root.Load()
		if byPrefix {
			for _, v := range tree.All(key, w) {
				value = v
			}
		} else {
			value, _ = tree.Get(key, w)
		}
		if value == last {
			w.Stop()
			return
		}
		<-changed
		w.Stop()
	}
}
