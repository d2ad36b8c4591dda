package swim

import (
	"errors"
	"net/netip"
	"time"
)

// hear takes in a claim about a member, and passes it on if it is news.
func (p *Pool) hear(c claim) {
	m := p.members.byName[string(c.Name)]
	switch {
	case c.state == Alive && !p.speaks(c):
		p.stats.Dropped.Version++
	case m == p.self:
		if c.means(m) {
			p.hearOfSelf(c)
		}
	case m == nil:
		if c.state == Alive { // of a stranger, only that it is here is of use
			p.admit(c)
		}
	case !c.means(m):
		// It is about another node that had the name, or has it elsewhere.
	case c.state == Alive && m.State.live() && m.rivals(c):
		if c.incarnation >= m.Incarnation { // else it is old news of who had the name before
			reachedRival.Hit()
			p.conflict(c, m)
		}
	case c.state == Alive && !m.State.live() && m.ID != string(c.ID) && p.yields(m, c):
		reachedNameTaken.Hit()
		p.accept(m, c) // the name is free: the incarnations are of two nodes and do not compare
	case supersedes(c.standing, m.standing()):
		p.accept(m, c)
	case c.state == Suspect && c.standing == m.standing():
		p.confirm(m, string(c.accuser))
	}
}

// accept takes over a claim that supersedes what was known of m.
func (p *Pool) accept(m *member, c claim) {
	switch c.state {
	case Alive:
		p.revive(m, c)
	case Suspect:
		p.suspect(m, c.incarnation, string(c.accuser))
	default:
		p.end(m, c.standing, string(c.accuser))
	}
}

// speaks reports whether this member can speak to the one that an Alive is
// of. With one that it cannot it would find no ack, and call it dead.
func (p *Pool) speaks(c claim) bool {
	_, ok := p.self.Protocols.Common(c.Protocols)
	return ok
}

// admit adds a member that was not known.
func (p *Pool) admit(c claim) *member {
	if len(p.members.byName) >= MaxMembers {
		p.stats.Dropped.Full++
		return nil
	}
	m := &member{description: p.cfg.Shared.description(c), State: c.state, Incarnation: c.incarnation, changed: p.now}
	p.members.insert(m, p.cfg.Rand)
	if m.State.live() {
		p.trace("%s joined at %v", m.Name, m.Addr)
		p.event(Joined, m)
		p.say(m, "")
	}
	return m
}

// rivals reports whether an Alive is of another node that wants the name of m.
// A node with a new ID at the same address is no rival: no two processes
// share an address, so the one that was there is gone (a disk was wiped).
func (m *member) rivals(c claim) bool { return m.Addr != c.Addr && m.ID != string(c.ID) }

// means reports whether a claim is about m, and not about another node of its
// name. Of an Alive that is for rivals to judge.
func (c *claim) means(m *member) bool {
	switch {
	case c.state == Alive:
		return true
	case c.ID != nil:
		return string(c.ID) == m.ID
	}
	return c.mark == markOf(m.ID)
}

// revive takes over an Alive: a joiner's, a refutation, or new tags.
func (p *Pool) revive(m *member, c claim) {
	was := m.State
	p.set(m, c.standing)
	changed := !m.saidBy(c)
	if changed {
		m.description = p.cfg.Shared.description(c)
	}
	switch {
	case !was.live():
		reachedCameBack.Hit()
		p.trace("%s came back at %v, was %v", m.Name, m.Addr, was)
		p.event(Joined, m)
	case changed:
		p.event(Updated, m)
	}
	if was == Suspect {
		reachedOtherRefuted.Hit()
		p.trace("%s refuted at incarnation %d", m.Name, m.Incarnation)
	}
	p.say(m, "")
}

// suspect begins a suspicion of m.
func (p *Pool) suspect(m *member, incarnation Incarnation, accuser string) {
	p.stats.Suspicions++
	p.set(m, standing{Suspect, incarnation})
	m.suspicion = p.newSuspicion(accuser)
	p.suspects.add(m)
	p.trace("%s is suspected by %s at incarnation %d", m.Name, accuser, incarnation)
	p.say(m, accuser)
}

// confirm adds an accuser to the suspicion of m. The confirmations that count
// are passed on, so that they count elsewhere too (lifeguard IV-B).
func (p *Pool) confirm(m *member, accuser string) {
	if m.suspicion.confirm(accuser) {
		reachedConfirmed.Hit()
		p.suspects.refresh()
		p.say(m, accuser)
	}
}

// end takes m out of the group: it failed or left.
func (p *Pool) end(m *member, st standing, accuser string) {
	was := m.State
	p.set(m, st)
	switch {
	case st.state == Dead && was != Dead:
		p.stats.Failed++
		if accuser != p.self.Name {
			reachedHeardDead.Hit()
			p.trace("%s failed at incarnation %d, says %s", m.Name, st.incarnation, accuser)
		}
		p.event(Failed, m)
	case st.state.Gone() && was != st.state:
		p.trace("%s %v at incarnation %d, says %s", m.Name, st.state, st.incarnation, accuser)
		p.event(Departed, m)
	}
	p.say(m, accuser)
}

// set changes the standing of m, and what hangs on it.
func (p *Pool) set(m *member, st standing) {
	if m.suspicion != nil {
		p.suspects.remove(m)
		m.suspicion = nil
	}
	p.members.set(m, st, p.now)
	if !st.state.live() {
		p.reapLater(m)
	}
}

// say queues the news of m for gossip, by the authority of accuser.
func (p *Pool) say(m *member, accuser string) {
	if !p.queue.put(m.Name, appendClaim(nil, m, accuser)) {
		p.stats.Dropped.Full++
	}
	p.gossipSoon()
}

// announce queues this member's own description, for everybody.
func (p *Pool) announce() { p.say(p.self, p.self.Name) }

// hearOfSelf answers a claim about this member. Only it may raise its own
// incarnation, and only to refute (swim 4.2).
func (p *Pool) hearOfSelf(c claim) {
	switch {
	case p.departure.begun:
		// What the others say ends with the Left that they are being told.
	case c.state == Alive && c.incarnation >= p.self.Incarnation && p.self.rivals(c):
		p.conflict(c, p.self)
	case c.incarnation < p.self.Incarnation:
		// They missed what was said since. Say it again, unless that is under way.
		if c.state != Alive && !p.queue.has(p.self.Name) {
			reachedMissed.Hit()
			p.announce()
		}
	case c.state != Alive:
		p.stats.Refuted++
		p.awareness(+1)
		reachedRefutes.Hit()
		p.trace("refutes being %v at incarnation %d", c.state, c.incarnation)
		p.outlive(c.incarnation)
	case !p.self.describedBy(c):
		p.hearOfFormerSelf(c)
	}
}

// describedBy reports whether an Alive says just what this member says.
func (m *member) describedBy(c claim) bool {
	return m.Incarnation == c.incarnation && m.saidBy(c)
}

// hearOfFormerSelf answers an Alive of this node that this process did not send. It is of an earlier life of the node, and gets
// outlived, or there are two processes of one identity. Those would raise
// their incarnations against each other for ever. So the one that hears of the
// other a second time, though it went above what it heard the first time,
// yields: an earlier life does not answer. A joiner has heard once when it is
// let in (see join), so that it is the newcomer who yields.
func (p *Pool) hearOfFormerSelf(c claim) {
	if c.Addr != p.self.Addr {
		p.twins++
	}
	if p.twins > 1 {
		p.conflict(c, p.self)
		return
	}
	reachedOutlives.Hit()
	p.trace("outlives its incarnation %d at %v", c.incarnation, c.Addr)
	p.outlive(c.incarnation)
}

// outlive raises this member's incarnation above one that others know of it.
func (p *Pool) outlive(known Incarnation) {
	p.self.Incarnation = known + 1
	p.announce()
}

// conflictQuiet is how long the same conflict is not reported again, and
// maxConflicts how many are remembered for that.
const (
	conflictQuiet = time.Minute
	maxConflicts  = 64
)

// A conflict is a claim to a taken name that was reported.
type conflict struct {
	name, id string
	addr     netip.AddrPort
	until    time.Duration // when it may be reported again
}

// conflict reports that the claim's node wants the name that owner has.
func (p *Pool) conflict(c claim, owner *member) {
	p.stats.Conflicts++
	key := conflict{name: string(c.Name), id: string(c.ID), addr: c.Addr}
	kept := p.conflicts[:0]
	for _, k := range p.conflicts {
		if k.until > p.now {
			kept = append(kept, k)
		}
	}
	p.conflicts = kept
	for _, k := range p.conflicts {
		if k.name == key.name && k.id == key.id && k.addr == key.addr {
			return
		}
	}
	if len(p.conflicts) >= maxConflicts {
		p.conflicts = p.conflicts[1:]
	}
	key.until = p.now + conflictQuiet
	p.conflicts = append(p.conflicts, key)
	newcomer := member{description: newDescription(c), Incarnation: c.incarnation}
	p.trace("conflict: %s of node %s at %v is also claimed by node %s at %v", owner.Name, owner.ID, owner.Addr, key.id, key.addr)
	p.out.Events = append(p.out.Events, Event{Kind: Conflict, Member: newcomer.public(), Other: owner.public()})
}

// count counts a dropped message by its reason.
func (d *Dropped) count(err error) {
	switch {
	case errors.Is(err, errVersion):
		d.Version++
	case errors.Is(err, errLabel):
		d.Label++
	default:
		d.Malformed++
	}
}
