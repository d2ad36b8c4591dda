package sim

import (
	"time"

	"praetor/swim"
)

// joining is how a server finds its group when it starts, as the real agent
// does: it asks every host of its configuration for the members, one after the
// other. If none of them answered, it waits and begins anew.
type joining struct {
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

// next asks the next host.
func (j *joining) next(p *process) {
	targets := p.host.spec.joins
	switch {
	case j.asked < len(targets):
		p.server.Join(p.now(), targets[j.asked].gossip)
		j.asked++
	case j.answered > 0 || len(targets) == 0:
		j.done = true
	default:
		j.wait = min(max(2*j.wait, joinFirst), joinLast)
		j.asked = 0
		p.later(j.wait, func() { j.next(p); p.carryOut() })
	}
}

// ended takes in how a question ended.
func (j *joining) ended(p *process, results []swim.JoinResult) {
	for _, r := range results {
		if j.done {
			return // a join that a scenario asked for
		}
		if r.Err == nil {
			j.answered++
		}
		p.later(0, func() { j.next(p); p.carryOut() })
	}
}
