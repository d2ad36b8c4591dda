package sim

// readCheck: reads and writes of each key are linearizable. The log gives every
// version of a key an index, so that the order to be found is known, and it is
// enough to compare each operation with those that ended before it began: a
// read must not see an older version than any of them saw or wrote, and a write
// must get a higher index.
type readCheck struct {
	world *world
	floor map[string]uint64 // by key: the highest index that anybody was told
}

// begun notes what an operation must not fall behind.
func (c *readCheck) begun(op *operation) { op.floor = c.floor[op.key] }

// wrote judges a write.
func (c *readCheck) wrote(op *operation) {
	if op.outcome != acked {
		return
	}
	if op.index <= op.floor {
		c.world.fail("writes are linearizable", []string{op.via}, "%v, but the key was at index %d before it began at %.6fs", op, op.floor, op.begin.Seconds())
	}
	c.floor[op.key] = max(c.floor[op.key], op.index)
}

// answered judges a read.
func (c *readCheck) answered(op *operation) {
	if op.outcome != acked {
		return
	}
	c.world.counts.Reads++
	if op.index < op.floor {
		c.world.fail("reads are linearizable", []string{op.via}, "%v, but the key was at index %d before it began at %.6fs", op, op.floor, op.begin.Seconds())
	}
	if w := c.world.check.writes.byValue[op.value]; op.index > 0 && (w == nil || w.at != op.index || w.key != op.key) {
		c.world.fail("reads see what was written", []string{op.via}, "%v, which nobody wrote there", op)
	}
	c.floor[op.key] = max(c.floor[op.key], op.index)
}
