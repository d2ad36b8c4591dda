package radix

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"praetor/internal/script"
)

func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		p := &player{t: t, tree: New[int]()}
		return p.run
	})
}

// player runs the commands of a script on a tree.
type player struct {
	t       *testing.T
	tree    Tree[int]
	waiters []named
}

// named is a waiter of the script that has not fired yet.
type named struct {
	what string
	w    *Waiter
}

func (p *player) run(c script.Command) string {
	switch c.Verb {
	case "txn":
		return p.txn(c.Args)
	case "get", "all":
		w := NewWaiter(nil)
		p.waiters = append(p.waiters, named{c.Verb + " " + c.Arg(0), w})
		if c.Verb == "get" {
			p.tree.Get(c.Arg(0), w)
		} else {
			p.tree.All(c.Arg(0), w)
		}
		return ""
	case "where":
		return p.where()
	}
	return "unknown verb " + c.Verb
}

// txn makes changes, "+key", "-key" or "*prefix", in one transaction. It shows
// the next version, where a star stands after each node that is not shared
// with the one before, and who woke up.
func (p *player) txn(changes []string) string {
	old := p.tree
	p.tree = commit(old, changes...)
	p.tree.check(p.t)
	out := p.tree.draw(old)
	p.waiters = slices.DeleteFunc(p.waiters, func(n named) bool {
		if n.w.Fired() {
			out += "wakes " + n.what + "\n"
			n.w.Stop()
		}
		return n.w.Fired()
	})
	return out
}

// where shows each node on which somebody waits, and in which list.
func (p *player) where() string {
	var b strings.Builder
	show := func(path, what string, l *list) {
		if l != nil && len(l.regs) > 0 {
			fmt.Fprintf(&b, "%q %s:", path, what)
			for _, r := range l.regs {
				fmt.Fprintf(&b, " %q", r.key)
			}
			b.WriteString("\n")
		}
	}
	var visit func(n *node[int], path string)
	visit = func(n *node[int], path string) {
		path += n.prefix
		if n.leaf != nil {
			show(path, "leaf", n.leaf.watch.Load())
		}
		if w := n.watch.Load(); w != nil {
			show(path, "under", &w.under)
			show(path, "gap", w.gap.Load())
		}
		for _, e := range n.children {
			visit(e.node, path)
		}
	}
	visit(p.tree.root, "")
	return b.String()
}
