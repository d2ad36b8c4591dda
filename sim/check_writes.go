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
	world   *world
	byValue map[string]*operation // values are unique
	last    []*operation          // per key, the acknowledged write of the highest index
}

// begun notes that a client has a write on its way.
func (c *writeCheck) begun(op *operation) { c.byValue[op.value] = op }

// committed notes that a command is in the log for good.
func (c *writeCheck) committed(index uint64, cmd []byte) {
	op := c.find(cmd)
	switch {
	case op == nil:
	case op.at != 0:
		c.world.fail("a write takes effect once", []string{op.via}, "%v: it is in the log at %d and at %d", op, op.at, raft.Index(index))
	case op.outcome == refused:
		c.world.fail("a refused write changes nothing", []string{op.via}, "%v: it was committed at index %d later", op, raft.Index(index))
	default:
		op.at = index
	}
}

// find returns the client's operation that a command in the log comes from.
func (c *writeCheck) find(cmd []byte) *operation {
	const header = 2 // package server's
	if len(cmd) < header {
		return nil
	}
	k, err := kv.DecodeCommand(cmd[header:])
	if err != nil {
		return nil
	}
	op := c.byValue[string(k.Value)]
	if op == nil || !bytes.Equal(op.cmd, cmd) {
		return nil
	}
	return op
}

// answered judges what a client was told.
func (c *writeCheck) answered(op *operation) {
	switch op.outcome {
	case acked:
		c.world.counts.Writes++
		if op.at != op.index {
			c.world.fail("what is acknowledged is committed", []string{op.via}, "%v: but the log has it at %d", op, op.at)
		}
		c.remember(op)
	case refused:
		if op.at != 0 {
			c.world.fail("a refused write changes nothing", []string{op.via}, "%v: but it is committed at index %d", op, op.at)
		}
	}
}

func (c *writeCheck) remember(op *operation) {
	for i, old := range c.last {
		if old.key == op.key {
			if op.index > old.index {
				c.last[i] = op
			}
			return
		}
	}
	c.last = append(c.last, op)
}

// atRest looks for the newest acknowledged write of each key: it is on every
// server that has come as far, or a newer one is, and some server has come as
// far. (That all do is checkReplicas' affair.)
func (c *writeCheck) atRest() {
	for _, op := range c.last {
		reached := false
		for _, h := range c.world.live() {
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
	e, _ := v.KV.Get(op.key, nil)
	if e == nil || e.ModifyIndex < op.index {
		c.world.fail(ruleLost, []string{op.via, on}, "%v, but %s, at index %d, has %s", op, on, v.Index, entryText(e))
	}
}

func entryText(e *kv.Entry) string {
	if e == nil {
		return "nothing"
	}
	return string(e.Value)
}
