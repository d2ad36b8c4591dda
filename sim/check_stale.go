package sim

import "time"

// staleSlack is how far a server that hears from a leader may be behind. A
// message may wait in a connection for as long as a cut does not break it, and
// what it announces may have yet to be fetched and synced.
const staleSlack = 15 * time.Second

// checkStale: a stale read tells how long ago its server heard from the leader.
// It was no longer ago than that. It does not follow that the answer is no older:
// a server hears from the leader before it has fetched what it missed while it
// was cut off. But one that has known a leader for staleSlack has; what it lacks
// is younger than that and its age together. And as long as a server runs, it
// never goes back.
func (w *world) checkStale(p *process, op *operation, t *truth) {
	if heard := p.sinceLeader(); op.known && heard > op.age+heard/8+time.Millisecond { // its clock may be slow
		w.fail("a stale answer tells its age", []string{op.via}, "%v: it says that it heard from the leader %v ago, and that was %v ago", op, op.age, heard)
	}
	inTouch := op.known && w.now-p.seen.lost > staleSlack
	for _, l := range t.read(op) {
		index := op.indexOf(l.key)
		if v, ok := l.next(index); ok && inTouch && w.now-v.since > op.age+staleSlack {
			w.fail("who knows a leader keeps up", []string{op.via}, "%v, but %s was changed at index %d, %v ago", op, l.key, v.index, w.now-v.since)
		}
		if before := p.seen.told[l.key]; index < before {
			w.fail("a server never goes back", []string{op.via}, "%v, but it had answered with index %d for %s before", op, before, l.key)
		}
	}
}

// sinceLeader returns how long ago a message from the host that the server takes
// for the leader has arrived; 0 on the leader itself.
func (p *process) sinceLeader() time.Duration {
	h := p.host.world.hostNamed(string(p.server.Status().Leader))
	if h == nil || h == p.host {
		return 0
	}
	return p.host.world.now - p.seen.arrivals[h.num]
}

// hears notes that a message from a host arrives.
func (s *seen) hears(from *host, now time.Duration) {
	for len(s.arrivals) <= from.num {
		s.arrivals = append(s.arrivals, 0)
	}
	s.arrivals[from.num] = now
}

// remember notes what a server has answered.
func (s *seen) remember(op *operation) {
	if s.told == nil {
		s.told = map[string]uint64{}
	}
	for _, f := range op.found {
		s.told[f.key] = max(s.told[f.key], f.index)
	}
	if op.kind == opGet {
		s.told[op.key] = max(s.told[op.key], op.indexOf(op.key))
	}
}
