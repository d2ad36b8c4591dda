package radix

import (
	"iter"
	"strings"
)

// All iterates over the entries whose keys begin with prefix, in key order.
// w, which may be nil, fires when any of them is written or deleted, or one
// is created; it is registered by the call, however far the caller iterates.
func (t Tree[V]) All(prefix string, w *Waiter) iter.Seq2[string, V] {
	n := t.start(prefix, w)
	return func(yield func(string, V) bool) { n.walk(yield) }
}

// Backward is All in descending order.
func (t Tree[V]) Backward(prefix string, w *Waiter) iter.Seq2[string, V] {
	n := t.start(prefix, w)
	return func(yield func(string, V) bool) { n.walkBack(yield) }
}

// Range iterates over the entries with from <= key < to, in key order. An
// empty to stands for no upper bound.
func (t Tree[V]) Range(from, to string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		t.root.walkFrom(from, func(key string, v V) bool {
			return (to == "" || key < to) && yield(key, v)
		})
	}
}

// RangeBackward is Range in descending order.
func (t Tree[V]) RangeBackward(from, to string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		bounded := func(key string, v V) bool { return key >= from && yield(key, v) }
		if to == "" {
			t.root.walkBack(bounded)
		} else {
			t.root.walkBackFrom(to, bounded)
		}
	}
}

// start registers w for prefix and returns the node that holds its entries.
func (t Tree[V]) start(prefix string, w *Waiter) *node[V] {
	if w != nil {
		w.register(prefix, anyWithPrefix, place(t.root, prefix, anyWithPrefix))
	}
	return t.root.top(prefix)
}

// walk yields all entries under n in order, and returns whether to go on.
func (n *node[V]) walk(yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	if n.leaf != nil && !yield(n.leaf.key, n.leaf.value) {
		return false
	}
	for _, c := range n.children {
		if !c.node.walk(yield) {
			return false
		}
	}
	return true
}

// walkBack is walk in descending order: a node's key is shorter than all
// below it, hence the last.
func (n *node[V]) walkBack(yield func(string, V) bool) bool {
	if n == nil {
		return true
	}
	for i := len(n.children) - 1; i >= 0; i-- {
		if !n.children[i].node.walkBack(yield) {
			return false
		}
	}
	return n.leaf == nil || yield(n.leaf.key, n.leaf.value)
}

// walkFrom yields in order the entries under n that are not below from, which
// is relative to n.
func (n *node[V]) walkFrom(from string, yield func(string, V) bool) bool {
	if from == "" {
		return n.walk(yield)
	}
	for _, e := range n.children {
		c := e.node
		switch {
		case strings.HasPrefix(from, c.prefix):
			if !c.walkFrom(from[len(c.prefix):], yield) {
				return false
			}
		case c.prefix > from:
			if !c.walk(yield) {
				return false
			}
		}
	}
	return true
}

// walkBackFrom yields in descending order the entries under n that are below
// to, which is relative to n.
func (n *node[V]) walkBackFrom(to string, yield func(string, V) bool) bool {
	if to == "" {
		return true
	}
	for i := len(n.children) - 1; i >= 0; i-- {
		c := n.children[i].node
		switch {
		case strings.HasPrefix(to, c.prefix):
			if !c.walkBackFrom(to[len(c.prefix):], yield) {
				return false
			}
		case c.prefix < to:
			if !c.walkBack(yield) {
				return false
			}
		}
	}
	return n.leaf == nil || yield(n.leaf.key, n.leaf.value)
}
