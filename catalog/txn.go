package catalog

import (
	"fmt"
	"slices"

	"praetor/internal/radix"
)

// A Txn builds the next State from any number of commands. It belongs to one
// goroutine. After Commit the caller publishes the new State and then calls
// Notify. A Txn that is dropped before Commit leaves no trace.
type Txn struct {
	tablesTxn
	viewsTxn
	marks marksTxn

	index uint64 // of the current command

	// What the current command leaves to its end.
	stale  []instanceRef // instances to build anew
	counts []tagCount    // names and tags that became more or fewer
}

type tablesTxn struct {
	nodes    *radix.Txn[*Node]
	services *radix.Txn[*Service]
	checks   *radix.Txn[*Check]

	coordinates *radix.Txn[*Coordinate]
}

type viewsTxn struct {
	ids       *radix.Txn[string]
	addresses *radix.Txn[string]
	instances *radix.Txn[*Instance]
	tags      *radix.Txn[int]
	statuses  *radix.Txn[*Check]
}

// Txn starts a transaction on s. Transactions follow each other: of two that
// start from the same State, only one may be committed and notified.
func (s *State) Txn() *Txn {
	return &Txn{
		tablesTxn: tablesTxn{
			nodes: s.nodes.Txn(), services: s.services.Txn(), checks: s.checks.Txn(), coordinates: s.coordinates.Txn(),
		},
		viewsTxn: viewsTxn{
			ids:       s.ids.Txn(),
			addresses: s.addresses.Txn(),
			instances: s.instances.Txn(),
			tags:      s.tags.Txn(),
			statuses:  s.statuses.Txn(),
		},
		marks: marksTxn{live: s.marks.live.Txn(), tombs: s.marks.tombs.Txn(), floor: s.marks.floor},
	}
}

// Commit ends the transaction and returns the State with its changes.
func (t *Txn) Commit() *State {
	return &State{
		tables: tables{
			nodes: t.nodes.Commit(), services: t.services.Commit(), checks: t.checks.Commit(), coordinates: t.coordinates.Commit(),
		},
		views: views{
			ids:       t.ids.Commit(),
			addresses: t.addresses.Commit(),
			instances: t.instances.Commit(),
			tags:      t.tags.Commit(),
			statuses:  t.statuses.Commit(),
		},
		marks: marks{live: t.marks.live.Commit(), tombs: t.marks.tombs.Commit(), floor: t.marks.floor},
	}
}

// Notify fires the waiters of the answers that the transaction changed. It is
// called once, after the new State is published.
func (t *Txn) Notify() { t.marks.live.Notify() }

// Apply executes one command as the log entry of that index, which must not be
// lower than any before. The state keeps the slices and maps of c: the caller
// leaves them alone from then on. An error means that nothing changed; it
// wraps ErrInvalid, ErrConflict or ErrUnknown.
func (t *Txn) Apply(index uint64, c Command) error {
	t.index = index
	var err error
	switch c.Op {
	case OpRegister:
		err = t.register(c.Registration)
	case OpDeregister:
		t.deregister(c.Deregistration)
	case OpReap:
		t.marks.reap(c.UpTo)
	case OpLocate:
		err = t.locate(c.Coordinates)
	default:
		err = fmt.Errorf("%w: unknown operation %d", ErrInvalid, c.Op)
	}
	if err != nil {
		return fmt.Errorf("catalog: %w", err)
	}
	t.settle()
	return nil
}

// settle ends a command: it brings the views up to date that depend on more
// than one row, and then sets the marks.
func (t *Txn) settle() {
	t.rebuild()
	t.settleTags()
	t.settleMarks()
}

// instanceRef names a service on a node or, if service is "", all of them.
type instanceRef struct{ node, service string }

// rebuild builds the instances anew of which the command changed a part.
func (t *Txn) rebuild() {
	slices.SortFunc(t.stale, compareRefs)
	whole := "" // the node whose instances are all built already; it sorts first
	for _, ref := range slices.Compact(t.stale) {
		if ref.node == whole {
			continue
		}
		t.rebuildInstances(ref)
		if ref.service == "" {
			whole = ref.node
		}
	}
	t.stale = t.stale[:0]
}

// Abandon wakes everybody who waits on s: it has been replaced as a whole, by a
// State that no transaction made from it.
func (s *State) Abandon() { s.marks.live.Abandon() }
