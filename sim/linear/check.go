package linear

import (
	"cmp"
	"fmt"
	"slices"
)

// A Violation is a history that no order explains.
type Violation struct {
	Key string
	// Ops are operations that contradict each other, in the order of their
	// calls: what is left of the history without what the contradiction does
	// not need.
	Ops []Op
}

// String says what is wrong and draws the operations.
func (v *Violation) String() string {
	return fmt.Sprintf("no order of these operations on %s explains them:\n%s", v.Key, draw(v.Ops))
}

// Check judges a history, which may be in any order. It returns nil if the
// history is linearizable, and otherwise what contradicts itself on the first
// key, in the order of the history, that is not.
func Check(history []Op) *Violation {
	for _, ops := range byKey(history) {
		if !linearizable(ops) {
			return &Violation{Key: ops[0].Key, Ops: shrink(ops)}
		}
	}
	return nil
}

// byKey splits a history into one for each key, each in the order of calls,
// and forgets what unknown operations say of their outcome.
func byKey(history []Op) [][]Op {
	var parts [][]Op
	number := map[string]int{}
	for _, op := range history {
		if op.Unknown {
			op.Return, op.Index, op.Failed = never, 0, false
		}
		n, ok := number[op.Key]
		if !ok {
			n = len(parts)
			number[op.Key] = n
			parts = append(parts, nil)
		}
		parts[n] = append(parts[n], op)
	}
	for _, ops := range parts {
		slices.SortStableFunc(ops, func(a, b Op) int { return cmp.Compare(a.Call, b.Call) })
	}
	return parts
}

// linearizable judges the history of one key.
func linearizable(ops []Op) bool {
	ok, _ := newSearch(resolve(ops)).run()
	return ok
}
