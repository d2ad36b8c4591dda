// Package radix is an ordered map with string keys that never changes: a
// transaction builds the next version, which shares all untouched parts with
// the one before. A reader holds a version as long as it likes, without locks,
// and can wait for a change of exactly what it read.
//
//	tree := radix.New[int]()
//	txn := tree.Txn()
//	txn.Insert("web", 80)
//	next := txn.Commit() // tree is as it was
//	root.Store(&next)    // the caller publishes the new version,
//	txn.Notify()         // then wakes those who wait on the old one
//
// # Shape
//
// A radix tree is a trie whose chains without branches are folded into one
// edge (Morrison, PATRICIA, 1968). A node's path is the sum of the prefixes
// from the root down to it; its leaf, if it has one, is the entry whose key is
// that path. With the keys "romane", "romanus", "romulus" and "rom":
//
//	"" ── "rom" (leaf) ─┬─ "an" ─┬─ "e"  (leaf)
//	                    │        └─ "us" (leaf)
//	                    └─ "ulus" (leaf)
//
// Inserting "romanes" copies the path to it ("", "rom", "an", "e") and shares
// the rest. The invariants, which the tests verify after every step (check_test.go):
//
//   - the prefix of every node but the root's is not empty, and the prefixes of
//     a node's children differ in their first byte, by which they are sorted;
//   - every node but the root has a leaf or at least two children;
//   - a leaf's key is the path of its node.
//
// # Transactions
//
// Each node names the transaction that made it. That one may write to the
// node in place, every other copies it first, so that a transaction copies a
// node at most once, however many changes it makes below. Transactions of one
// tree must follow each other: of two that start from the same version, only
// one may be committed and notified.
//
// # Waiting
//
// Get, All and Backward take a [Waiter], which may be nil. It fires when what
// was read changes in a later version: the entry of that key (written, even to
// an equal value, deleted, or created when it was absent), or any entry under
// that prefix. It costs nothing to trees that nobody waits on but one pointer
// in each node and leaf.
//
//	what is read          waits on                          list
//	a key that is there   its leaf                          leaf.watch
//	a prefix of some key  the top node whose path has it    watch.under
//	an absent key, or a   the deepest node whose path is    watch.gap
//	prefix of no key      a prefix of it
//
// Notify looks at the nodes and leaves that the transaction replaced. A leaf
// that was replaced is a key that changed. A node may be replaced although
// what a waiter read is the same, because an edge above was split or joined,
// or because another key near an absent one came or went: then its waiters
// move to the node which took its place. A waiter is therefore never woken by
// a write to another key, with one exception: whoever registers on an old
// version after Notify has passed finds the node marked as replaced and fires
// at once, without a look at what has changed. That is also why no wake-up is
// lost between reading a version and waiting on it.
//
// A tree that is replaced as a whole, say by a snapshot from another server, has
// no transaction that could notify: Abandon fires all who wait on it.
//
// The price of a write is a step for each waiter of what it changed; for each
// waiter of a prefix whose edge it splits or joins; and, if a key is created
// or deleted directly below a node, for each waiter of an absent key which
// belongs there. Others cost nothing, however many they are. In a tree of a
// million keys an entry takes some 146 bytes beyond its key and value
// (BenchmarkMemory).
package radix
