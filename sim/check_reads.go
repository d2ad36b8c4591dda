package sim

import "strings"

// readCheck: reads and writes of each key are linearizable. The log gives every
// version of a key an index, so that the order to be found is known, and most
// of the rule is to compare each operation with those that ended before it
// began: a read must not see an older version than any of them saw or wrote,
// and a write must get a higher index. This stops a run at once; whatever it
// cannot see, check_linear.go does at the end.
type readCheck struct {
	world  *world
	groups map[int]*told
}

// told is what the clients of a group of servers know.
type told struct {
	floor map[string]int // where each key stands in floors
	all   []floor        // the highest index that anybody was told
}

func (c *readCheck) told(group int) *told {
	t := c.groups[group]
	if t == nil {
		t = &told{floor: map[string]int{}}
		c.groups[group] = t
	}
	return t
}

// knows returns the floors of the keys that an operation is about.
func (t *told) knows(op *operation) (fs []floor) {
	if op.kind != opList && op.kind != opDeleteTree {
		return []floor{t.of(op.key)}
	}
	for _, f := range t.all {
		if strings.HasPrefix(f.key, op.key) {
			fs = append(fs, f)
		}
	}
	return fs
}

func (t *told) of(key string) floor {
	if i, ok := t.floor[key]; ok {
		return t.all[i]
	}
	return floor{key: key}
}

// tell raises the floor of a key.
func (t *told) tell(key string, index uint64) {
	i, ok := t.floor[key]
	if !ok {
		i = len(t.all)
		t.floor[key] = i
		t.all = append(t.all, floor{key: key})
	}
	t.all[i].index = max(t.all[i].index, index)
}

// begun notes what an operation must not fall behind.
func (c *readCheck) begun(op *operation) { op.floor = c.told(op.group).knows(op) }

// wrote judges a write.
func (c *readCheck) wrote(op *operation) {
	if op.outcome != acked && op.outcome != unmet {
		return
	}
	for _, f := range op.floor {
		if op.index <= f.index {
			c.world.fail("writes are linearizable", []string{op.via}, "%v, but the key was at index %d before it began at %.6fs", op, f.index, op.begin.Seconds())
		}
	}
	if op.changed && op.kind != opDeleteTree { // of which it is not told what it deleted
		c.told(op.group).tell(op.key, op.index)
	}
}

// saw judges a read that must be as new as any other answer.
func (c *readCheck) saw(op *operation) {
	for _, f := range op.floor {
		if index := op.indexOf(f.key); index < f.index {
			c.world.fail("reads are linearizable", []string{op.via}, "%v, but %s was at index %d before it began at %.6fs", op, f.key, f.index, op.begin.Seconds())
		}
	}
	for _, f := range op.found {
		c.told(op.group).tell(f.key, f.index)
	}
	if op.kind == opGet {
		c.told(op.group).tell(op.key, op.indexOf(op.key))
	}
}

// indexOf returns the index at which a read saw a key. That of an absent one is
// not older than the answer's: each deletion leaves its index behind.
func (o *operation) indexOf(key string) uint64 {
	for _, f := range o.found {
		if f.key == key {
			return f.index
		}
	}
	if o.index == 1 {
		return 0 // there was nothing
	}
	return o.index
}

// real looks whether what a read saw was written.
func (c *readCheck) real(op *operation) {
	for _, f := range op.found {
		w := c.world.check.writes.byID(f.id)
		if w == nil || w.at != f.index || w.key != f.key || w.value != f.value {
			c.world.fail("reads see what was written", []string{op.via}, "%v, which nobody wrote there", op)
		}
	}
}
