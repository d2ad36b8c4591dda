package kv

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"praetor/internal/radix"
)

// naive is the store as one would write it on a page: maps, and a scan for
// every question.
type naive struct {
	entries map[string]Entry
	tombs   map[string]uint64
	floor   uint64
}

func (n *naive) apply(index uint64, c Command) bool {
	old, there := n.entries[c.Key]
	switch c.Op {
	case OpCAS:
		if there && old.ModifyIndex != c.CAS || !there && c.CAS != 0 {
			return false
		}
		fallthrough
	case OpSet:
		if there && bytes.Equal(old.Value, c.Value) && old.Flags == c.Flags {
			return true
		}
		e := Entry{Key: c.Key, Value: c.Value, Flags: c.Flags, CreateIndex: index, ModifyIndex: index}
		if there {
			e.CreateIndex = old.CreateIndex
		}
		n.entries[c.Key] = e
	case OpDeleteCAS:
		if there && old.ModifyIndex != c.CAS {
			return false
		}
		fallthrough
	case OpDelete:
		if there {
			delete(n.entries, c.Key)
			n.tombs[c.Key] = index
		}
	case OpDeleteTree:
		for key := range n.entries {
			if strings.HasPrefix(key, c.Key) {
				delete(n.entries, key)
				n.tombs[key] = index
			}
		}
	case OpReap:
		for key, tomb := range n.tombs {
			if _, there := n.entries[key]; tomb <= c.CAS {
				delete(n.tombs, key)
				if !there {
					n.floor = max(n.floor, tomb)
				}
			}
		}
	}
	return true
}

// list returns the entries that keep accepts, and the index of that answer.
func (n *naive) list(keep func(string) bool) (entries []Entry, index uint64) {
	index = n.floor
	for key, e := range n.entries {
		if keep(key) {
			entries = append(entries, e)
			index = max(index, e.ModifyIndex)
		}
	}
	for key, tomb := range n.tombs {
		if keep(key) {
			index = max(index, tomb)
		}
	}
	slices.SortFunc(entries, func(a, b Entry) int { return strings.Compare(a.Key, b.Key) })
	return entries, index
}

var words = []string{"a", "b", "ab", "c"}

func randomKey(rng *rand.Rand) string {
	parts := make([]string, 1+rng.IntN(3))
	for i := range parts {
		parts[i] = words[rng.IntN(len(words))]
	}
	return strings.Join(parts, "/")
}

func randomCommand(rng *rand.Rand, index uint64, s *State) Command {
	c := Command{Key: randomKey(rng), Op: OpSet}
	switch n := rng.IntN(100); {
	case n < 50:
	case n < 60:
		c.Op = OpCAS
	case n < 80:
		c.Op = OpDelete
	case n < 90:
		c.Op = OpDeleteCAS
	case n < 97:
		c.Op = OpDeleteTree
		c.Key = c.Key[:rng.IntN(len(c.Key)+1)]
	default:
		return Command{Op: OpReap, CAS: index - min(index, rng.Uint64N(40))}
	}
	if e, _ := s.Get(c.Key, nil); e != nil && rng.IntN(3) > 0 {
		c.CAS = e.ModifyIndex
	}
	if c.Op <= OpCAS {
		c.Value = []byte(fmt.Sprint(rng.IntN(3)))
		c.Flags = rng.Uint64N(2)
	}
	return c
}

// question is a read with its last answer and who waits for the next.
type question struct {
	key    string
	prefix bool
	answer []Entry
	index  uint64
	w      *radix.Waiter
}

func (q *question) ask(s *State, w *radix.Waiter) (answer []Entry, index uint64) {
	if q.prefix {
		entries, index := s.List(q.key, w)
		for _, e := range entries {
			answer = append(answer, *e)
		}
		return answer, index
	}
	e, index := s.Get(q.key, w)
	if e != nil {
		answer = append(answer, *e)
	}
	return answer, index
}

// check asks anew and compares: with the naive store; the index with the one
// before; and the waiter with whether the answer has changed.
func (q *question) check(t *testing.T, s *State, n *naive, reaped bool) {
	t.Helper()
	answer, index := q.ask(s, nil)
	want, wantIndex := n.list(func(k string) bool { return k == q.key || q.prefix && strings.HasPrefix(k, q.key) })
	if !q.prefix && len(want) == 1 {
		wantIndex = want[0].ModifyIndex
	}
	if !slices.EqualFunc(want, answer, equal) || index != wantIndex {
		t.Fatalf("question %q: index %d, want %d; -want +got:\n%s", q.key, index, wantIndex, cmp.Diff(want, answer))
	}
	changed := !slices.EqualFunc(q.answer, answer, equal)
	if index < q.index || changed && index == q.index || !changed && !reaped && index != q.index {
		t.Fatalf("question %q: index %d after %d, answer changed: %v", q.key, index, q.index, changed)
	}
	if q.w.Fired() != changed {
		t.Fatalf("question %q: fired %v, answer changed: %v", q.key, q.w.Fired(), changed)
	}
	q.answer, q.index = answer, index
}

func equal(a, b Entry) bool {
	return a.Key == b.Key && bytes.Equal(a.Value, b.Value) && a.Flags == b.Flags &&
		a.CreateIndex == b.CreateIndex && a.ModifyIndex == b.ModifyIndex
}

func TestStateAgreesWithANaiveStore(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	s, n := New(), &naive{entries: map[string]Entry{}, tombs: map[string]uint64{}}
	var questions []*question
	for range 30 {
		q := &question{key: randomKey(rng), prefix: rng.IntN(2) == 0, w: radix.NewWaiter(nil)}
		q.ask(s, q.w)
		questions = append(questions, q)
	}
	for index := uint64(1); index <= 10_000; index++ {
		c := randomCommand(rng, index, s)
		txn := s.Txn()
		ok, err := txn.Apply(index, c)
		if want := n.apply(index, c); ok != want || err != nil {
			t.Fatalf("%d: %+v: %v, %v, want %v", index, c, ok, err, want)
		}
		s = txn.Commit()
		txn.Notify()
		for _, q := range questions {
			q.check(t, s, n, c.Op == OpReap)
			if q.w.Fired() || rng.IntN(100) == 0 {
				q.w.Stop()
				q.w = radix.NewWaiter(nil)
				q.ask(s, q.w)
			}
		}
		s.check(t)
	}
}

// check fails the test if s breaks an invariant of the package comment.
func (s *State) check(t *testing.T) {
	t.Helper()
	for key, tomb := range s.tombs.All("", nil) {
		if e, _ := s.Get(key, nil); e != nil || tomb <= s.floor {
			t.Fatalf("tombstone of %q at %d: entry %v, floor %d", key, tomb, e, s.floor)
		}
	}
}

func TestReplicasThatApplyTheSameLogHaveTheSameHash(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	one, batched := New(), New()
	txn := batched.Txn()
	for index := uint64(1); index <= 3000; index++ {
		c := randomCommand(rng, index, one)
		single := one.Txn()
		single.Apply(index, c)
		one = single.Commit()
		txn.Apply(index, c)
		if index%50 == 0 { // batches of entries, and a restart from a snapshot
			batched = reload(t, txn.Commit())
			if one.Hash() != batched.Hash() {
				t.Fatalf("hashes differ at index %d", index)
			}
			txn = batched.Txn()
		}
	}
	txn.Apply(3001, Command{Op: OpSet, Key: "one more"})
	if batched = txn.Commit(); one.Hash() == batched.Hash() {
		t.Error("different states have the same hash")
	}
}

func reload(t *testing.T, s *State) *State {
	t.Helper()
	var b bytes.Buffer
	if err := s.Save(&b); err != nil {
		t.Fatal(err)
	}
	b.WriteString("next")
	loaded, err := Load(&b)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != "next" {
		t.Fatal("Load read beyond its snapshot")
	}
	return loaded
}
