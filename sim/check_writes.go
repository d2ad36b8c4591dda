package sim

import (
	"bytes"

	"praetor/internal/server"
	"praetor/kv"
	"praetor/raft"
)

// writeCheck holds what clients were told of their writes against the log:
//
//   - what was acknowledged is in it, at the index that was named, for good;
//   - what was refused never is;
//   - nothing is in it twice.
type writeCheck struct {
	world  *world
	ops    []*operation    // by id-1
	values map[string]bool // that were ever to be written
	last   []*operation    // per key, the acknowledged write of the highest index
}

// begun notes that a client has asked for something, and numbers it.
func (c *writeCheck) begun(op *operation) {
	c.ops = append(c.ops, op)
	op.id = len(c.ops)
	if op.kind.writes() {
		c.values[op.value] = true
		op.cmd = op.command()
	}
}

// byID returns the write with the number, or nil.
func (c *writeCheck) byID(id int) *operation {
	if id < 1 || id > len(c.ops) || !c.ops[id-1].kind.writes() {
		return nil
	}
	return c.ops[id-1]
}

// committed notes that a command is in the log for good, and what it does to
// the keys.
func (c *writeCheck) committed(t *truth, index uint64, cmd []byte) {
	op, k := c.find(cmd)
	switch {
	case op == nil:
	case op.at != 0 && op.repeats > 0:
		op.repeats-- // the key has the value already, so that nothing changes
	case op.at != 0:
		c.world.fail("a write takes effect once", []string{op.via}, "%v: it is in the log at %d and at %d", op, op.at, raft.Index(index))
	case op.outcome == refused:
		c.world.fail("a refused write changes nothing", []string{op.via}, "%v: it was committed at index %d later", op, raft.Index(index))
	default:
		op.at = index
		op.changed, op.met = t.apply(c.world.now, index, k)
	}
}

// find returns the client's operation that a command in the log comes from.
func (c *writeCheck) find(cmd []byte) (*operation, kv.Command) {
	const header = 2 // package server's
	if len(cmd) < header {
		return nil, kv.Command{}
	}
	k, err := kv.DecodeCommand(cmd[header:])
	if err != nil {
		return nil, k
	}
	op := c.byID(int(k.Flags))
	if op == nil || !bytes.Equal(op.cmd, cmd) {
		return nil, k
	}
	return op, k
}

// answered judges what a client was told.
func (c *writeCheck) answered(op *operation) {
	switch op.outcome {
	case acked, unmet:
		c.world.counts.Writes++
		if op.at != op.index {
			c.world.fail("what is acknowledged is committed", []string{op.via}, "%v: but the log has it at %d", op, op.at)
		}
		if op.kind.conditional() && op.met != (op.outcome == acked) {
			c.world.fail("a condition is judged on the key as it is", []string{op.via}, "%v: but the log says otherwise", op)
		}
		if op.changed && op.kind != opDeleteTree { // of which each key's next read tells
			c.remember(op)
		}
	case refused:
		if op.at != 0 {
			c.world.fail("a refused write changes nothing", []string{op.via}, "%v: but it is committed at index %d", op, op.at)
		}
	}
}

func (c *writeCheck) remember(op *operation) {
	for i, old := range c.last {
		if old.key == op.key && old.group == op.group {
			if op.index > old.index {
				c.last[i] = op
			}
			return
		}
	}
	c.last = append(c.last, op)
}

// lastOf returns the newest write of a key that was acknowledged, or nil.
func (c *writeCheck) lastOf(key string) (last *operation) {
	for _, op := range c.last {
		if op.key == key && (last == nil || op.index > last.index) {
			last = op
		}
	}
	return last
}

// atRest looks for the newest acknowledged write of each key: it is on every
// server that has come as far, or a newer one is, and some server has come as
// far. (That all do is checkReplicas' affair.)
func (c *writeCheck) atRest() {
	for _, op := range c.last {
		reached := false
		for _, h := range c.world.liveIn(op.group) {
			if v := h.proc.server.View(); v.Index >= op.index {
				reached = true
				c.present(op, h.name, v)
			}
		}
		if !reached {
			c.world.fail(ruleLost, []string{op.via}, "%v, but no server has come so far", op)
		}
	}
}

const ruleLost = "what is acknowledged is never lost"

func (c *writeCheck) present(op *operation, on string, v *server.View) {
	if e, index := v.KV.Get(op.key, nil); index < op.index {
		c.world.fail(ruleLost, []string{op.via, on}, "%v, but %s, at index %d, has %s", op, on, v.Index, entryText(e))
	}
}

func entryText(e *kv.Entry) string {
	if e == nil {
		return "nothing"
	}
	return string(e.Value)
}
