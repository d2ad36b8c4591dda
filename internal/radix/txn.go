package radix

import (
	"iter"
	"slices"
)

// A Txn builds the next version of a tree. It belongs to one goroutine. The
// sequence is: any number of changes, Commit, publish the new version, Notify.
// A Txn that is dropped before Commit leaves no trace.
type Txn[V any] struct {
	next  Tree[V]
	owner *owner // nil once committed

	// What is part of the old version and not of the next.
	nodes  []*node[V]
	leaves []*leaf[V]
}

// owner is the identity of a transaction; only its address counts (and so it
// must not be of size zero, for then all may have the same).
type owner struct{ _ byte }

// Txn starts a transaction on t.
func (t Tree[V]) Txn() *Txn[V] { return &Txn[V]{next: t, owner: new(owner)} }

// Len returns how many keys there are, with the changes so far.
func (t *Txn[V]) Len() int { return t.next.size }

// Get returns the value of key, with the changes so far.
func (t *Txn[V]) Get(key string) (V, bool) { return t.next.Get(key, nil) }

// All iterates over the entries whose keys begin with prefix, in key order,
// with the changes so far. The transaction must not be changed meanwhile.
func (t *Txn[V]) All(prefix string) iter.Seq2[string, V] { return t.next.All(prefix, nil) }

// Tree returns the tree with the changes so far, which lasts until the next
// change: it is for reading between two changes only.
func (t *Txn[V]) Tree() Tree[V] { return t.next }

// Insert sets key to value and returns what it was before, if it was there.
// The tree keeps key; a key that is cut out of a large string keeps all of it
// in memory.
func (t *Txn[V]) Insert(key string, value V) (old V, existed bool) {
	t.mustBeOpen()
	l := &leaf[V]{key: key, value: value}
	root, was := t.insert(t.next.root, key, l)
	t.next.root = root
	if was == nil {
		t.next.size++
		return old, false
	}
	return was.value, true
}

// Delete removes key and returns its value, if it was there.
func (t *Txn[V]) Delete(key string) (old V, existed bool) {
	t.mustBeOpen()
	root, was := t.remove(t.next.root, key)
	if was == nil {
		return old, false
	}
	t.next.root = root
	t.next.size--
	return was.value, true
}

// DeletePrefix removes every key that begins with prefix and returns how many
// there were.
func (t *Txn[V]) DeletePrefix(prefix string) int {
	t.mustBeOpen()
	if t.next.size == 0 || t.next.root.top(prefix) == nil {
		return 0
	}
	before := t.next.size
	t.next.root = t.removeAll(t.next.root, prefix)
	return before - t.next.size
}

// Commit ends the transaction and returns the next version of the tree.
func (t *Txn[V]) Commit() Tree[V] {
	t.mustBeOpen()
	t.owner = nil
	return t.next
}

// mustBeOpen panics after Commit: a change then would write to a tree that
// others already read.
func (t *Txn[V]) mustBeOpen() {
	if t.owner == nil {
		panic("radix: transaction is used after Commit")
	}
}

// own returns n itself if this transaction made it, else a copy of it.
func (t *Txn[V]) own(n *node[V]) *node[V] {
	if n.owner == t.owner {
		return n
	}
	t.nodes = append(t.nodes, n)
	return &node[V]{prefix: n.prefix, leaf: n.leaf, children: slices.Clone(n.children), owner: t.owner}
}

// insert puts l under n, where rest is what is left of its key, and returns
// the node that takes n's place and the leaf that l replaces, if any.
func (t *Txn[V]) insert(n *node[V], rest string, l *leaf[V]) (*node[V], *leaf[V]) {
	if rest == "" {
		n = t.own(n)
		was := n.leaf
		if was != nil {
			l.key = was.key // equal, and the nodes' prefixes are cut out of this one
			t.leaves = append(t.leaves, was)
		}
		n.leaf = l
		return n, was
	}
	at, c := n.child(rest)
	if c == nil {
		n = t.own(n)
		n.children = slices.Insert(n.children, at, to(&node[V]{prefix: rest, leaf: l, owner: t.owner}))
		return n, nil
	}
	same := common(rest, c.prefix)
	if same < len(c.prefix) {
		c = t.split(c, same)
	}
	c, was := t.insert(c, rest[same:], l)
	n = t.own(n)
	n.children[at] = to(c)
	return n, was
}

// split returns a node with the first size bytes of c's prefix, and c, with
// the others, as its only child. The caller adds what belongs beside it.
func (t *Txn[V]) split(c *node[V], size int) *node[V] {
	lower := t.own(c)
	shared := lower.prefix[:size]
	lower.prefix = lower.prefix[size:]
	return &node[V]{prefix: shared, children: []edge[V]{to(lower)}, owner: t.owner}
}

// remove deletes the key of which rest is left under n. It returns the node
// that takes n's place and the leaf that was removed, or n and nil.
func (t *Txn[V]) remove(n *node[V], rest string) (*node[V], *leaf[V]) {
	if rest == "" {
		was := n.leaf
		if was != nil {
			n = t.own(n)
			n.leaf = nil
			t.leaves = append(t.leaves, was)
		}
		return n, was
	}
	at, c := n.child(rest)
	if c == nil || common(rest, c.prefix) < len(c.prefix) {
		return n, nil
	}
	c, was := t.remove(c, rest[len(c.prefix):])
	if was == nil {
		return n, nil
	}
	return t.replaceChild(n, at, c), was
}

// removeAll deletes all keys under n that begin with rest, of which there is
// at least one, and returns the node that takes n's place.
func (t *Txn[V]) removeAll(n *node[V], rest string) *node[V] {
	if rest == "" {
		t.drop(n)
		return &node[V]{prefix: n.prefix, owner: t.owner}
	}
	at, c := n.child(rest)
	return t.replaceChild(n, at, t.removeAll(c, rest[min(len(rest), len(c.prefix)):]))
}

// drop notes that all under n, and n, is no part of the next version.
func (t *Txn[V]) drop(n *node[V]) {
	if n.owner != t.owner {
		t.nodes = append(t.nodes, n)
	}
	if n.leaf != nil {
		t.leaves = append(t.leaves, n.leaf)
		t.next.size--
	}
	for _, c := range n.children {
		t.drop(c.node)
	}
}

// replaceChild makes c, from which something was removed, the child of n in
// place at, or leaves it out if nothing is left of it, or joins it with its
// only child. It returns the node that takes n's place.
func (t *Txn[V]) replaceChild(n *node[V], at int, c *node[V]) *node[V] {
	n = t.own(n)
	switch {
	case c.leaf != nil || len(c.children) > 1:
		n.children[at] = to(c)
	case len(c.children) == 1:
		joined := t.own(c.children[0].node)
		joined.prefix = c.prefix + joined.prefix
		n.children[at] = to(joined)
	default:
		n.children = slices.Delete(n.children, at, at+1)
	}
	return n
}

// common returns how many bytes a and b have in common at their beginning.
func common(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
