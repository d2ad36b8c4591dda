package radix

import (
	"sort"
	"strings"
	"sync/atomic"
)

// A Tree is one version of an ordered map from strings to V. It is immutable
// and two words large: pass it by value. Make the first with New; the zero
// Tree is not usable.
type Tree[V any] struct {
	root *node[V]
	size int
}

// node is one node of a tree; see the package comment for the invariants.
// Nothing but watch changes once the node is part of a committed tree.
type node[V any] struct {
	prefix   string
	leaf     *leaf[V] // the entry whose key is the node's path, or nil
	children []edge[V]
	owner    *owner                // the transaction that made the node
	watch    atomic.Pointer[watch] // nil until somebody waits here
}

// edge leads to a child. It repeats the first byte of the child's prefix, so
// that a search among many children reads none of them.
type edge[V any] struct {
	label byte
	node  *node[V]
}

// to returns the edge to n.
func to[V any](n *node[V]) edge[V] { return edge[V]{n.prefix[0], n} }

// leaf is one entry. It is replaced when its key is written, and stays the
// same object however the nodes around it are split and joined.
type leaf[V any] struct {
	key   string
	value V
	watch atomic.Pointer[list] // nil until somebody waits for this key
}

// New returns an empty tree.
func New[V any]() Tree[V] { return Tree[V]{root: &node[V]{}} }

// Len returns how many keys the tree holds.
func (t Tree[V]) Len() int { return t.size }

// Get returns the value of key and whether it is there. w, which may be nil,
// fires when key is written, deleted or created.
func (t Tree[V]) Get(key string, w *Waiter) (value V, ok bool) {
	if w != nil {
		w.register(key, wholeKey, place(t.root, key, wholeKey))
	}
	n, rest := t.root.descend(key)
	if rest != "" || n.leaf == nil {
		return value, false
	}
	return n.leaf.value, true
}

// LongestPrefix returns the longest key that s begins with, and its value.
func (t Tree[V]) LongestPrefix(s string) (key string, value V, ok bool) {
	var best *leaf[V]
	for n := t.root; ; {
		if n.leaf != nil {
			best = n.leaf
		}
		_, c := n.child(s)
		if c == nil || !strings.HasPrefix(s, c.prefix) {
			break
		}
		n, s = c, s[len(c.prefix):]
	}
	if best == nil {
		return "", value, false
	}
	return best.key, best.value, true
}

// child returns the child whose prefix begins with the first byte of rest, or
// nil and the place where such a child belongs.
func (n *node[V]) child(rest string) (at int, c *node[V]) {
	if rest == "" {
		return 0, nil
	}
	at = sort.Search(len(n.children), func(i int) bool { return n.children[i].label >= rest[0] })
	if at < len(n.children) && n.children[at].label == rest[0] {
		return at, n.children[at].node
	}
	return at, nil
}

// descend returns the deepest node under n whose path is a prefix of key
// (relative to n), and what is left of key below it.
func (n *node[V]) descend(key string) (deepest *node[V], rest string) {
	for {
		_, c := n.child(key)
		if c == nil || !strings.HasPrefix(key, c.prefix) {
			return n, key
		}
		n, key = c, key[len(c.prefix):]
	}
}

// top returns the topmost node under n whose path begins with prefix: all
// that begins with prefix is under it. It is nil if nothing does. An empty
// prefix has the root, even of an empty tree.
func (n *node[V]) top(prefix string) *node[V] {
	n, rest := n.descend(prefix)
	if rest == "" {
		return n
	}
	if _, c := n.child(rest); c != nil && strings.HasPrefix(c.prefix, rest) {
		return c
	}
	return nil
}
