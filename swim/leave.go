package swim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A departure is this member's own leaving.
type departure struct {
	begun bool
	until time.Duration // when it is over even if few were told
	done  bool          // Effects.Left was given; the Pool does nothing more
}

func (d *departure) deadline() time.Duration {
	if d.begun && !d.done {
		return d.until
	}
	return Never
}

// Leave begins to leave the group in good order: the others are told, and
// take it for no failure. Effects.Left comes when the news was sent as often
// as any update is, or after Config.LeaveTimeout. Until then the driver goes
// on as before; afterwards the Pool is of no more use.
func (p *Pool) Leave(now time.Duration) {
	p.at(now)
	if p.departure.begun {
		return
	}
	p.departure = departure{begun: true, until: p.now + p.cfg.LeaveTimeout}
	p.probe = nil
	p.self.State, p.self.changed = Left, p.now
	p.trace("leaves at incarnation %d", p.self.Incarnation)
	p.announce()
	if len(p.members.pick(p.cfg.Rand, 1, p.listens)) == 0 {
		reachedLeavesAlone.Hit()
		p.queue.clear()
	}
	p.tickLeave()
}

// tickLeave ends the departure once the news is out of the queue.
func (p *Pool) tickLeave() {
	d := &p.departure
	if !d.begun || d.done || p.queue.has(p.self.Name) && p.now < d.until {
		return
	}
	d.done = true
	p.out.Left = true
	for _, j := range slices.Clone(p.joins) {
		p.joinEnd(j, errLeaving)
	}
}

// The reasons why ForceLeave refuses.
var (
	ErrNoMember = errors.New("no such member")
	ErrLive     = errors.New("it is alive as far as is known here; it would refute")
)

// ForceLeave makes a failed member one that has left, everywhere; or, with
// prune, a failed or left one Pruned, which nobody lists any more. If it is
// alive after all it will refute. The error wraps ErrNoMember or ErrLive.
//
// A pruned member is kept for Config.ReapAfter, as any other that has ended:
// it is what tells the order from the stale state of those who missed it.
func (p *Pool) ForceLeave(now time.Duration, name string, prune bool) error {
	p.at(now)
	m := p.members.byName[name]
	order := Left
	if prune {
		order = Pruned
	}
	switch {
	case m == nil || m.State == Pruned && !prune:
		return fmt.Errorf("swim: force %q to leave: %w", name, ErrNoMember)
	case m.State.live():
		return fmt.Errorf("swim: force %q to leave: %w", name, ErrLive)
	case m.State < order:
		p.end(m, standing{order, m.Incarnation}, p.self.Name)
	}
	return nil
}

// reapLater makes sure that m is forgotten in time.
func (p *Pool) reapLater(m *member) {
	p.timers.reap = min(p.timers.reap, m.changed+p.cfg.ReapAfter)
}

// tickReap forgets the members that failed or left long ago.
func (p *Pool) tickReap() {
	if p.now < p.timers.reap {
		return
	}
	p.timers.reap = Never
	gone := p.members.remove(func(m *member) bool {
		if m.State.live() {
			return false
		}
		if p.now-m.changed >= p.cfg.ReapAfter {
			return true
		}
		p.reapLater(m)
		return false
	})
	for _, m := range gone {
		p.queue.drop(m.Name)
		p.places.Forget(m.Name)
		p.trace("%s is forgotten, %v since %v", m.Name, m.State, m.changed)
		if m.State != Pruned { // that one went out of the lists long ago
			p.event(Reaped, m)
		}
	}
}
