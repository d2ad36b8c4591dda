package swim

import "math"

// retransmits returns how often an update is sent: lambda * log(n) (swim 4.1).
func (p *Pool) retransmits() int {
	return p.cfg.RetransmitMult * int(math.Ceil(math.Log10(float64(p.members.live+1))))
}

// gossipSoon makes sure that gossip is due within one interval. With nothing
// to say the timer rests.
func (p *Pool) gossipSoon() {
	if p.timers.gossip == Never {
		p.timers.gossip = p.later(p.cfg.GossipInterval)
	}
}

// tickGossip tells a few members at random what is new, beside what rides on
// probes and acks.
func (p *Pool) tickGossip() {
	if p.now < p.timers.gossip {
		return
	}
	listeners := p.members.pick(p.cfg.Rand, p.cfg.GossipFanout, p.listens)
	for _, m := range listeners {
		p.send(m.Addr, nil)
	}
	if len(listeners) == 0 {
		p.queue.clear() // whoever comes will get everything at once
		p.events.queue.clear()
	}
	p.timers.gossip = Never
	if p.queue.len()+p.events.queue.len() > 0 {
		p.timers.gossip = p.now + p.cfg.GossipInterval
	}
}

// listens reports whether a member is worth telling: those of the group, and
// the recently dead, who may refute if they are not.
func (p *Pool) listens(m *member) bool {
	return m.State.live() || m.State == Dead && p.now-m.changed < p.cfg.GossipToDead
}
