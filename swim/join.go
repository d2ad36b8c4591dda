package swim

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// maxJoins bounds the joins under way.
const maxJoins = 16

// A join goes in steps, so that nobody hears of a node that is not let in:
//
//	joiner                          host
//	  | join: my name, ID, address   |
//	  |----------------------------->| is the name free for this node?
//	  |   members, or a refusal      |
//	  |<-----------------------------|
//	  | ping who has my name and ID, if at another address
//	  | go above my old incarnation
//	  | members: all that I know     |
//	  |----------------------------->|
//	  |   members                    |
//	  |<-----------------------------|
//
// The first answer is why a node may restart from incarnation 0: it learns
// what the group remembers of its earlier life, dead or alive, and outlives it.
type join struct {
	addr    netip.AddrPort
	due     time.Duration // while waiting for a twin's ack: when to go on; else Never
	seq     sequence      // of the ping to the twin
	twin    netip.AddrPort
	members []section // the host's answer, until it may be merged
	pushed  bool      // the second exchange is under way
}

var errLeaving = errors.New("this member is leaving")

// Join begins to join the group through the member at addr. The end of it is
// in Effects.Joins. A node that is alone in its group need not join; one that
// is a member may, to bring two groups together.
func (p *Pool) Join(now time.Duration, addr netip.AddrPort) {
	p.at(now)
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	j := &join{addr: addr, due: Never}
	switch {
	case p.departure.begun:
		p.joinEnd(j, errLeaving)
	case len(p.joins) >= maxJoins:
		p.joinEnd(j, errBusy)
	default:
		p.joins = append(p.joins, j)
		p.joinExchange(j, appendSection(nil, kindJoin, appendNode(nil, p.self.Name, p.self.ID, p.self.Addr)))
	}
}

// joinExchange begins one of the two exchanges of a join.
func (p *Pool) joinExchange(j *join, body []byte) {
	x := exchange{purpose: forJoin, join: j, due: p.now + p.cfg.TCPTimeout}
	if !p.exchange(x, j.addr, body) {
		p.joinEnd(j, errBusy)
	}
}

// joinEnd reports the end of a join.
func (p *Pool) joinEnd(j *join, err error) {
	p.joins = slices.DeleteFunc(p.joins, func(k *join) bool { return k == j })
	var taken *ConflictError
	switch {
	case err == nil:
		p.trace("joined through %v at incarnation %d", j.addr, p.self.Incarnation)
	case errors.As(err, &taken):
		p.trace("was not let in through %v: %s belongs to node %s at %v", j.addr, taken.Name, taken.ID, taken.Addr)
	default:
		err = fmt.Errorf("swim: join through %v: %w", j.addr, err)
		p.trace("could not join through %v: %v", j.addr, err)
	}
	p.out.Joins = append(p.out.Joins, JoinResult{Addr: j.addr, Err: err})
}

// joinReply serves the answer to either exchange.
func (p *Pool) joinReply(j *join, sections []section, err error) {
	switch {
	case err != nil:
		p.joinEnd(j, err)
	case sections[0].kind == kindRefusal:
		n := &sections[0].node
		p.joinEnd(j, &ConflictError{Name: string(n.Name), ID: string(n.ID), Addr: n.Addr})
	case sections[0].kind != kindMembers:
		p.joinEnd(j, errAnswer)
	case j.pushed:
		p.merge(sections)
		p.joinEnd(j, nil)
	default:
		j.members = sections
		p.checkTwin(j)
	}
}

// checkTwin looks for this node in the host's answer. If it is said to live
// at another address it may have moved, or there may be two of it: ping there.
func (p *Pool) checkTwin(j *join) {
	r := j.find(p.self.Name)
	if r == nil || !r.state.live() || r.Addr == p.self.Addr {
		p.enter(j)
		return
	}
	reachedTwin.Hit()
	p.twins = 1
	j.twin = r.Addr
	j.seq = p.nextSeq()
	j.due = p.now + p.cfg.ProbeTimeout
	p.send(j.twin, appendPing(nil, j.seq, p.self.Name))
}

// find returns the record of a name in the host's answer, or nil.
func (j *join) find(name string) *record {
	for i := range j.members {
		for k := range j.members[i].records {
			if r := &j.members[i].records[k]; string(r.Name) == name {
				return r
			}
		}
	}
	return nil
}

// twinAck ends a join because another process answers to this node's name. It
// reports whether the ack was for a join.
func (p *Pool) twinAck(seq sequence) bool {
	for _, j := range p.joins {
		if j.due != Never && j.seq == seq {
			p.joinEnd(j, &ConflictError{Name: p.self.Name, ID: p.self.ID, Addr: j.twin})
			return true
		}
	}
	return false
}

// tickJoins lets the joins go on whose twin did not answer.
func (p *Pool) tickJoins() {
	for _, j := range p.joins {
		if p.now >= j.due {
			j.due = Never
			p.enter(j)
			return // the list may have changed; the others are still due
		}
	}
}

// enter takes the group's state over, goes above the incarnation that the
// group remembers, and pushes itself.
func (p *Pool) enter(j *join) {
	r := j.find(p.self.Name)
	if r != nil && r.incarnation >= p.self.Incarnation && !(r.state == Alive && p.self.describedBy(r.claim)) {
		reachedJoinOutlives.Hit()
		p.self.Incarnation = r.incarnation + 1
	}
	if len(p.members.ring) == 0 {
		p.events.skip(j.members) // what was fired before this member came is not for it
	}
	p.merge(j.members)
	j.members, j.pushed = nil, true
	p.announce()
	p.joinExchange(j, p.state())
}

// admission answers a node that asks to join: all members, or a refusal that
// names who has its name.
func (p *Pool) admission(n claim) []byte {
	m := p.members.byName[string(n.Name)]
	if m == nil || p.yields(m, n) {
		return p.state()
	}
	p.conflict(n, m)
	return appendSection(nil, kindRefusal, appendNode(nil, m.Name, m.ID, m.Addr))
}

// yields reports whether the name of m is free for the node n.
func (p *Pool) yields(m *member, n claim) bool {
	switch {
	case m == p.self:
		return m.Addr == n.Addr // this member joins itself
	case !m.rivals(n):
		return true // the node itself; it will look whether there are two of it
	case m.State == Dead:
		return p.now-m.changed >= p.cfg.ReclaimAfter
	}
	return m.State.Gone()
}
