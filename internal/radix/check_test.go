package radix

import (
	"fmt"
	"strings"
	"testing"
)

// check fails the test if the tree breaks an invariant of the package comment.
func (t Tree[V]) check(tb testing.TB) {
	tb.Helper()
	size := 0
	var visit func(n *node[V], path string)
	visit = func(n *node[V], path string) {
		path += n.prefix
		if n != t.root && n.prefix == "" {
			tb.Fatalf("node at %q has an empty prefix", path)
		}
		if n != t.root && n.leaf == nil && len(n.children) < 2 {
			tb.Fatalf("node at %q has no leaf and %d children", path, len(n.children))
		}
		if n.leaf != nil {
			size++
			if n.leaf.key != path {
				tb.Fatalf("leaf at %q has key %q", path, n.leaf.key)
			}
		}
		for i, c := range n.children {
			if c.label != c.node.prefix[0] || i > 0 && n.children[i-1].label >= c.label {
				tb.Fatalf("children of %q are out of order at %q", path, c.node.prefix)
			}
			visit(c.node, path)
		}
	}
	visit(t.root, "")
	if t.root.prefix != "" {
		tb.Fatalf("the root has prefix %q", t.root.prefix)
	}
	if size != t.size {
		tb.Fatalf("Len is %d, the tree has %d leaves", t.size, size)
	}
}

// waiting returns how many registrations stand in the lists of the tree.
func (t Tree[V]) waiting() int {
	total := 0
	var visit func(n *node[V])
	visit = func(n *node[V]) {
		if w := n.watch.Load(); w != nil {
			total += len(w.under.regs)
			if gap := w.gap.Load(); gap != nil {
				total += len(gap.regs)
			}
		}
		if n.leaf != nil {
			if l := n.leaf.watch.Load(); l != nil {
				total += len(l.regs)
			}
		}
		for _, c := range n.children {
			visit(c.node)
		}
	}
	visit(t.root)
	return total
}

// draw renders the tree: a node a line, its prefix indented by its depth, with
// the value if it has one and a star if it is not part of old.
func (t Tree[V]) draw(old Tree[V]) string {
	shared := map[*node[V]]bool{}
	var note func(n *node[V])
	note = func(n *node[V]) {
		shared[n] = true
		for _, c := range n.children {
			note(c.node)
		}
	}
	note(old.root)
	var b strings.Builder
	var visit func(n *node[V], depth int)
	visit = func(n *node[V], depth int) {
		fmt.Fprintf(&b, "%s%q", strings.Repeat("  ", depth), n.prefix)
		if n.leaf != nil {
			fmt.Fprintf(&b, " = %v", n.leaf.value)
		}
		if !shared[n] {
			b.WriteString(" *")
		}
		b.WriteString("\n")
		for _, c := range n.children {
			visit(c.node, depth+1)
		}
	}
	visit(t.root, 0)
	return b.String()
}
