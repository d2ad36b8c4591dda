package catalog

import (
	"cmp"
	"slices"
	"strings"
)

// The functions of this file are the only ones that write to the tables. Each
// keeps the views in step, and marks the answers that change.

// putNode stores n under its name and replaces what is there.
func (t *Txn) putNode(n *Node) {
	node := fold(n.Node)
	if old, ok := t.nodes.Get(node); ok {
		t.unindexNode(node, old)
	}
	t.nodes.Insert(node, n)
	if n.ID != "" {
		t.ids.Insert(fold(n.ID), node)
	}
	if a := canonical(n.Address); a != "" {
		t.addresses.Insert(key(a, node), node)
	}
	t.markNode(node, n)
	t.stale = append(t.stale, instanceRef{node: node})
}

// removeNode removes a node with all that is on it.
func (t *Txn) removeNode(node string) {
	n, ok := t.nodes.Get(node)
	if !ok {
		return
	}
	for _, c := range values(t.checks.Tree(), under(node)) {
		t.removeCheck(node, c.CheckID)
	}
	for _, s := range values(t.services.Tree(), under(node)) {
		t.removeService(node, s.ID)
	}
	t.removeCoordinate(node)
	t.nodes.Delete(node)
	t.unindexNode(node, n)
}

// unindexNode takes n, which is stored no more, out of the views.
func (t *Txn) unindexNode(node string, n *Node) {
	if n.ID != "" {
		t.ids.Delete(fold(n.ID))
	}
	if a := canonical(n.Address); a != "" {
		t.addresses.Delete(key(a, node))
	}
	t.markNode(node, n)
}

func (t *Txn) markNode(node string, n *Node) {
	t.marks.mark(aboutNodes, "")
	t.marks.mark(aboutNode, node)
	t.marks.mark(aboutNodeServices, node)
	if n.ID != "" {
		t.marks.mark(aboutNodeID, fold(n.ID))
	}
	if a := canonical(n.Address); a != "" {
		t.marks.mark(aboutAddress, a)
	}
}

// putService stores s and replaces the service with the same ID.
func (t *Txn) putService(node string, s *Service) {
	old, existed := t.services.Insert(key(node, s.ID), s)
	t.count(s, +1)
	if existed {
		t.dropInstance(node, old)
		reachedServiceReplaced.Hit()
	}
	t.marks.mark(aboutNodeServices, node)
	t.stale = append(t.stale, instanceRef{node, s.ID})
}

// removeService removes a service and its checks.
func (t *Txn) removeService(node, id string) {
	s, ok := t.services.Delete(key(node, id))
	if !ok {
		return
	}
	for _, c := range values(t.checks.Tree(), under(node)) {
		if c.ServiceID == id {
			reachedCheckGoes.Hit()
			t.removeCheck(node, c.CheckID)
		}
	}
	t.dropInstance(node, s)
	t.marks.mark(aboutNodeServices, node)
}

// dropInstance takes s, which is stored no more, out of the views.
func (t *Txn) dropInstance(node string, s *Service) {
	t.count(s, -1)
	t.instances.Delete(key(fold(s.Service), node, s.ID))
	t.marks.mark(aboutInstances, fold(s.Service))
}

// count notes that the number of instances with s's name, and with each of its
// tags, changes by delta.
func (t *Txn) count(s *Service, delta int) {
	t.counts = append(t.counts, tagCount{key(s.Service, ""), delta})
	for _, tag := range s.Tags {
		t.counts = append(t.counts, tagCount{tagKey(s.Service, tag), delta})
	}
}

// tagCount is a change of a row of the view of tags.
type tagCount struct {
	row   string
	delta int
}

// settleTags applies what the command noted. Only then it is known whether a
// name or a tag came or went: one instance may take another's place.
func (t *Txn) settleTags() {
	slices.SortFunc(t.counts, func(a, b tagCount) int { return strings.Compare(a.row, b.row) })
	for i := 0; i < len(t.counts); {
		row, delta := t.counts[i].row, 0
		for ; i < len(t.counts) && t.counts[i].row == row; i++ {
			delta += t.counts[i].delta
		}
		before, _ := t.tags.Get(row)
		after := before + delta
		if after > 0 {
			t.tags.Insert(row, after)
		} else {
			t.tags.Delete(row)
		}
		if (before > 0) != (after > 0) {
			t.marks.mark(aboutServices, "")
		}
	}
	t.counts = t.counts[:0]
}

// A service has a row in the view of tags under its name, which also counts
// instances without tags, and one under each tag. The 1 before the tag tells
// the empty tag from no tag.
const tagMark = "\x01"

func tagKey(service, tag string) string { return key(service, tagMark+tag) }

// splitTagKey takes the key of a row of tags apart; ok is false for the row of
// the service itself.
func splitTagKey(row string) (service, tag string, ok bool) {
	service, rest, _ := strings.Cut(row, separator)
	tag, ok = strings.CutPrefix(rest, tagMark)
	return service, tag, ok
}

// putCheck stores c and replaces the check with the same ID.
func (t *Txn) putCheck(node string, c *Check) {
	if old, existed := t.checks.Insert(key(node, c.CheckID), c); existed {
		t.unindexCheck(node, old)
	}
	t.statuses.Insert(key(c.Status, node, c.CheckID), c)
	t.markCheck(node, c)
}

func (t *Txn) removeCheck(node, id string) {
	if c, ok := t.checks.Delete(key(node, id)); ok {
		t.unindexCheck(node, c)
	}
}

// unindexCheck takes c, which is stored no more, out of the views.
func (t *Txn) unindexCheck(node string, c *Check) {
	t.statuses.Delete(key(c.Status, node, c.CheckID))
	t.markCheck(node, c)
}

func (t *Txn) markCheck(node string, c *Check) {
	t.marks.mark(aboutNodeChecks, node)
	t.marks.mark(aboutStatus, c.Status)
	t.marks.mark(aboutStatus, AnyState)
	if c.ServiceID != "" {
		t.marks.mark(aboutServiceChecks, fold(c.ServiceName))
	}
	t.stale = append(t.stale, instanceRef{node, c.ServiceID})
}

// rebuildInstances builds the rows of the view of instances anew that ref
// names, and marks the answers which they are part of.
func (t *Txn) rebuildInstances(ref instanceRef) {
	n, ok := t.nodes.Get(ref.node)
	if !ok {
		return // it was removed, and its rows with it
	}
	checks := map[string][]*Check{} // by service ID; never iterated
	for _, c := range t.checks.All(under(ref.node)) {
		checks[c.ServiceID] = append(checks[c.ServiceID], c)
	}
	build := func(s *Service) {
		i := &Instance{Node: n, Service: s}
		i.Checks = append(append(i.Checks, checks[""]...), checks[s.ID]...)
		t.instances.Insert(key(fold(s.Service), ref.node, s.ID), i)
		t.marks.mark(aboutInstances, fold(s.Service))
	}
	if ref.service != "" {
		if s, ok := t.services.Get(key(ref.node, ref.service)); ok {
			build(s)
		}
		return
	}
	for _, s := range t.services.All(under(ref.node)) {
		build(s)
	}
}

func compareRefs(a, b instanceRef) int {
	return cmp.Or(strings.Compare(a.node, b.node), strings.Compare(a.service, b.service))
}
