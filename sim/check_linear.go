package sim

import (
	"fmt"
	"slices"
	"strings"

	"praetor/internal/server"
	"praetor/sim/linear"
)

// checkLinear hands all that the clients did and were told to the search for an
// order that explains it, key by key. It runs once, at the end of a run, and
// knows nothing of servers and logs. Stale reads promise no order; what was
// refused did not happen.
func (c *checkers) linear() {
	if c.world.failed != nil {
		return
	}
	if v := linear.Check(c.writes.history()); v != nil {
		c.world.fail("each key is linearizable", nil, "%v", v)
	}
}

// history returns what the clients did and saw.
func (c *writeCheck) history() []linear.Op {
	ops := make([]linear.Op, 0, len(c.ops))
	keys := map[int][]string{} // of each group, those that were ever written
	for _, op := range c.ops {
		if op.kind.writes() {
			keys[op.group] = append(keys[op.group], op.key)
		}
	}
	for group := range keys {
		slices.Sort(keys[group])
		keys[group] = slices.Compact(keys[group])
	}
	for _, op := range c.ops {
		switch {
		case op.kind.writes() && op.outcome != refused:
			ops = append(ops, op.written(keys[op.group])...)
		case !op.kind.writes() && op.outcome == acked && op.mode != server.Stale:
			ops = op.reads(ops, keys[op.group])
		}
	}
	return ops
}

// written is what a write is to the search: one of each key that it was about.
// The search knows no conditions of deletions, so one that was unmet, and changed
// nothing, is left to check_writes.go.
func (o *operation) written(keys []string) (ops []linear.Op) {
	switch {
	case o.kind == opDeleteCAS && o.outcome == unmet:
	case o.kind == opDeleteTree:
		for _, key := range keys {
			if strings.HasPrefix(key, o.key) {
				ops = append(ops, o.writes(linear.Delete, key))
			}
		}
	case o.kind == opPut:
		ops = append(ops, o.writes(linear.Put, o.key))
	case o.kind == opCAS:
		ops = append(ops, o.writes(linear.CAS, o.key))
	default:
		ops = append(ops, o.writes(linear.Delete, o.key))
	}
	return ops
}

func (o *operation) writes(kind linear.Kind, key string) linear.Op {
	l := o.linear(kind, key)
	l.Value, l.Want = o.value, o.want
	l.Failed, l.Unknown = o.outcome == unmet, o.outcome == pending || o.outcome == unknown
	if o.outcome == acked {
		l.Index = o.index
	}
	return l
}

// reads adds what a read is to the search: one of each key that it was about.
func (o *operation) reads(ops []linear.Op, keys []string) []linear.Op {
	for _, key := range keys {
		if o.kind == opGet && key != o.key || !strings.HasPrefix(key, o.key) {
			continue
		}
		l := o.linear(linear.Get, key)
		for _, f := range o.found {
			if f.key == key {
				l.Value, l.Index = f.value, f.index
			}
		}
		ops = append(ops, l)
	}
	return ops
}

func (o *operation) linear(kind linear.Kind, key string) linear.Op {
	if o.group > 0 {
		key = fmt.Sprintf("%s (group %d)", key, o.group)
	}
	return linear.Op{Kind: kind, Key: key, Client: o.client, Call: o.begin, Return: o.end}
}
