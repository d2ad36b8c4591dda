package sim

import (
	"errors"
	"time"

	"praetor/internal/radix"
	"praetor/internal/server"
)

// ask carries out an operation of a client through a server that runs, as the
// real agent's API does. done is called once, with how it ended.
func (w *world) ask(client string, via *host, a ask, done func(*operation)) *operation {
	op := &operation{ask: a, client: client, via: via.name, group: via.group, begin: w.now}
	w.check.begun(op)
	w.asks(op, via)
	if a.kind.writes() {
		w.submit(via, op, done)
		return op
	}
	p := via.proc
	p.read(a.mode, func(ans server.Answer) {
		if ans.Err != nil {
			w.answered(op, via, reply{outcome: refused, err: ans.Err}, done)
			return
		}
		p.watch(op, done)
	})
	return op
}

// put writes a key through a server that runs. The value must never have been
// written before. done is called once.
func (w *world) put(via *host, key, value string, done func(*operation)) {
	w.ask("client", via, ask{kind: opPut, key: key, value: value}, done)
}

// get reads a key through a server that runs. done is called once.
func (w *world) get(via *host, key string, mode server.ReadMode, done func(*operation)) {
	w.ask("client", via, ask{kind: opGet, key: key, mode: mode}, done)
}

// submit makes an attempt at a write.
func (w *world) submit(via *host, op *operation, done func(*operation)) {
	via.proc.submit(op.cmd, func(a server.Answer) {
		r := reply{outcome: outcomeOf(op.kind, a), index: a.Result.Index, err: a.Err}
		if r.outcome == unknown && w.sabotage.resend && via.proc != nil && !errors.Is(a.Err, errCrashed) {
			w.after(0, func() { w.submit(via, op, done) })
			return
		}
		w.answered(op, via, r, done)
	})
}

// answered ends an operation.
func (w *world) answered(op *operation, via *host, r reply, done func(*operation)) {
	op.reply, op.end = r, w.now
	w.answers(op, via)
	w.check.answered(op, via)
	done(op)
}

// outcomeOf says what a client may conclude from the answer to a write.
func outcomeOf(kind opKind, a server.Answer) outcome {
	switch a.Err {
	case nil:
		switch {
		case a.Result.OK:
			return acked
		case kind.conditional() && a.Result.Err == "":
			return unmet
		}
		return refused
	case server.ErrNoLeader, server.ErrBusy, server.ErrTooLarge:
		return refused
	}
	return unknown
}

// watch is a read that waits for a change: a blocking query. It is the
// counterpart of package api's read.go.
type watch struct {
	op     *operation
	proc   *process
	waiter *radix.Waiter
	seen   uint64 // the index of the View that was evaluated last
	end    time.Duration
	done   func(*operation)
}

// watch evaluates a read on the newest View and, if it is to wait for a change,
// again whenever what was read has changed, until its index is past the one
// that is named or the time is over.
func (p *process) watch(op *operation, done func(*operation)) {
	t := &watch{op: op, proc: p, end: p.host.world.now + op.wait, done: done}
	if view := p.server.View(); op.past == 0 || op.past > max(view.Index, 1) {
		t.answer(t.evaluate(view))
		return
	}
	p.later(op.wait, func() {
		if t.waiter != nil {
			t.answer(t.evaluate(p.server.View()))
		}
	})
	p.watches = append(p.watches, t)
	t.look()
}

// look evaluates, and then answers or waits.
func (t *watch) look() {
	p := t.proc
	t.waiter = radix.NewWaiter(func() {
		p.host.world.checkWake(t)
		p.later(0, t.wake)
	})
	if found, index := t.evaluate(p.server.View()); index > t.op.past {
		t.answer(found, index)
	}
}

// wake looks again after what was read has changed.
func (t *watch) wake() {
	if t.waiter == nil {
		return // it was answered meanwhile
	}
	t.waiter.Stop()
	t.proc.host.world.check.woken(t)
	t.look()
}

// evaluate reads the view, and registers on what it reads if it waits.
func (t *watch) evaluate(v *server.View) (list []row, index uint64) {
	if s := t.proc.host.world.sabotage; s.frozen != nil && t.op.mode == server.Stale {
		v = s.frozen
	}
	t.seen = v.Index
	waiter := t.waiter
	if t.proc.host.world.sabotage.deaf {
		waiter = nil
	}
	if t.op.kind == opList {
		entries, index := v.KV.List(t.op.key, waiter)
		for _, e := range entries {
			list = append(list, row{e.Key, string(e.Value), e.ModifyIndex, int(e.Flags)})
		}
		return list, index
	}
	e, index := v.KV.Get(t.op.key, waiter)
	if e != nil {
		list = []row{{e.Key, string(e.Value), e.ModifyIndex, int(e.Flags)}}
	}
	return list, index
}

// answer ends the read. As in the API, an index is never 0.
func (t *watch) answer(list []row, index uint64) {
	p := t.proc
	if t.waiter != nil {
		t.waiter.Stop()
		t.waiter = nil
		p.unwatch(t)
	}
	w := p.host.world
	age := p.server.LastContact(p.now())
	if w.sabotage.young {
		age = 0
	}
	known := p.server.Status().Leader != ""
	w.answered(t.op, p.host, reply{outcome: acked, index: max(index, 1), found: list, known: known, age: age}, t.done)
}

// hangUp ends the reads that wait, as the process ends.
func (p *process) hangUp() {
	watches := p.watches
	p.watches = nil
	for _, t := range watches {
		t.waiter.Stop()
		t.waiter = nil
		p.host.world.answered(t.op, p.host, reply{outcome: refused, err: errCrashed}, t.done)
	}
}

// unwatch forgets a read that has been answered.
func (p *process) unwatch(t *watch) {
	for i, other := range p.watches {
		if other == t {
			p.watches = append(p.watches[:i], p.watches[i+1:]...)
			return
		}
	}
}
