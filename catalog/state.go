package catalog

import (
	"net/netip"

	"praetor/internal/radix"
)

// State is the whole catalog after some log entry. It is immutable: any number
// of goroutines read it without locks while a Txn builds the next.
type State struct{}

// New returns an empty catalog.
func New() *State { return &State{} }

// Nodes returns all nodes, in the order of their names.
func (s *State) Nodes(w *radix.Waiter) ([]*Node, uint64) { return nil, 0 }

// Node returns the node of that name, without regard to case, or nil.
func (s *State) Node(name string, w *radix.Waiter) (*Node, uint64) { return nil, 0 }

// NodeByID returns the node with that ID, or nil.
func (s *State) NodeByID(id string, w *radix.Waiter) (*Node, uint64) { return nil, 0 }

// NodesByAddress returns the nodes that are registered with that address.
func (s *State) NodesByAddress(addr netip.Addr, w *radix.Waiter) ([]*Node, uint64) { return nil, 0 }

// NodeServices returns a node, or nil, and its services in the order of their IDs.
func (s *State) NodeServices(node string, w *radix.Waiter) (*Node, []*Service, uint64) {
	return nil, nil, 0
}

// Services returns the name of every service with the sorted union of its
// instances' tags.
func (s *State) Services(w *radix.Waiter) (map[string][]string, uint64) { return nil, 0 }

// Instances returns the instances of a service, by node and service ID.
func (s *State) Instances(service string, w *radix.Waiter) ([]Instance, uint64) { return nil, 0 }

// NodeChecks returns every check on a node, in the order of their IDs.
func (s *State) NodeChecks(node string, w *radix.Waiter) ([]*Check, uint64) { return nil, 0 }

// ServiceChecks returns the checks of a service's instances.
func (s *State) ServiceChecks(service string, w *radix.Waiter) ([]*Check, uint64) { return nil, 0 }

// ChecksInState returns the checks whose status is that, or all for AnyState.
func (s *State) ChecksInState(status string, w *radix.Waiter) ([]*Check, uint64) { return nil, 0 }

// Txn starts a transaction.
func (s *State) Txn() *Txn { return &Txn{} }

// Txn builds the next State.
type Txn struct{}

// Apply executes one command. An error means that nothing changed.
func (t *Txn) Apply(index uint64, c Command) error { return nil }

// Commit returns the next State.
func (t *Txn) Commit() *State { return nil }

// Notify wakes those who wait for what the transaction changed.
func (t *Txn) Notify() {}
