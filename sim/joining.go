package sim

import (
	"slices"
	"time"

	"praetor/swim"
)

// joining is how an agent finds its group when it starts, as the real agent
// does: it asks every host of its configuration, and those that it knew in its
// life before, for the members, one after the other. If none of them answered,
// it waits and begins anew. Later it goes on asking those that it does not know.
type joining struct {
	targets  []*host
	asked    int // of the targets, in this round
	answered int // of those
	wait     time.Duration
	done     bool
}

// The waits between rounds, of the real agent.
const (
	joinFirst = 500 * time.Millisecond
	joinLast  = 30 * time.Second
)

// begin asks the first host.
func (j *joining) begin(p *process) {
	j.targets = slices.Clone(p.host.spec.joins)
	for _, h := range p.host.known {
		if !slices.Contains(j.targets, h) {
			j.targets = append(j.targets, h)
		}
	}
	j.next(p)
}

// next asks the next host.
func (j *joining) next(p *process) {
	switch {
	case j.asked < len(j.targets):
		p.core.Join(p.now(), j.targets[j.asked].gossip)
		j.asked++
	case j.answered > 0 || len(j.targets) == 0:
		j.done = true
		p.later(joinLast, func() { j.mend(p) })
	default:
		j.wait = min(max(2*j.wait, joinFirst), joinLast)
		j.asked = 0
		p.later(j.wait, func() { j.next(p); p.carryOut() })
	}
}

// mend asks, now and then, the configured hosts that are no members: agents that
// were started while the network was cut may have found together in two groups,
// neither of which knows of the other.
func (j *joining) mend(p *process) {
	for _, h := range p.host.spec.joins {
		if _, known := p.core.Member(h.name); !known {
			p.core.Join(p.now(), h.gossip)
		}
	}
	p.carryOut()
	p.later(joinLast, func() { j.mend(p) })
}

// ended takes in how a question ended.
func (j *joining) ended(p *process, results []swim.JoinResult) {
	for _, r := range results {
		if j.done {
			return // one that mends, or that a scenario asked for
		}
		if r.Err == nil {
			j.answered++
		}
		p.later(0, func() { j.next(p); p.carryOut() })
	}
}

// remember notes on the host whom its agent sees alive, for its next life. One
// that sees nobody keeps what it knew before.
func (p *process) remember(ms []swim.Member) {
	var known []*host
	for _, m := range ms {
		if h := p.host.world.hostAt(m.Addr.Addr()); h != nil && h != p.host && m.State == swim.Alive {
			known = append(known, h)
		}
	}
	if len(known) > 0 {
		p.host.known = known
	}
}
