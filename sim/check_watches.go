package sim

// Watches, which is what blocking queries are: what is waited for must wake the
// waiter at once, and nothing else may.

// checkWatches looks, after a server has applied something, whether every read
// that waits there for one of the keys that changed has been woken.
func (w *world) checkWatches(p *process, t *truth) {
	for _, watch := range p.watches {
		if watch.waiter == nil || watch.waiter.Fired() {
			continue
		}
		view := p.server.View().Index
		for _, l := range t.read(watch.op) {
			v := l.at(view)
			if !v.there && !l.at(watch.seen).there {
				continue // written and deleted in one batch: nobody could see it there
			}
			if v.index > max(watch.op.past, watch.seen) {
				w.fail("watches see every change", []string{p.host.name}, "%v: %s changed at index %d, and it was not woken", watch.op, l.key, v.index)
			}
		}
	}
}

// checkWake: whoever is woken, and looks at once, sees what woke it.
func (w *world) checkWake(t *watch) {
	if view := t.proc.server.View().Index; view <= t.seen {
		w.fail("watches see every change", []string{t.proc.host.name}, "%v: woken at index %d, but what woke it cannot be seen", t.op, view)
	}
}

// woken judges a wake-up: something that the read had seen has changed since,
// or all of the state was replaced by a snapshot of the leader.
func (c *checkers) woken(t *watch) {
	p := t.proc
	cl := c.cluster(p)
	if cl == nil || p.seen.replaced > t.seen {
		return
	}
	view := p.server.View().Index
	for _, l := range cl.truth.read(t.op) {
		if v := l.at(view); v.index > t.seen {
			return
		}
	}
	c.world.fail("watches sleep through other writes", []string{p.host.name}, "%v: woken at index %d, but what it read has not changed since %d", t.op, view, t.seen)
}

// checkIndex: a client that asks with the index that it was given is told a
// newer one, or the same when its time is over; and the index is never 0, which
// would not wait.
func (w *world) checkIndex(p *process, op *operation) {
	if op.index == 0 || op.index < op.past && op.past <= min(op.newest(), p.seen.applied) {
		w.fail("an index never goes back", []string{op.via}, "%v, though the server has applied %d", op, p.seen.applied)
	}
}
