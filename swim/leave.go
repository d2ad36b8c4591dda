package swim

import (
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

// ForceLeave makes a failed member one that has left, everywhere. If it is
// alive after all it will refute. The error says that the member is not
// known, or has not failed.
func (p *Pool) ForceLeave(now time.Duration, name string) error {
	p.at(now)
	m := p.members.byName[name]
	switch {
	case m == nil:
		return fmt.Errorf("swim: force %q to leave: no such member", name)
	case m.State == Left:
		return nil
	case m.State != Dead:
		return fmt.Errorf("swim: force %q to leave: it is %v, not dead", name, m.State)
	}
	p.end(m, standing{Left, m.Incarnation}, p.self.Name)
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
		p.event(Reaped, m)
	}
}
