package swim

import (
	"math"
	"time"

	"praetor/internal/wire"
)

// pushPullGroup is the size of group up to which the configured interval
// holds. Each doubling past it adds one interval, so that the exchanges of
// all state, which grow with the group, do not eat the network.
const pushPullGroup = 32

// pushPullEvery returns the interval of push-pulls in a group of n.
func pushPullEvery(interval time.Duration, n int) time.Duration {
	if n <= pushPullGroup {
		return interval
	}
	doublings := math.Ceil(math.Log2(float64(n) / pushPullGroup))
	return interval * time.Duration(doublings+1)
}

// tickPushPull exchanges all state with a live member, and now and then with
// a failed one, when it is time.
func (p *Pool) tickPushPull() {
	if p.now >= p.timers.pushPull {
		p.timers.pushPull = p.now + pushPullEvery(p.cfg.PushPullInterval, p.members.live)
		p.pushPull(func(m *member) bool { return m.State == Alive })
	}
	if p.now >= p.timers.reconnect {
		p.timers.reconnect = p.now + p.cfg.ReconnectInterval
		if p.reconnects() {
			reachedReconnects.Hit()
			p.pushPull(func(m *member) bool { return m.State == Dead })
		}
	}
}

// pushPull exchanges all state with one member for which fit holds.
func (p *Pool) pushPull(fit func(*member) bool) {
	if p.departure.begun {
		return
	}
	for _, m := range p.members.pick(p.cfg.Rand, 1, fit) {
		p.exchange(exchange{purpose: forPushPull, due: p.now + p.cfg.TCPTimeout}, m.Addr, p.state())
	}
}

// reconnects draws whether this member tries to reach a failed one in this
// interval. After a partition each side must find the other, though nobody
// gossips to the dead for long. The whole group makes about as many tries as
// there are failed members, however large it is.
func (p *Pool) reconnects() bool {
	failed := 0
	for _, m := range p.members.ring {
		if m.State == Dead {
			failed++
		}
	}
	if failed == 0 {
		return false
	}
	return p.cfg.Rand.IntN(max(p.members.live, 1)) < failed
}

// state returns all that this member knows: the members, itself first, and the
// clock and the newest of the user events.
func (p *Pool) state() []byte {
	body := wire.AppendUvarint(nil, uint64(len(p.members.ring)+1))
	body = appendRecord(body, p.self, p.now)
	for _, m := range p.members.ring {
		body = appendRecord(body, m, p.now)
	}
	return p.events.appendState(appendSection(nil, kindMembers, body))
}

// merge takes in the sections of a push-pull.
func (p *Pool) merge(sections []section) {
	for i := range sections {
		switch s := &sections[i]; s.kind {
		case kindMembers:
			p.stats.PushPulls++
			for _, r := range s.records {
				p.mergeRecord(r, s.records[0].Name)
			}
		case kindClock:
			p.events.clock = max(p.events.clock, s.clock)
		case kindEvent:
			p.hearEvent(*s.event)
		}
	}
}

// mergeRecord takes in one record from the member called sender. It holds a description as of the
// incarnation, so before what it says of the state it says that the member
// was alive then. That somebody believes a member dead that is live here is
// treated as a suspicion: the member gets its time to refute. So when a
// partition heals, and each side holds the other dead, nobody is taken for
// failed who is not.
func (p *Pool) mergeRecord(r record, sender []byte) {
	m := p.members.byName[string(r.Name)]
	if !r.state.live() && m == nil {
		p.learnEnded(r)
		return
	}
	c := r.claim
	if !c.state.live() && !c.means(m) {
		return // another node that had the name
	}
	if c.state != Suspect {
		c.accuser = sender
	}
	if c.state == Dead && m != p.self && m.State.live() {
		reachedDoubts.Hit()
		c.state = Suspect
	}
	if c.state.live() {
		was := c
		was.state = Alive
		p.hear(was)
	}
	if c.state != Alive {
		p.hear(c)
	}
}

// learnEnded takes in a member that failed or left before this one heard of it.
// It keeps its age, so that all forget it at the same time. In the second half
// of that time it is not learned any more: who has just forgotten a member
// must not hear of it again from one whose clock is a little behind.
func (p *Pool) learnEnded(r record) {
	if r.age >= p.cfg.ReapAfter/2 {
		return
	}
	m := p.admit(r.claim)
	if m == nil {
		return
	}
	reachedLearnsEnded.Hit()
	m.changed = p.now - r.age
	p.reapLater(m)
	kind := Failed
	if m.State.Gone() {
		kind = Departed
	}
	if m.State != Pruned { // whom nobody lists, it is no news to miss
		p.event(kind, m)
	}
}
