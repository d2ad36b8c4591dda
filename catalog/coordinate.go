package catalog

import (
	"fmt"
	"slices"

	"praetor/internal/radix"
	"praetor/internal/wire"
	"praetor/swim/coordinate"
)

// Coordinate is the place of a node in the network, as its agent last told it.
// Published values are never modified.
type Coordinate struct {
	Node  string // as it is registered
	Coord coordinate.Coordinate
}

// MaxCoordinates bounds the coordinates of one Command.
const MaxCoordinates = 1024

// Coordinates returns the coordinates of all nodes that have one, in the order
// of their names.
func (s *State) Coordinates(w *radix.Waiter) ([]*Coordinate, uint64) {
	index := s.marks.index(aboutCoordinates, "", w)
	return values(s.coordinates, ""), index
}

// Coordinate returns the coordinate of a node, whose name counts without regard
// to case, or nil.
func (s *State) Coordinate(node string, w *radix.Waiter) (*Coordinate, uint64) {
	index := s.marks.index(aboutCoordinate, fold(node), w)
	c, _ := s.coordinates.Get(fold(node), nil)
	return c, index
}

// locate stores coordinates. They come in batches, so one of a node that has
// gone meanwhile is left out; the error says that all of them are. Of several
// for one node the last counts.
func (t *Txn) locate(list []Coordinate) error {
	for _, c := range list {
		if !c.Coord.Valid() {
			return fmt.Errorf("%w: the coordinate of %q is not finite or out of bounds", ErrInvalid, clip(c.Node))
		}
	}
	known := map[string]bool{} // never iterated
	for _, c := range slices.Backward(list) {
		node := fold(c.Node)
		n, ok := t.nodes.Get(node)
		if !ok || known[node] {
			continue
		}
		known[node] = true
		if old, ok := t.coordinates.Get(node); !ok || *old != (Coordinate{n.Node, c.Coord}) {
			t.putCoordinate(node, &Coordinate{n.Node, c.Coord})
		}
	}
	if len(known) == 0 {
		return fmt.Errorf("locate %d nodes: %w: none of them is registered", len(list), ErrUnknown)
	}
	return nil
}

func (t *Txn) putCoordinate(node string, c *Coordinate) {
	t.coordinates.Insert(node, c)
	t.markCoordinate(node)
}

func (t *Txn) removeCoordinate(node string) {
	if _, ok := t.coordinates.Delete(node); ok {
		t.markCoordinate(node)
	}
}

func (t *Txn) markCoordinate(node string) {
	t.marks.mark(aboutCoordinates, "")
	t.marks.mark(aboutCoordinate, node)
}

func appendCoordinate(dst []byte, c *Coordinate) []byte {
	return coordinate.Append(wire.AppendString(dst, c.Node), c.Coord)
}

func decodeCoordinate(r *wire.Reader) Coordinate {
	return Coordinate{Node: r.String(MaxName), Coord: coordinate.Decode(r)}
}
