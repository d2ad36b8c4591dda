package catalog

import (
	"hash/fnv"
	"iter"
	"net/netip"
	"sync/atomic"

	"praetor/internal/radix"
)

// State is the whole catalog after some log entry. It is immutable: any number
// of goroutines read it without locks while a Txn builds the next. Make the
// first with New or Load. What it returns is shared: nobody may write to it.
//
// Every question returns its answer and the answer's index, which moves when
// the answer changes and never backwards; it is 0 if there never was one. The
// Waiter, which may be nil, fires when the answer changes, and is not woken by
// any other write.
type State struct {
	tables
	views
	marks marks

	hash atomic.Uint64 // of it all, or 0 if nobody has asked yet
}

// tables are what was registered. Node names are folded in all keys.
type tables struct {
	nodes    radix.Tree[*Node]    // node
	services radix.Tree[*Service] // node, service ID
	checks   radix.Tree[*Check]   // node, check ID

	coordinates radix.Tree[*Coordinate] // node
}

// views are the answers to questions that the tables answer slowly. They are
// functions of the tables.
type views struct {
	ids       radix.Tree[string]    // folded node ID -> node
	addresses radix.Tree[string]    // address, node -> node
	instances radix.Tree[*Instance] // folded service name, node, service ID
	tags      radix.Tree[int]       // service name, tag -> how many instances; see tagKey
	statuses  radix.Tree[*Check]    // status, node, check ID
}

// New returns an empty catalog.
func New() *State {
	return &State{
		tables: tables{
			nodes:    radix.New[*Node](),
			services: radix.New[*Service](),
			checks:   radix.New[*Check](),

			coordinates: radix.New[*Coordinate](),
		},
		views: views{
			ids:       radix.New[string](),
			addresses: radix.New[string](),
			instances: radix.New[*Instance](),
			tags:      radix.New[int](),
			statuses:  radix.New[*Check](),
		},
		marks: marks{live: radix.New[uint64](), tombs: radix.New[uint64]()},
	}
}

// Nodes returns all nodes, in the order of their names.
func (s *State) Nodes(w *radix.Waiter) ([]*Node, uint64) {
	index := s.marks.index(aboutNodes, "", w)
	return values(s.nodes, ""), index
}

// Node returns the node of that name, without regard to case, or nil.
func (s *State) Node(name string, w *radix.Waiter) (*Node, uint64) {
	index := s.marks.index(aboutNode, fold(name), w)
	n, _ := s.nodes.Get(fold(name), nil)
	return n, index
}

// NodeByID returns the node with that ID, without regard to case, or nil.
func (s *State) NodeByID(id string, w *radix.Waiter) (*Node, uint64) {
	index := s.marks.index(aboutNodeID, fold(id), w)
	if node, ok := s.ids.Get(fold(id), nil); ok {
		n, _ := s.nodes.Get(node, nil)
		return n, index
	}
	return nil, index
}

// NodesByAddress returns the nodes that are registered with that IP address,
// in the order of their names. It is what a reverse lookup asks.
func (s *State) NodesByAddress(addr netip.Addr, w *radix.Waiter) ([]*Node, uint64) {
	address := canonical(addr.String())
	index := s.marks.index(aboutAddress, address, w)
	var nodes []*Node
	for _, node := range s.addresses.All(under(address), nil) {
		n, _ := s.nodes.Get(node, nil)
		nodes = append(nodes, n)
	}
	return nodes, index
}

// NodeServices returns a node, or nil if there is none of that name, and its
// services in the order of their IDs.
func (s *State) NodeServices(node string, w *radix.Waiter) (*Node, []*Service, uint64) {
	index := s.marks.index(aboutNodeServices, fold(node), w)
	n, _ := s.nodes.Get(fold(node), nil)
	return n, values(s.services, under(fold(node))), index
}

// Services returns the name of every service with the sorted union of its
// instances' tags.
func (s *State) Services(w *radix.Waiter) (map[string][]string, uint64) {
	index := s.marks.index(aboutServices, "", w)
	services := map[string][]string{}
	for key := range s.tags.All("", nil) {
		if name, tag, ok := splitTagKey(key); ok {
			services[name] = append(services[name], tag)
		} else {
			services[name] = []string{}
		}
	}
	return services, index
}

// Instances returns the instances of a service, whose name counts without
// regard to case, in the order of their nodes and IDs.
func (s *State) Instances(service string, w *radix.Waiter) ([]Instance, uint64) {
	index := s.marks.index(aboutInstances, fold(service), w)
	var instances []Instance
	for _, i := range s.instances.All(under(fold(service)), nil) {
		instances = append(instances, *i)
	}
	return instances, index
}

// NodeChecks returns every check on a node, its services' too, in the order of
// their IDs.
func (s *State) NodeChecks(node string, w *radix.Waiter) ([]*Check, uint64) {
	index := s.marks.index(aboutNodeChecks, fold(node), w)
	return values(s.checks, under(fold(node))), index
}

// ServiceChecks returns the checks of a service's instances, without those of
// their nodes, in the order of nodes, service IDs and check IDs.
func (s *State) ServiceChecks(service string, w *radix.Waiter) ([]*Check, uint64) {
	index := s.marks.index(aboutServiceChecks, fold(service), w)
	var checks []*Check
	for _, c := range serviceChecks(s.instances.All(under(fold(service)), nil)) {
		checks = append(checks, c)
	}
	return checks, index
}

// serviceChecks yields the checks of instances that are not of their nodes,
// each with the key of its instance.
func serviceChecks(instances iter.Seq2[string, *Instance]) iter.Seq2[string, *Check] {
	return func(yield func(string, *Check) bool) {
		for key, i := range instances {
			for _, c := range i.Checks {
				if c.ServiceID != "" && !yield(key, c) {
					return
				}
			}
		}
	}
}

// ChecksInState returns the checks whose status is Passing, Warning or
// Critical, or all for AnyState, in the order of nodes and check IDs.
func (s *State) ChecksInState(status string, w *radix.Waiter) ([]*Check, uint64) {
	index := s.marks.index(aboutStatus, status, w)
	if status == AnyState {
		return values(s.checks, ""), index
	}
	return values(s.statuses, under(status)), index
}

// values returns the values of the rows whose keys begin with prefix.
func values[V any](t radix.Tree[V], prefix string) []V {
	var all []V
	for _, v := range t.All(prefix, nil) {
		all = append(all, v)
	}
	return all
}

// Hash returns a digest of all that the state is made of. Two replicas that
// applied the same log have the same. It takes time in proportion to the state,
// once.
func (s *State) Hash() uint64 {
	if sum := s.hash.Load(); sum != 0 {
		return sum
	}
	h := fnv.New64a()
	s.write(h)
	s.hash.Store(h.Sum64())
	return h.Sum64()
}
