package radix

import (
	"slices"
	"sync"
	"sync/atomic"
)

// scope says what of a string a registration waits for.
type scope bool

const (
	wholeKey      scope = false // the entry with that key
	anyWithPrefix scope = true  // all entries whose keys begin with it
)

// watch is what waits at a node. under holds those who wait for anything below
// it, gap those who wait for what does not exist and would be made below it.
type watch struct {
	under list
	gap   atomic.Pointer[list]
}

// list holds registrations until it is closed, which happens when what they
// wait for has changed or they all move elsewhere.
type list struct {
	path string // of the node, in a gap's list

	mu     sync.Mutex
	closed bool
	regs   []*registration
}

// registration is one thing that a Waiter waits for.
type registration struct {
	waiter *Waiter
	key    string
	scope  scope

	list *list // where it stands; guarded by waiter.mu
	at   int   // in list.regs; guarded by list.mu
}

// What stands in place of a watch or a list after its node or leaf was
// replaced: whoever comes then is late, and fires at once.
var (
	replacedList  = &list{closed: true}
	replacedWatch = func() *watch {
		w := &watch{under: list{closed: true}}
		w.gap.Store(replacedList)
		return w
	}()
)

// add puts r at the end of l, unless l is closed.
func (l *list) add(r *registration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	r.list, r.at = l, len(l.regs)
	l.regs = append(l.regs, r)
	return true
}

// remove takes r out of l; the last one moves to its place.
func (l *list) remove(r *registration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return // close has taken r out already
	}
	last := len(l.regs) - 1
	l.regs[r.at] = l.regs[last]
	l.regs[r.at].at = r.at
	l.regs[last] = nil
	l.regs = l.regs[:last]
	if last == 0 {
		l.regs = nil
	}
}

// close ends the list and returns what stood in it.
func (l *list) close() []*registration {
	l.mu.Lock()
	defer l.mu.Unlock()
	regs := l.regs
	l.closed, l.regs = true, nil
	return regs
}

// place returns the list on which a waiter for key belongs under root.
func place[V any](root *node[V], key string, s scope) *list {
	n, rest := root.descend(key)
	if s == wholeKey && rest == "" && n.leaf != nil {
		return orStore(&n.leaf.watch, func() *list { return new(list) })
	}
	if s == anyWithPrefix {
		if top := n.top(rest); top != nil {
			return &top.watchers().under
		}
	}
	path := key[:len(key)-len(rest)]
	return orStore(&n.watchers().gap, func() *list { return &list{path: path} })
}

// watchers returns n's watch and makes it if there is none.
func (n *node[V]) watchers() *watch {
	return orStore(&n.watch, func() *watch { return new(watch) })
}

// orStore returns what p points to; if that is nil, it stores a new one first.
// Of several who do so at once one wins, and all return the winner's.
func orStore[T any](p *atomic.Pointer[T], make func() *T) *T {
	if v := p.Load(); v != nil {
		return v
	}
	p.CompareAndSwap(nil, make())
	return p.Load()
}

// Notify fires the waiters of what the transaction changed. Call it once,
// after Commit and after the new version is published, so that whoever wakes
// up sees it.
func (t *Txn[V]) Notify() {
	if t.owner != nil {
		panic("radix: Notify before Commit")
	}
	for _, l := range t.leaves {
		if waiting := l.watch.Swap(replacedList); waiting != nil {
			for _, r := range waiting.close() {
				r.waiter.fire()
			}
		}
	}
	for _, n := range t.nodes {
		if w := n.watch.Swap(replacedWatch); w != nil {
			t.settleUnder(n, w.under.close())
			if gap := w.gap.Swap(replacedList); gap != nil {
				t.settleGap(n, gap)
			}
		}
	}
	t.nodes, t.leaves = nil, nil
}

// settleUnder fires those who wait for a prefix at the replaced node n, except
// where only n's own prefix was split or joined: then another node holds the
// very same entries, and they wait on there.
func (t *Txn[V]) settleUnder(n *node[V], regs []*registration) {
	for _, r := range regs {
		m := t.next.root.top(r.key)
		if m != nil && m.leaf == n.leaf && slices.Equal(m.children, n.children) {
			t.move(r)
		} else {
			r.waiter.fire()
		}
	}
}

// settleGap fires those who wait below the replaced node n for something that
// exists now; the others wait on. If the node that took n's place has the same
// edges, then nothing came or went, and the list moves as a whole.
func (t *Txn[V]) settleGap(n *node[V], gap *list) {
	m, rest := t.next.root.descend(gap.path)
	if rest == "" && sameShape(n, m) && m.watchers().gap.CompareAndSwap(nil, gap) {
		return
	}
	for _, r := range gap.close() {
		if t.exists(r.key, r.scope) {
			r.waiter.fire()
		} else {
			t.move(r)
		}
	}
}

// exists reports whether there is now what a waiter did not find.
func (t *Txn[V]) exists(key string, s scope) bool {
	if s == anyWithPrefix {
		return t.next.root.top(key) != nil
	}
	n, rest := t.next.root.descend(key)
	return rest == "" && n.leaf != nil
}

// sameShape reports whether n and m have leaves and children at the same
// paths, whatever may be below those.
func sameShape[V any](n, m *node[V]) bool {
	return (n.leaf == nil) == (m.leaf == nil) &&
		slices.EqualFunc(n.children, m.children, func(a, b edge[V]) bool { return a.node.prefix == b.node.prefix })
}

// move puts r, whose list was closed, on the list where it belongs in the next
// version.
func (t *Txn[V]) move(r *registration) {
	r.waiter.rejoin(r, place(t.next.root, r.key, r.scope))
}
