package sim

import (
	"time"

	"praetor/swim"
)

// checkEvents judges what gossip has just told an agent. It may come late and
// out of order, and be wrong about who lives; but it never makes anything up.
func (w *world) checkEvents(p *process, events []swim.Event) {
	for _, e := range events {
		h := w.hostNamed(e.Member.Name)
		if h == nil || e.Kind == swim.Conflict {
			continue
		}
		w.checkIncarnation(p, h, e.Member)
		w.checkResurrection(p, h, e)
		if e.Kind == swim.Failed {
			w.checkFailure(p, h, e)
			w.checkDeath(p, h)
		}
		p.seen.heard(e)
	}
}

// heard is the last that an agent was told of a member.
type heard struct {
	id          string
	state       swim.State
	incarnation swim.Incarnation
	reaped      bool
}

func (s *seen) heard(e swim.Event) {
	if s.gossip == nil {
		s.gossip = map[string]heard{}
	}
	s.gossip[e.Member.Name] = heard{e.Member.ID, e.Member.State, e.Member.Incarnation, e.Kind == swim.Reaped}
}

// incarnation is the highest that a host's own agent ever had.
func (h *host) incarnation() swim.Incarnation {
	if h.proc != nil {
		h.incarnated = max(h.incarnated, h.proc.core.Self().Incarnation)
	}
	return h.incarnated
}

// checkIncarnation: "the incarnation number of a member is only incremented by
// the member itself" (swim 4.2), so nobody hears of one that it never had.
func (w *world) checkIncarnation(p *process, h *host, m swim.Member) {
	if m.Incarnation > h.incarnation() {
		w.fail("only a member raises its incarnation", []string{p.host.name, h.name},
			"%s hears of %s at incarnation %d, which has come to %d", p.host.name, h.name, m.Incarnation, h.incarnation())
	}
}

// checkResurrection: a member that is dead or has left in one incarnation comes
// back in a higher one only (swim 4.2). One that was forgotten may come back in
// the same, but only if it lives: else somebody's old list has raised it.
func (w *world) checkResurrection(p *process, h *host, e swim.Event) {
	was, known := p.seen.gossip[h.name]
	if e.Kind != swim.Joined || !known || was.id != e.Member.ID || was.state != swim.Dead && was.state != swim.Left {
		return
	}
	if m := e.Member; m.Incarnation <= was.incarnation && !(was.reaped && h.proc != nil) {
		w.fail("no member rises from the dead", []string{p.host.name, h.name},
			"%s had %s at incarnation %d for %v, and now for %v at incarnation %d", p.host.name, h.name, was.incarnation, was.state, m.State, m.Incarnation)
	}
}

// checkDeath counts those who are declared dead and run. In a world in which
// nothing has gone wrong for long there is no reason for it.
func (w *world) checkDeath(p *process, h *host) {
	if h.proc == nil {
		return
	}
	w.counts.FalseDeaths++
	if bound := boundDead(len(w.hosts)); w.clear() && w.now-max(w.disturbed, h.changed, p.host.changed) > bound {
		w.fail("nobody who is well is declared dead", []string{p.host.name, h.name},
			"%s takes %s for dead, which runs since %.6fs; nothing has gone wrong since %.6fs", p.host.name, h.name, h.changed.Seconds(), w.disturbed.Seconds())
	}
}

// clear reports whether the network is as good as a local one is.
func (w *world) clear() bool {
	good := func(f *profile) bool {
		return f.rates == [numNetRates]ppm{} && f.bandwidth == 0 && f.delay+f.jitter < 100*time.Millisecond
	}
	for _, h := range w.hosts {
		for _, l := range h.links {
			if l != nil && (l.own != nil && !good(l.own) || l.distance > 100*time.Millisecond) {
				return false
			}
		}
	}
	return good(&w.net.base)
}

// watch holds everybody's view of a host, whose agent has just begun or ended,
// against the truth as soon as gossip must have told. A fault in between lets
// the time begin anew.
func (w *world) watch(h *host) {
	changed, bound := h.changed, boundGossip
	if h.proc == nil {
		bound = boundDead(len(w.hosts))
	}
	var judge func()
	judge = func() {
		due := max(w.disturbed, changed) + bound
		switch {
		case h.changed != changed || h.left || !w.clear():
		case due > w.now:
			w.at(due, judge)
		default:
			w.checkSeen(h, w.now-bound)
		}
	}
	w.at(changed+bound, judge)
}

// checkSeen: all agents that run since then know whether a host's agent runs.
func (w *world) checkSeen(h *host, since time.Duration) {
	for _, by := range w.up() {
		if by.pool != h.pool || by.changed > since {
			continue
		}
		state := by.proc.member(h)
		seen := state == swim.Alive.String() || state == swim.Suspect.String()
		switch {
		case h.proc != nil && !seen:
			w.fail("the living are seen alive within the bound", []string{by.name, h.name}, "%s runs since %.6fs, but %s takes it for %s", h.name, h.changed.Seconds(), by.name, state)
		case h.proc == nil && seen:
			w.fail("the dead are seen dead within the bound", []string{by.name, h.name}, "%s is down since %.6fs, but %s takes it for %s", h.name, h.changed.Seconds(), by.name, state)
		}
	}
}

// boundDead is how long it may take in a group of n members until all know that
// one has died: some member's turn to probe it comes within 2n-1 periods (swim
// 4.3), which are stretched at the most by the worst local health; then the
// suspicion lasts for its longest time (lifeguard IV-B), and the news needs a few
// rounds of gossip.
func boundDead(n int) time.Duration {
	c := swim.DefaultLAN()
	turn := time.Duration(2*n-1) * c.ProbeInterval * time.Duration(1+c.AwarenessMax)
	return turn + longestSuspicion(n) + 20*c.GossipInterval
}
