package kv

import "praetor/internal/radix"

// State is the whole key/value store after some log entry. It is immutable:
// any number of goroutines read it without locks while a Txn builds the next.
type State struct{}

// New returns an empty store.
func New() *State { return &State{} }

// Get returns the entry of key, or nil if it is absent, and the index of the
// answer. w, which may be nil, fires when the answer changes.
func (s *State) Get(key string, w *radix.Waiter) (*Entry, uint64) { return nil, 0 }

// List returns the entries whose keys begin with prefix, in key order.
func (s *State) List(prefix string, w *radix.Waiter) ([]*Entry, uint64) { return nil, 0 }

// Keys returns the keys that begin with prefix, in order, each cut after the
// first separator that follows the prefix, without repetitions.
func (s *State) Keys(prefix, separator string, w *radix.Waiter) ([]string, uint64) { return nil, 0 }

// Txn starts a transaction.
func (s *State) Txn() *Txn { return &Txn{} }

// Txn builds the next State.
type Txn struct{}

// Apply executes one command.
func (t *Txn) Apply(index uint64, c Command) (ok bool, err error) { return false, nil }

// Commit returns the next State.
func (t *Txn) Commit() *State { return nil }

// Notify wakes those who wait for what the transaction changed.
func (t *Txn) Notify() {}
