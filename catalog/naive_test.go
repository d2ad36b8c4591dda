package catalog

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// naive is the catalog as one would write it on a page: maps by name, and a
// scan of everything for every question. It shares the validation and the
// comparison of equal content with the real one, and nothing else.
type naive struct {
	nodes map[string]*naiveNode // by name in lower case
}

type naiveNode struct {
	Node
	services map[string]Service
	checks   map[string]Check
	place    *Coordinate
}

func (n *naive) apply(index uint64, c Command) bool {
	switch c.Op {
	case OpRegister:
		return n.register(index, c.Registration.Normalize())
	case OpDeregister:
		n.deregister(c.Deregistration)
	case OpLocate:
		return n.locate(c.Coordinates)
	}
	return true
}

func (n *naive) locate(list []Coordinate) (known bool) {
	for _, c := range list {
		if node := n.nodes[strings.ToLower(c.Node)]; node != nil {
			node.place = &Coordinate{node.Node.Node, c.Coord}
			known = true
		}
	}
	return known
}

func (n *naive) deregister(d Deregistration) {
	node := n.nodes[strings.ToLower(d.Node)]
	switch {
	case node == nil:
	case d.ServiceID != "":
		delete(node.services, d.ServiceID)
		maps.DeleteFunc(node.checks, func(_ string, c Check) bool { return c.ServiceID == d.ServiceID })
	case d.CheckID != "":
		delete(node.checks, d.CheckID)
	default:
		delete(n.nodes, strings.ToLower(d.Node))
	}
}

func (n *naive) register(index uint64, r Registration) bool {
	name := strings.ToLower(r.Node.Node)
	known := n.nodes[name]
	for _, c := range r.Checks {
		ours := r.Service != nil && r.Service.ID == c.ServiceID
		if c.ServiceID != "" && !ours && (known == nil || known.services[c.ServiceID].ID == "") {
			return false
		}
	}
	if known == nil || !r.SkipNodeUpdate {
		if !n.registerNode(index, r.Node, known) {
			return false
		}
		known = n.nodes[name]
	}
	if r.Service != nil {
		s := *r.Service
		s.CreateIndex, s.ModifyIndex = index, index
		old, there := known.services[s.ID]
		if there {
			s.CreateIndex = old.CreateIndex
		}
		if !there || !sameService(&old, &s) {
			known.services[s.ID] = s
		}
	}
	for _, c := range r.Checks {
		known.check(index, c)
	}
	for _, c := range known.checks { // their services may have changed
		known.check(index, c)
	}
	return true
}

// registerNode applies the rules for names and IDs.
func (n *naive) registerNode(index uint64, r Node, known *naiveNode) bool {
	var holder *naiveNode
	for _, other := range n.nodes {
		if r.ID != "" && other.ID == r.ID && other != known {
			holder = other
		}
	}
	if known != nil && r.ID == "" {
		r.ID = known.ID
	}
	if known != nil && known.ID != r.ID && (known.ID != "" || holder != nil) && known.alive() {
		return false
	}
	if holder != nil && holder.alive() && holder.Address != r.Address {
		return false
	}
	next := &naiveNode{Node: r, services: map[string]Service{}, checks: map[string]Check{}}
	next.CreateIndex, next.ModifyIndex = index, index
	if known != nil {
		next.Node.Node = known.Node.Node
		next.CreateIndex, next.services, next.checks, next.place = known.CreateIndex, known.services, known.checks, known.place
	}
	if holder != nil {
		next.CreateIndex = holder.CreateIndex
		delete(n.nodes, strings.ToLower(holder.Node.Node))
	} else if known != nil && sameNode(&known.Node, &next.Node) {
		return true
	}
	n.nodes[strings.ToLower(r.Node)] = next
	return true
}

func (n *naiveNode) alive() bool {
	c, ok := n.checks[SerfHealth]
	return ok && c.Status != Critical
}

func (n *naiveNode) check(index uint64, c Check) {
	c.Node = n.Node.Node
	c.ServiceName, c.ServiceTags = n.services[c.ServiceID].Service, n.services[c.ServiceID].Tags
	old, there := n.checks[c.CheckID]
	c.CreateIndex, c.ModifyIndex = index, index
	if there {
		c.CreateIndex = old.CreateIndex
	}
	if !there || !sameCheck(&old, &c) {
		n.checks[c.CheckID] = c
	}
}

// answer renders the answer to a question in the form that ask gives to the
// real one.
func (n *naive) answer(q question) string {
	if q.about == aboutServices {
		return show(n.services())
	}
	if q.about == aboutNodeChecks && n.nodes[strings.ToLower(q.name)] == nil {
		return show([]Check(nil))
	}
	var lines []string
	for _, node := range sortedValues(n.nodes) {
		lines = append(lines, node.answer(q)...)
	}
	return strings.Join(lines, "\n")
}

// answer renders what n contributes to the answer.
func (n *naiveNode) answer(q question) []string {
	named := strings.EqualFold(q.name, n.Node.Node)
	checks := sortedValues(n.checks)
	switch q.about {
	case aboutNodes:
		return []string{show(n.Node)}
	case aboutNode:
		return when(named, show(n.Node))
	case aboutNodeID:
		return when(q.name != "" && strings.EqualFold(q.name, n.ID), show(n.Node))
	case aboutAddress:
		return when(canonical(q.name) != "" && canonical(q.name) == canonical(n.Address), show(n.Node))
	case aboutCoordinates:
		return when(n.place != nil, show(n.place))
	case aboutCoordinate:
		return when(named && n.place != nil, show(n.place))
	case aboutNodeServices:
		return when(named, show(n.Node), show(sortedValues(n.services)))
	case aboutNodeChecks:
		return when(named, show(checks))
	case aboutStatus:
		return showEach(keep(checks, func(c Check) bool { return q.name == AnyState || q.name == c.Status }))
	}
	var lines []string
	for _, s := range sortedValues(n.services) {
		own := keep(checks, func(c Check) bool { return c.ServiceID == s.ID })
		switch {
		case !strings.EqualFold(s.Service, q.name):
		case q.about == aboutServiceChecks:
			lines = append(lines, showEach(own)...)
		case q.about == aboutInstances:
			all := append(keep(checks, func(c Check) bool { return c.ServiceID == "" }), own...)
			lines = append(lines, show(n.Node), show(s), show(all))
		}
	}
	return lines
}

// when returns lines if the condition holds.
func when(holds bool, lines ...string) []string {
	if holds {
		return lines
	}
	return nil
}

func (n *naive) services() map[string][]string {
	services := map[string][]string{}
	for _, node := range n.nodes {
		for _, s := range node.services {
			tags := append(services[s.Service], s.Tags...)
			slices.Sort(tags)
			services[s.Service] = append([]string{}, slices.Compact(tags)...)
		}
	}
	return services
}

func sortedValues[V any](m map[string]V) []V {
	var all []V
	for _, k := range sortedKeys(m) {
		all = append(all, m[k])
	}
	return all
}

func keep[V any](all []V, want func(V) bool) []V {
	var kept []V
	for _, v := range all {
		if want(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// show renders a value so that equal values, and only those, look the same;
// with quotes, for an empty tag is not no tag.
// fmt prints maps in the order of their keys.
func show(v any) string { return fmt.Sprintf("%q", v) }

// deref copies the values that a State shares, so that show sees no pointers.
func deref[V any](all []*V) []V {
	var values []V
	for _, v := range all {
		values = append(values, *v)
	}
	return values
}

// showEach renders a list, a line each.
func showEach[V any](all []V) []string {
	var lines []string
	for _, v := range all {
		lines = append(lines, show(v))
	}
	return lines
}

// parseAddr returns the address that a question is about, or the zero Addr.
func parseAddr(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}
