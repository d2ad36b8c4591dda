package catalog

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Why a command is refused; the errors of Apply and Validate wrap one of them.
var (
	ErrInvalid  = errors.New("invalid registration")    // it is wrong in any state
	ErrConflict = errors.New("registration conflicts")  // another living node has that name or ID
	ErrUnknown  = errors.New("unknown node or service") // a check of what is not registered
)

// register adds or changes a node, a service and checks. It finds out first
// all that can be wrong, and only then writes.
func (t *Txn) register(r Registration) error {
	r = r.Normalize()
	if err := r.Validate(); err != nil {
		return err
	}
	change, err := t.resolve(r)
	if err != nil {
		return fmt.Errorf("register node %q: %w", r.Node.Node, err)
	}
	if err := t.checkServices(r); err != nil {
		return err
	}
	node := fold(r.Node.Node)
	if change.rename != "" {
		reachedRename.Hit()
		t.removeNode(change.rename)
	}
	if change.node != nil {
		t.putNode(change.node)
	}
	n, _ := t.nodes.Get(node)
	if r.Service != nil {
		t.registerService(node, *r.Service)
	}
	for _, c := range r.Checks {
		t.registerCheck(n, c)
	}
	if r.Service != nil {
		t.relabelChecks(n, r.Service.ID)
	}
	return nil
}

// nodeChange is what a registration does to the table of nodes.
type nodeChange struct {
	node   *Node  // to store, or nil if the node stays as it is
	rename string // the node to remove first because this one is its new name, or ""
}

// resolve decides what a registration means for its node, which may be known
// by its name, by its ID, by both or by none.
func (t *Txn) resolve(r Registration) (nodeChange, error) {
	n, node := r.Node, fold(r.Node.Node)
	named, exists := t.nodes.Get(node)
	if exists && r.SkipNodeUpdate {
		reachedSkipNode.Hit()
		return nodeChange{}, nil
	}
	if n.Address == "" {
		return nodeChange{}, fmt.Errorf("%w: the node has no address", ErrInvalid)
	}
	if exists {
		n.Node = named.Node // the spelling of the first registration stays
		n.CreateIndex = named.CreateIndex
		if n.ID == "" {
			n.ID = named.ID // an external registration knows nothing of IDs
		}
	}
	rename, err := t.resolveID(n, named)
	if err != nil {
		return nodeChange{}, err
	}
	if rename != "" {
		holder, _ := t.nodes.Get(rename)
		n.CreateIndex = holder.CreateIndex
	} else if exists && sameNode(named, &n) {
		return nodeChange{}, nil
	}
	if n.CreateIndex == 0 {
		n.CreateIndex = t.index
	}
	n.ModifyIndex = t.index
	return nodeChange{node: &n, rename: rename}, nil
}

// resolveID decides whether n may have its name and its ID, given the node
// which has that name now, or nil. It returns the node that n is the new name
// of, if any.
//
// A name belongs to the node that registered it until its serfHealth fails;
// then another may take it over (a machine was replaced). A node without an ID
// may be given one. An ID belongs to a machine, which takes all that it is to
// its new name; but an ID that is alive at another address is a copy of that
// machine, and the two would evict each other for ever.
func (t *Txn) resolveID(n Node, named *Node) (rename string, err error) {
	if n.ID == "" {
		return "", nil
	}
	holder, held := t.ids.Get(fold(n.ID))
	held = held && holder != fold(n.Node)
	if named != nil && fold(named.ID) != fold(n.ID) && (named.ID != "" || held) && t.alive(fold(n.Node)) {
		return "", fmt.Errorf("%w: the name is taken by the living node with ID %q at %s",
			ErrConflict, named.ID, named.Address)
	}
	if !held {
		return "", nil
	}
	if h, _ := t.nodes.Get(holder); t.alive(holder) && h.Address != n.Address {
		return "", fmt.Errorf("%w: the ID %q is in use by the living node %q at %s",
			ErrConflict, n.ID, h.Node, h.Address)
	}
	return holder, nil
}

// alive reports whether the gossip pool holds the node to be alive. Nodes
// outside of the pool have no such check and are not.
func (t *Txn) alive(node string) bool {
	c, ok := t.checks.Get(key(node, SerfHealth))
	return ok && c.Status != Critical
}

// checkServices returns an error if a check is of a service that is neither
// registered nor part of r.
func (t *Txn) checkServices(r Registration) error {
	for _, c := range r.Checks {
		if c.ServiceID == "" || r.Service != nil && r.Service.ID == c.ServiceID {
			continue
		}
		if _, ok := t.services.Get(key(fold(r.Node.Node), c.ServiceID)); !ok {
			return fmt.Errorf("register check %q: %w: no service with ID %q on node %q",
				c.CheckID, ErrUnknown, c.ServiceID, r.Node.Node)
		}
	}
	return nil
}

// registerService stores s, unless it is stored already.
func (t *Txn) registerService(node string, s Service) {
	s.CreateIndex, s.ModifyIndex = t.index, t.index
	if old, ok := t.services.Get(key(node, s.ID)); ok {
		if sameService(old, &s) {
			reachedSameService.Hit()
			return
		}
		s.CreateIndex = old.CreateIndex
	}
	t.putService(node, &s)
}

// relabelChecks makes the checks of a service carry its name and tags, which
// may have changed. It comes last, for a registration may also move a check to
// another service.
func (t *Txn) relabelChecks(n *Node, service string) {
	for _, c := range values(t.checks.Tree(), under(fold(n.Node))) {
		if c.ServiceID == service {
			t.registerCheck(n, *c)
		}
	}
}

// registerCheck stores c, unless it is stored already.
func (t *Txn) registerCheck(n *Node, c Check) {
	node := fold(n.Node)
	c.Node, c.ServiceName, c.ServiceTags = n.Node, "", nil
	if c.ServiceID != "" {
		s, _ := t.services.Get(key(node, c.ServiceID))
		c.ServiceName, c.ServiceTags = s.Service, s.Tags
	}
	c.CreateIndex, c.ModifyIndex = t.index, t.index
	if old, ok := t.checks.Get(key(node, c.CheckID)); ok {
		if sameCheck(old, &c) {
			reachedSameCheck.Hit()
			return
		}
		c.CreateIndex = old.CreateIndex
	}
	t.putCheck(node, &c)
}

// deregister removes what d names. What is not there is removed already.
func (t *Txn) deregister(d Deregistration) {
	node := fold(d.Node)
	switch {
	case d.ServiceID != "":
		t.removeService(node, d.ServiceID)
	case d.CheckID != "":
		t.removeCheck(node, d.CheckID)
	default:
		t.removeNode(node)
	}
}

// The same functions compare all but the indexes. Empty and missing slices and
// maps are the same.

func sameNode(a, b *Node) bool {
	return a.ID == b.ID && fold(a.Node) == fold(b.Node) && a.Address == b.Address && a.Datacenter == b.Datacenter &&
		maps.Equal(a.TaggedAddresses, b.TaggedAddresses) && maps.Equal(a.Meta, b.Meta)
}

func sameService(a, b *Service) bool {
	return a.Kind == b.Kind && a.ID == b.ID && a.Service == b.Service && slices.Equal(a.Tags, b.Tags) &&
		a.Address == b.Address && maps.Equal(a.TaggedAddresses, b.TaggedAddresses) && maps.Equal(a.Meta, b.Meta) &&
		a.Port == b.Port && a.Weights == b.Weights && a.EnableTagOverride == b.EnableTagOverride
}

func sameCheck(a, b *Check) bool {
	return a.Node == b.Node && a.CheckID == b.CheckID && a.Name == b.Name && a.Status == b.Status &&
		a.Notes == b.Notes && a.Output == b.Output && a.ServiceID == b.ServiceID && a.ServiceName == b.ServiceName &&
		slices.Equal(a.ServiceTags, b.ServiceTags) && a.Type == b.Type && a.Interval == b.Interval && a.Timeout == b.Timeout
}
