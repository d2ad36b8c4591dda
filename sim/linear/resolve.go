package linear

import "time"

// history is what is known of the operations on one key.
type history struct {
	ops   []Op
	index []uint64       // of each write, 0 if nobody was told
	by    map[string]int // the write of each value
	// spare are the operations that may never have taken effect, and whose
	// effect nobody can have seen otherwise than by an absence.
	spare []bool
}

// never is the return of an operation that has none.
const never = time.Duration(1<<63 - 1)

// resolve draws the conclusions about unknown operations that need no search:
//
//   - a read whose outcome is unknown tells nothing, and is left out;
//   - a write whose value was read did take effect, at the index that the read
//     tells, and before the first such read returned;
//   - any other is to spare.
func resolve(all []Op) history {
	h := history{ops: make([]Op, 0, len(all)), by: make(map[string]int, len(all))}
	for _, op := range all {
		if op.Kind == Get && op.Unknown {
			continue
		}
		if op.Kind == Put || op.Kind == CAS {
			h.by[op.Value] = len(h.ops)
		}
		h.ops = append(h.ops, op)
	}
	h.index, h.spare = make([]uint64, len(h.ops)), make([]bool, len(h.ops))
	for i, op := range h.ops {
		h.spare[i] = op.Unknown && op.Index == 0
		if op.changes() {
			h.index[i] = op.Index
		}
	}
	for _, op := range h.ops {
		if op.Kind == Get && op.Index != 0 {
			h.seen(op)
		}
	}
	return h
}

// seen notes that a read saw a value.
func (h *history) seen(read Op) {
	i, ok := h.by[read.Value]
	if !ok || h.ops[i].Failed {
		return // nobody wrote it: the search will find no place for the read
	}
	if h.index[i] == 0 {
		h.index[i] = read.Index
	}
	if w := &h.ops[i]; w.Unknown {
		h.spare[i] = false
		w.Return = max(w.Call, min(w.Return, read.Return))
	}
}
