package swim

import (
	"net/netip"
	"time"
)

// A probe is the failure detector's question of one protocol period (swim 3.1):
//
//	start            half            end
//	  | ping            | ping-req x k |
//	  |---------------->| stream ping  |
//	  |  ProbeTimeout   |              | no ack: suspect
//	  |<-------- ProbeInterval ------->|
//
// An ack by any of the ways ends it well. Both times are stretched by the
// local health multiplier (lifeguard IV-A).
type probe struct {
	target *member
	seq    sequence
	sent   time.Duration // when the direct ping went out
	half   time.Duration // when to ask others; Never once they were asked
	end    time.Duration
	asked  int // members that were asked to ping
	nacks  int // of those, that said that they got no ack either
}

func (b *probe) deadline() time.Duration { return min(b.half, b.end) }

// nextSeq returns a sequence number for a new ping.
func (p *Pool) nextSeq() sequence {
	p.seq++
	return p.seq
}

// awareness moves the local health multiplier, unless that is disabled.
func (p *Pool) awareness(delta int) {
	if !p.cfg.Disable.Health {
		p.health.add(delta)
	}
}

// tickProbe takes the protocol period on.
func (p *Pool) tickProbe() {
	if b := p.probe; b != nil && p.now >= b.half {
		b.half = Never
		p.probeOtherwise(b)
	}
	if b := p.probe; b != nil && p.now >= b.end {
		p.probe = nil
		p.probeFailed(b)
	}
	if p.now >= p.timers.probe {
		p.startProbe()
	}
}

// startProbe begins a protocol period with the next member in turn.
func (p *Pool) startProbe() {
	period := p.health.stretch(p.cfg.ProbeInterval)
	p.timers.probe = p.now + period
	if p.departure.begun {
		return
	}
	m := p.members.advance(p.cfg.Rand)
	if m == nil {
		return
	}
	p.stats.Probes.Sent++
	p.probe = &probe{
		target: m, seq: p.nextSeq(), sent: p.now,
		half: p.now + p.health.stretch(p.cfg.ProbeTimeout),
		end:  p.now + period,
	}
	p.sendPing(m, p.probe.seq)
}

// sendPing pings m. A suspect is told right there that it is suspected, so
// that it may refute before the news reaches it (the buddy system, lifeguard IV-C).
func (p *Pool) sendPing(m *member, seq sequence) {
	control := appendPing(nil, seq, m.Name)
	if m.State == Suspect && !p.cfg.Disable.Buddy {
		reachedBuddy.Hit()
		p.sendExcept(m.Addr, appendClaim(control, m, p.self.Name), m.Name)
		return
	}
	p.send(m.Addr, control)
}

// probeOtherwise asks k other members to ping the target, and pings it by
// stream, which gets through where only datagrams are lost.
func (p *Pool) probeOtherwise(b *probe) {
	others := p.members.pick(p.cfg.Rand, p.cfg.IndirectChecks, func(m *member) bool {
		return m.State == Alive && m != b.target
	})
	for _, m := range others {
		p.stats.Probes.Indirect++
		p.send(m.Addr, appendPingReq(nil, b.seq, b.target, !p.cfg.Disable.Health))
	}
	b.asked = len(others)
	if !p.cfg.Disable.StreamProbe {
		p.stats.Probes.Streams++
		p.exchange(exchange{purpose: forProbe, seq: b.seq, due: b.end}, b.target.Addr, appendPing(nil, b.seq, b.target.Name))
	}
}

// probeFailed ends a period without an ack.
func (p *Pool) probeFailed(b *probe) {
	p.stats.Probes.Failed++
	delta := 1
	if b.nacks < b.asked {
		delta++ // not even those who were asked came through: it may be this member's fault
		reachedBlamesItself.Hit()
	}
	p.awareness(delta)
	switch m := b.target; m.State {
	case Alive:
		p.suspect(m, m.Incarnation, p.self.Name)
	case Suspect:
		p.confirm(m, p.self.Name)
		reachedProbeConfirms.Hit()
	}
}

// answerPing acks a ping that is meant for this member. A ping for another
// name reached an address that somebody else had before.
func (p *Pool) answerPing(from netip.AddrPort, b *probeBody) {
	if string(b.target) != p.self.Name {
		p.stats.Dropped.Misdirected++
		return
	}
	p.send(from, appendAck(nil, kindAck, b.seq, p.place()))
}

// ack credits an ack to the ping of its sequence number: the probe's own, one
// sent for another member, or a joiner's to whoever may have its name.
func (p *Pool) ack(seq sequence) {
	if p.probe != nil && p.probe.seq == seq {
		p.probe = nil
		p.awareness(-1)
		return
	}
	if p.relayAck(seq) {
		return
	}
	if !p.twinAck(seq) {
		reachedUnmatched.Hit()
		p.stats.Dropped.Unmatched++
	}
}

// nack notes that a member that was asked to ping the target is well itself.
func (p *Pool) nack(seq sequence) {
	p.stats.Probes.Nacks++
	if p.probe != nil && p.probe.seq == seq {
		reachedNack.Hit()
		p.probe.nacks++
	}
}
