package linear

import (
	"slices"
	"time"
)

// shrink leaves out of a history that is not linearizable what it can, so that
// what is left is not linearizable either: first of what changed nothing, then
// of all. It leaves out long runs first, then shorter ones, down to single
// operations (as Zeller and Hildebrandt's ddmin, 2002).
//
// Not everything may be left out: without its write a read would contradict the
// history that before was explained. What is left out must leave the rest
// linearizable if the whole had been; see without.
func shrink(ops []Op) []Op {
	_, at := newSearch(resolve(ops)).run()
	soon := slices.DeleteFunc(slices.Clone(ops), func(op Op) bool { return op.Call > at })
	if !linearizable(soon) {
		ops = soon
	}
	ops = told(ops)
	ops = leaveOut(ops, func(op Op) bool { return !op.changes() })
	return leaveOut(ops, func(Op) bool { return true })
}

// told returns the operations that tell something, each write with its index if
// that is known, so that the reads that told it can be left out.
func told(ops []Op) []Op {
	ops = slices.DeleteFunc(slices.Clone(ops), func(op Op) bool { return op.Kind == Get && op.Unknown })
	for i, index := range resolve(ops).index {
		if ops[i].changes() {
			ops[i].Index = index
		}
	}
	return ops
}

// leaveOut leaves out operations of which one thing is true.
func leaveOut(ops []Op, which func(Op) bool) []Op {
	for size := len(ops); size > 0; {
		smaller := pass(ops, size, which)
		if size > 1 || len(smaller) == len(ops) {
			size /= 2
		}
		ops = smaller
	}
	return ops
}

// pass tries to leave out each run of so many operations.
func pass(ops []Op, size int, which func(Op) bool) []Op {
	for at := 0; at < len(ops); {
		out := make([]bool, len(ops))
		n, next := 0, at
		for ; next < len(ops) && n < size; next++ {
			if which(ops[next]) {
				out[next] = true
				n++
			}
		}
		if n == 0 {
			break
		}
		rest, ok := without(ops, out)
		if ok && !linearizable(rest) {
			ops = rest
		} else {
			at = next
		}
	}
	return ops
}

// without leaves out the operations that are marked, and with a write the reads
// that saw it; of a compare-and-set that saw it, only the condition. It reports
// false if what is left may be a contradiction for this reason alone.
func without(ops []Op, out []bool) (rest []Op, ok bool) {
	h := resolve(ops)
	values, indexes := map[string]bool{}, map[uint64]bool{} // of what is left out; index 0: a deletion is
	for i, op := range ops {
		if out[i] && op.changes() {
			values[op.Value] = op.Kind != Delete
			if op.Kind == Delete {
				indexes[0] = true
			} else if h.index[i] > 0 {
				indexes[h.index[i]] = true
			}
		}
	}
	for i, op := range ops {
		named := op.Kind == CAS && indexes[op.Want]
		if op.Kind == Get && op.Index > 0 && values[op.Value] || named && op.Failed && op.Want > 0 {
			out[i] = true
		}
		if !out[i] {
			op.held = op.held || named && !op.Failed && !h.spare[i]
			rest = append(rest, op)
		}
	}
	for _, r := range rest {
		from, to, why := h.mayNeed(r)
		for i, w := range ops {
			if out[i] && w.changes() && (why == anyWrite || why == w.Kind) && w.Return >= from && w.Call <= to {
				return nil, false
			}
		}
	}
	return rest, true
}

// The kinds of write that an operation may need, beyond those of Kind.
const (
	none Kind = 1<<8 - 1 - iota
	anyWrite
)

// mayNeed returns which writes may explain operation r, though it did not see
// them, and from when to when: r found nothing, and a deletion did that; or r's
// condition failed, because a write was in between.
func (h *history) mayNeed(r Op) (from, to time.Duration, kind Kind) {
	switch {
	case r.Kind == Get && r.Index == 0:
		return 0, r.Return, Delete
	case r.Kind != CAS || !r.Failed:
		return 0, 0, none
	}
	for i, n := range h.index {
		if n == r.Want && n > 0 {
			from = h.ops[i].Call
		}
	}
	return from, r.Return, anyWrite
}
