package kv

import (
	"hash/fnv"
	"strings"

	"praetor/internal/radix"
)

// State is the whole key/value store after some log entry. It is immutable:
// any number of goroutines read it without locks while a Txn builds the next.
// Make the first with New or Load. The entries that it returns are shared:
// nobody may write to them.
type State struct {
	entries radix.Tree[*Entry]
	tombs   radix.Tree[uint64] // deleted key -> index of the deletion
	floor   uint64             // the newest tombstone that was ever forgotten
}

// New returns an empty store.
func New() *State { return &State{entries: radix.New[*Entry](), tombs: radix.New[uint64]()} }

// Len returns how many keys there are.
func (s *State) Len() int { return s.entries.Len() }

// Tombstones returns how many deletions are remembered: those not reaped yet.
func (s *State) Tombstones() int { return s.tombs.Len() }

// Get returns the entry of key, or nil if it is absent, and the index of the
// answer, which is 0 if the key never was. w, which may be nil, fires when the
// key is changed, deleted or created.
func (s *State) Get(key string, w *radix.Waiter) (*Entry, uint64) {
	if e, ok := s.entries.Get(key, w); ok {
		return e, e.ModifyIndex
	}
	tomb, _ := s.tombs.Get(key, nil)
	return nil, max(s.floor, tomb)
}

// List returns the entries whose keys begin with prefix, in key order, and the
// index of the answer. w, which may be nil, fires when any of them is changed
// or deleted, or one is created.
func (s *State) List(prefix string, w *radix.Waiter) ([]*Entry, uint64) {
	var entries []*Entry
	index := s.deleted(prefix)
	for _, e := range s.entries.All(prefix, w) {
		entries = append(entries, e)
		index = max(index, e.ModifyIndex)
	}
	return entries, index
}

// Keys returns the keys that begin with prefix, in order. If separator is not
// empty, each key is cut after the first separator that follows the prefix,
// and what is then the same is returned once: the listing of one directory.
// The index and w are those of List.
func (s *State) Keys(prefix, separator string, w *radix.Waiter) ([]string, uint64) {
	var keys []string
	index := s.deleted(prefix)
	for key, e := range s.entries.All(prefix, w) {
		index = max(index, e.ModifyIndex)
		if separator != "" {
			if i := strings.Index(key[len(prefix):], separator); i >= 0 {
				key = key[:len(prefix)+i+len(separator)]
			}
			if n := len(keys); n > 0 && keys[n-1] == key {
				continue // keys of one directory are neighbours
			}
		}
		keys = append(keys, key)
	}
	return keys, index
}

// deleted returns the index of the newest deletion under prefix, or the floor.
func (s *State) deleted(prefix string) uint64 {
	index := s.floor
	for _, tomb := range s.tombs.All(prefix, nil) {
		index = max(index, tomb)
	}
	return index
}

// Hash returns a digest of all that the state is made of. Two replicas that
// applied the same log have the same; it takes time in proportion to the state.
func (s *State) Hash() uint64 {
	h := fnv.New64a()
	s.write(h)
	return h.Sum64()
}
