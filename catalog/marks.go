package catalog

import (
	"iter"
	"slices"

	"praetor/internal/radix"
)

// A topic is a kind of question that the catalog answers. With the name that
// the question is about, it is the key of a mark: the index of the last change
// of the answer, and the place where those wait who asked.
type topic byte

const (
	aboutNodes         topic = 'N' // Nodes
	aboutNode          topic = 'n' // Node, by folded name
	aboutNodeID        topic = 'i' // NodeByID, by folded ID
	aboutAddress       topic = 'a' // NodesByAddress, by address
	aboutNodeServices  topic = 's' // NodeServices, by folded node name
	aboutServices      topic = 'S' // Services
	aboutInstances     topic = 'h' // Instances, by folded service name
	aboutNodeChecks    topic = 'c' // NodeChecks, by folded node name
	aboutServiceChecks topic = 'k' // ServiceChecks, by folded service name
	aboutStatus        topic = 't' // ChecksInState, by status or AnyState
	aboutCoordinates   topic = 'C' // Coordinates
	aboutCoordinate    topic = 'o' // Coordinate, by folded node name
)

// of returns the key of the mark for that name.
func (about topic) of(name string) string { return string(about) + name }

// marks are the indexes of all answers. The mark of an answer with something in
// it is in live, where waiters wait. When the answer becomes empty, the mark
// moves to tombs, where nobody waits, so that forgetting it wakes nobody.
type marks struct {
	live  radix.Tree[uint64]
	tombs radix.Tree[uint64]
	floor uint64 // the newest mark that was ever forgotten
}

// index returns the index of the answer to a question, and makes w wait for
// its change.
func (m *marks) index(about topic, name string, w *radix.Waiter) uint64 {
	if mark, ok := m.live.Get(about.of(name), w); ok {
		return mark
	}
	mark, _ := m.tombs.Get(about.of(name), nil)
	return max(mark, m.floor)
}

// marksTxn builds the next marks.
type marksTxn struct {
	live    *radix.Txn[uint64]
	tombs   *radix.Txn[uint64]
	floor   uint64
	changed []string // the marks to set at the end of the command
}

// mark notes that the answer to a question changes with the current command.
func (m *marksTxn) mark(about topic, name string) { m.changed = append(m.changed, about.of(name)) }

// settleMarks sets the marks that the command noted, when it is known which of
// the answers it left empty.
func (t *Txn) settleMarks() {
	slices.Sort(t.marks.changed)
	for _, key := range slices.Compact(t.marks.changed) {
		if t.unanswered(topic(key[0]), key[1:]) {
			t.marks.live.Delete(key)
			t.marks.tombs.Insert(key, t.index)
		} else {
			t.marks.live.Insert(key, t.index)
			t.marks.tombs.Delete(key)
		}
	}
	t.marks.changed = t.marks.changed[:0]
}

// unanswered reports whether the answer to a question is empty. Questions which
// no name limits always count as answered: they are few, and need no reaping.
func (t *Txn) unanswered(about topic, name string) bool {
	none := false
	switch about {
	case aboutNode, aboutNodeServices:
		_, ok := t.nodes.Get(name)
		none = !ok
	case aboutCoordinate:
		_, ok := t.coordinates.Get(name)
		none = !ok
	case aboutNodeID:
		_, ok := t.ids.Get(name)
		none = !ok
	case aboutAddress:
		none = empty(t.addresses.All(under(name)))
	case aboutNodeChecks:
		none = empty(t.checks.All(under(name)))
	case aboutInstances:
		none = empty(t.instances.All(under(name)))
	case aboutServiceChecks:
		none = empty(serviceChecks(t.instances.All(under(name))))
	}
	return none
}

// empty reports whether seq yields nothing.
func empty[V any](seq iter.Seq2[string, V]) bool {
	for range seq {
		return false
	}
	return true
}

// reap forgets the marks of empty answers up to that index, and raises the
// floor to the newest of them, so that no index of an answer moves backwards.
func (m *marksTxn) reap(upTo uint64) {
	var keys []string
	for key, mark := range m.tombs.All("") {
		if mark <= upTo {
			keys = append(keys, key)
			m.floor = max(m.floor, mark)
		}
	}
	for _, key := range keys {
		m.tombs.Delete(key)
	}
}
