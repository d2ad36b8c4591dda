package sim

import "strings"

// checkList: a list is one moment of the store: there was an index of the log
// at which all of it was so, what is in it and what is not.
func (w *world) checkList(op *operation, t *truth) {
	var from uint64      // the list is no older than this index
	before := ^uint64(0) // and older than this one
	oldest, newest := "", ""
	for _, l := range t.read(op) {
		v, ok := l.seenBy(op)
		if !ok {
			w.fail("a list is one moment", []string{op.via}, "%v, but %s was never so", op, l.key)
			return
		}
		if v.index > from {
			from, newest = v.index, l.key
		}
		if n, ok := l.next(v.index); ok && n.index < before {
			before, oldest = n.index, l.key
		}
	}
	if from >= before {
		w.fail("a list is one moment", []string{op.via}, "%v: %s is from index %d on, but %s was so only before %d", op, newest, from, oldest, before)
	}
	for i, f := range op.found {
		if !strings.HasPrefix(f.key, op.key) || i > 0 && op.found[i-1].key >= f.key {
			w.fail("a list is one moment", []string{op.via}, "%v: %s has no place in it", op, f.key)
		}
	}
}

// seenBy returns the version that a list saw of a key: the one with the index,
// or, if it is not in the list, the last absence that the list's index covers.
func (l *timeline) seenBy(op *operation) (version, bool) {
	for _, f := range op.found {
		if f.key == l.key {
			v := l.at(f.index)
			return v, v.there && v.index == f.index
		}
	}
	for i := len(l.versions) - 1; i >= 0; i-- {
		if v := l.versions[i]; !v.there && v.index <= op.index {
			return v, true
		}
	}
	return version{}, true
}
