package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"praetor/internal/server"
	"praetor/kv"
)

// client is somebody who uses the cluster: one request after the other, each
// at a server drawn at random, with a little time to think in between. It waits
// for an answer only so long; one that comes later is still held against the
// rules, because what a server says must be true whoever listens.
type client struct {
	world   *world
	name    string
	rand    *rand.Rand
	keys    int            // it uses the keys k1, k2 and so on
	think   time.Duration  // the longest time between two requests
	via     func() []*host // the servers that it uses, of those that run
	writes  int            // so far, which makes values unique
	stopped bool
}

// addClient starts a client.
func (w *world) addClient(keys int, think time.Duration, via func() []*host) {
	name := fmt.Sprintf("c%d", len(w.clients)+1)
	c := &client{world: w, name: name, rand: stream(w.seed, "client "+name), keys: keys, think: think, via: via}
	w.clients = append(w.clients, c)
	c.rest()
}

// rest thinks, then goes on.
func (c *client) rest() { c.world.after(spread(c.rand, 0, c.think), c.next) }

// next makes one request: as many writes as reads, half of these consistent.
func (c *client) next() {
	if c.stopped {
		return
	}
	key := fmt.Sprintf("k%d", 1+c.rand.IntN(c.keys))
	kind, pick := c.rand.IntN(4), c.rand.Uint64()
	servers := c.via()
	if len(servers) == 0 {
		c.rest()
		return
	}
	via := servers[pick%uint64(len(servers))]
	waiting := true
	goOn := func() {
		if waiting {
			waiting = false
			c.rest()
		}
	}
	c.world.after(clientPatience, goOn)
	done := func(op *operation) {
		c.world.note(c.name, "%v", op)
		goOn()
	}
	c.world.asking = c.name
	defer func() { c.world.asking = "" }()
	switch kind {
	case 0:
		c.world.get(via, key, server.Default, done)
	case 1:
		c.world.get(via, key, server.Consistent, done)
	default:
		c.writes++
		c.world.put(via, key, fmt.Sprintf("%s.%d", c.name, c.writes), done)
	}
}

// clientPatience is how long a client waits for an answer.
const clientPatience = time.Second

// liveIn returns the servers of a group that run.
func (w *world) liveIn(group int) []*host { return inGroup(w.live(), group) }

// upIn returns the hosts of a group whose agents run.
func (w *world) upIn(group int) []*host { return inGroup(w.up(), group) }

func inGroup(hs []*host, group int) []*host {
	return slices.DeleteFunc(hs, func(h *host) bool { return h.group != group })
}

// put writes a key through a server that runs. The value must never have been
// written before. done is called once.
func (w *world) put(via *host, key, value string, done func(*operation)) {
	op := &operation{
		kind: opWrite, via: via.name, key: key, value: value, begin: w.now,
		cmd: server.KVCommand(kv.Command{Op: kv.OpSet, Key: key, Value: []byte(value)}),
	}
	w.check.writes.begun(op)
	w.check.reads.begun(op)
	w.asks(op, via)
	w.submit(via, op, done)
}

// submit makes an attempt at a write.
func (w *world) submit(via *host, op *operation, done func(*operation)) {
	via.proc.submit(op.cmd, func(a server.Answer) {
		op.end, op.index, op.err = w.now, a.Result.Index, a.Err
		op.outcome = outcomeOf(a)
		if op.outcome == unknown && w.sabotage.resend && via.proc != nil && !errors.Is(a.Err, errCrashed) {
			w.after(0, func() { w.submit(via, op, done) })
			return
		}
		w.answers(op, via)
		w.check.answered(op)
		done(op)
	})
}

// outcomeOf says what a client may conclude from the answer to a write.
func outcomeOf(a server.Answer) outcome {
	switch a.Err {
	case nil:
		if a.Result.OK {
			return acked
		}
		return refused
	case server.ErrNoLeader, server.ErrBusy, server.ErrTooLarge:
		return refused
	}
	return unknown
}

// get reads a key through a server that runs. done is called once.
func (w *world) get(via *host, key string, mode server.ReadMode, done func(*operation)) {
	op := &operation{kind: opRead, via: via.name, key: key, mode: mode, begin: w.now}
	w.check.reads.begun(op)
	w.asks(op, via)
	p := via.proc
	p.read(mode, func(a server.Answer) {
		op.end, op.err, op.outcome = w.now, a.Err, refused
		if a.Err == nil {
			op.outcome = acked
			if e, _ := p.server.View().KV.Get(key, nil); e != nil {
				op.value, op.index = string(e.Value), e.ModifyIndex
			}
		}
		w.answers(op, via)
		w.check.answered(op)
		done(op)
	})
}
