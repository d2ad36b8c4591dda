// Package kv is the key/value store: a deterministic state machine that turns
// the commands of the replicated log into versions of a sorted map.
//
//	s := kv.New()
//	txn := s.Txn()
//	ok, err := txn.Apply(7, kv.Command{Op: kv.OpSet, Key: "app/port", Value: []byte("80")})
//	next := txn.Commit() // publish it, then:
//	txn.Notify()
//	entry, index := next.Get("app/port", nil) // entry.ModifyIndex and index are 7
//
// A State is immutable: readers need no locks, and applying never disturbs
// them. Applying reads no clock and no randomness, so every server that applies
// the same commands at the same indexes has the same State; Hash compares them.
//
// # Indexes
//
// Every read returns an index, which is what a blocking query compares: it
// sleeps until the index of its answer is past the one that it knows. For a key
// that is there, it is the key's ModifyIndex. A deletion leaves a tombstone
// with the index of the deletion, and the index of an absent key or of a prefix
// is the newest of its entries and tombstones. So the index moves with every
// change of the answer, deletions too, and with no other. Tombstones are
// forgotten by OpReap, which the leader proposes when they are old; then the
// floor takes their place, the newest index that was ever forgotten:
//
//	index  command          Get("a/x")  List("a/")  List("b/")
//	  3    set a/x               3           3           0
//	  4    set a/y               3           4           0
//	  5    delete a/x            5           5           0
//	  6    set b/z               5           5           6
//	  7    reap up to 5          5           5           6
//	  8    delete b/z            5           5           8
//
// A key that was absent, and is written and deleted between two States that are
// published, has its index moved and wakes nobody: its answer is what it was.
//
// The invariants: the index of an answer never moves backwards; a key has an
// entry or a tombstone, not both; every tombstone is newer than the floor.
//
// Setting a key to the value and flags which it has succeeds and changes
// nothing, as in Consul: its ModifyIndex stays and nobody wakes up.
//
// An entry names the session that holds its lock. Locks are advisory: writing
// to a key neither needs its lock nor changes it.
//
// # Formats
//
// A command in the log; integers are varints, strings and bytes have their
// length before them:
//
//	+---------+----+-----+-------+-------+-----+
//	| version | op | key | value | flags | CAS |
//	+---------+----+-----+-------+-------+-----+
//	  1 byte   1
//
// A snapshot is a sequence of frames (see internal/wire): one header, then each
// entry and each tombstone in key order.
//
//	header     "kv" | version | floor | entries | tombstones
//	entry      key | value | flags | LockIndex | Session | CreateIndex | ModifyIndex
//	tombstone  key | index
package kv
