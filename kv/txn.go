package kv

import (
	"bytes"

	"praetor/internal/radix"
)

// A Txn builds the next State from any number of commands. It belongs to one
// goroutine. After Commit the caller publishes the new State and then calls
// Notify. A Txn that is dropped before Commit leaves no trace.
type Txn struct {
	entries *radix.Txn[*Entry]
	tombs   *radix.Txn[uint64]
	floor   uint64
}

// Txn starts a transaction on s. Transactions follow each other: of two that
// start from the same State, only one may be committed and notified.
func (s *State) Txn() *Txn {
	return &Txn{entries: s.entries.Txn(), tombs: s.tombs.Txn(), floor: s.floor}
}

// Commit ends the transaction and returns the State with its changes.
func (t *Txn) Commit() *State {
	return &State{entries: t.entries.Commit(), tombs: t.tombs.Commit(), floor: t.floor}
}

// Notify fires the waiters of what the transaction changed. It is called once,
// after the new State is published.
func (t *Txn) Notify() { t.entries.Notify() }

// Apply executes one command as the log entry of that index, which must not be
// lower than any before. ok is false if the command's condition did not hold;
// the error is a command that Validate refuses. In both cases, nothing changed.
func (t *Txn) Apply(index uint64, c Command) (ok bool, err error) {
	if err := c.Validate(); err != nil {
		return false, err
	}
	switch c.Op {
	case OpSet:
		t.set(index, c)
	case OpCAS:
		return t.cas(index, c), nil
	case OpDelete:
		t.remove(index, c.Key)
	case OpDeleteCAS:
		return t.removeCAS(index, c), nil
	case OpDeleteTree:
		t.removeTree(index, c.Key)
	case OpReap:
		t.reap(c.CAS)
	}
	return true, nil
}

// set writes the key. A lock on it stays as it is: locks are advisory.
func (t *Txn) set(index uint64, c Command) {
	e := &Entry{Key: c.Key, Flags: c.Flags, Value: c.Value, CreateIndex: index}
	if old, ok := t.entries.Get(c.Key); ok {
		e.CreateIndex, e.LockIndex, e.Session = old.CreateIndex, old.LockIndex, old.Session
	}
	t.put(index, e)
}

// put stores e, unless the store has the very same already. It is the one way
// by which an entry comes into the store.
func (t *Txn) put(index uint64, e *Entry) {
	if old, ok := t.entries.Get(e.Key); ok && sameContent(old, e) {
		reachedSame.Hit()
		return
	}
	e.ModifyIndex = index
	e.Value = cloneValue(e.Value) // the command's value may be part of a large message
	t.entries.Insert(e.Key, e)
	t.tombs.Delete(e.Key) // the entry's ModifyIndex is newer
}

// cloneValue copies v. An empty value is nil, which JSON renders as null, as
// Consul does.
func cloneValue(v []byte) []byte { return append([]byte(nil), v...) }

// sameContent reports whether a and b differ in nothing that a client sets.
func sameContent(a, b *Entry) bool {
	return a.Flags == b.Flags && a.LockIndex == b.LockIndex && a.Session == b.Session &&
		bytes.Equal(a.Value, b.Value)
}

// cas writes the key if its ModifyIndex is as given, or if it is absent and
// the given index is 0.
func (t *Txn) cas(index uint64, c Command) bool {
	var current uint64
	if old, ok := t.entries.Get(c.Key); ok {
		current = old.ModifyIndex
	}
	if current != c.CAS {
		reachedCASRefused.Hit()
		return false
	}
	t.set(index, c)
	return true
}

// remove deletes the key and leaves a tombstone, if it was there.
func (t *Txn) remove(index uint64, key string) {
	if _, ok := t.entries.Delete(key); ok {
		t.tombs.Insert(key, index)
	}
}

// removeCAS deletes the key if its ModifyIndex is as given. What is absent
// already counts as deleted, as in Consul.
func (t *Txn) removeCAS(index uint64, c Command) bool {
	if old, ok := t.entries.Get(c.Key); ok && old.ModifyIndex != c.CAS {
		reachedDeleteCASRefused.Hit()
		return false
	}
	t.remove(index, c.Key)
	return true
}

// removeTree deletes every key that begins with prefix. Each leaves its own
// tombstone, so that the index of a deeper prefix moves only if it lost a key.
func (t *Txn) removeTree(index uint64, prefix string) {
	for key := range t.entries.All(prefix) {
		reachedDeleteTree.Hit()
		t.tombs.Insert(key, index)
	}
	t.entries.DeletePrefix(prefix)
}

// reap forgets the tombstones up to that index, and raises the floor to the
// newest of them, so that no index of an answer moves backwards.
func (t *Txn) reap(upTo uint64) {
	var keys []string
	for key, tomb := range t.tombs.All("") {
		if tomb <= upTo {
			keys = append(keys, key)
			reachedReaped.Hit()
			t.floor = max(t.floor, tomb)
		}
	}
	for _, key := range keys {
		t.tombs.Delete(key)
	}
}

// Abandon wakes everybody who waits on s: it has been replaced as a whole, by a
// State that no transaction made from it.
func (s *State) Abandon() { s.entries.Abandon() }
