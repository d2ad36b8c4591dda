package radix

// Abandon fires everybody who waits on the tree, whatever for. It is for a
// tree that is replaced as a whole, by one that no transaction made from it, as
// when a snapshot is installed. The caller publishes the other tree first.
func (t Tree[V]) Abandon() { t.root.abandon() }

func (n *node[V]) abandon() {
	if n.leaf != nil {
		fireAll(n.leaf.watch.Swap(replacedList))
	}
	if w := n.watch.Swap(replacedWatch); w != nil && w != replacedWatch {
		fireAll(&w.under)
		fireAll(w.gap.Swap(replacedList))
	}
	for _, e := range n.children {
		e.node.abandon()
	}
}

// fireAll closes a list, which may be nil, and fires who stood in it.
func fireAll(l *list) {
	if l == nil {
		return
	}
	for _, r := range l.close() {
		r.waiter.fire()
	}
}
