package sim

import (
	"math"
	"net/netip"
	"time"

	"praetor/internal/server"
	"praetor/swim"
)

// probeCheck follows an agent's failure detector from outside: by the packets
// that come and go, and by its counters.
type probeCheck struct {
	own    uint32 // the sequence number of the last ping of its own
	open   bool   // that was neither answered nor given up yet
	acked  bool   // by what has just arrived
	nacks  int    // of those who were asked to ping as well,
	asks   uint64 // who are the ping-reqs beyond so many
	before swim.Stats

	asked    [128]question // the latest pings and ping-reqs that came
	arrived  int           // how many came
	turns    []int         // by host: probes since it was its turn
	suspects []suspected   // by host
}

// question is a ping, or a ping-req, that somebody sent.
type question struct {
	from netip.AddrPort
	seq  uint32
}

// suspected is since when a member is under one suspicion, of the agent's time.
type suspected struct {
	since       time.Duration
	incarnation swim.Incarnation
	is          bool
}

// hears notes a message of gossip that an agent is about to be given.
func (c *probeCheck) hears(from netip.AddrPort, b []byte) {
	for s := range swim.Inspect(b) {
		switch s.Kind {
		case "ping", "ping-req":
			c.asked[c.arrived%len(c.asked)] = question{from, s.Seq}
			c.arrived++
		case "ack":
			if c.open && s.Seq == c.own {
				c.open, c.acked = false, true
			}
		case "nack":
			if c.open && s.Seq == c.own {
				c.nacks++
			}
		}
		return // such a section comes first, and alone
	}
}

// checkProbes judges what the failure detector of an agent made of an event.
func (w *world) checkProbes(p *process, e *server.Effects) {
	c := &p.seen.probes
	now := p.core.GossipStats()
	was, acked := c.before, c.acked
	c.before, c.acked = now, false
	if p.host.leaving {
		return // it probes nobody any more
	}
	w.checkAnswers(p, e.Packets)
	failed := now.Probes.Failed > was.Probes.Failed
	w.checkHealth(p, was, now, acked, failed)
	if failed {
		if !c.open {
			w.fail(ruleAck, []string{p.host.name}, "the probe %d of %s has failed, which was answered", c.own, p.host.name)
		}
		c.open = false
	}
	if now.Probes.Sent == was.Probes.Sent {
		return
	}
	if c.open {
		w.fail(ruleAck, []string{p.host.name}, "%s has got no ack for its probe %d, which has not failed", p.host.name, c.own)
	}
	c.open, c.nacks = true, 0
	var target string
	for _, m := range e.Packets {
		for s := range swim.Inspect(m.Data) {
			if s.Kind == "ping" {
				c.own, target = s.Seq, string(s.Name)
			}
			break
		}
	}
	w.checkTurns(p, target)
}

const ruleAck = "an ack counts for the ping that it answers"

// checkAnswers: who sends an ack or a nack was asked for it, by that number. Of
// a ping in another's place it is the other's number (swim 3.1).
func (w *world) checkAnswers(p *process, packets []swim.Packet) {
	for _, m := range packets {
		for s := range swim.Inspect(m.Data) {
			if (s.Kind == "ack" || s.Kind == "nack") && !p.seen.probes.wasAsked(question{m.To, s.Seq}) {
				w.fail("an answer has the number of its question", []string{p.host.name}, "%s sends %v an %s for %d, for which that did not ask", p.host.name, m.To, s.Kind, s.Seq)
			}
			break
		}
	}
}

func (c *probeCheck) wasAsked(q question) bool {
	for _, a := range c.asked {
		if a == q {
			return true
		}
	}
	return false
}

// checkHealth: the local health multiplier rises with each probe that fails, and
// again if those who were asked for help did not even send a nack, and with each
// suspicion that had to be refuted; with each probe that is acked it falls
// (lifeguard IV-A).
func (w *world) checkHealth(p *process, was, now swim.Stats, acked, failed bool) {
	c := &p.seen.probes
	change := int(now.Refuted - was.Refuted)
	switch {
	case acked && change > 0:
		return // which of them came first makes a difference at the bounds
	case acked:
		change--
	case failed:
		change++
		if uint64(c.nacks) < now.Probes.Indirect-c.asks {
			change++
		}
	}
	if now.Probes.Sent > was.Probes.Sent {
		c.asks = now.Probes.Indirect
	}
	if want := min(max(was.Health+change, 0), swim.DefaultLAN().AwarenessMax); now.Health != want {
		w.fail("the health multiplier follows the probes", []string{p.host.name},
			"the local health multiplier of %s went from %d to %d, and should be at %d: acked %v, failed %v, refuted %d", p.host.name, was.Health, now.Health, want, acked, failed, now.Refuted-was.Refuted)
	}
}

// checkTurns: each member is probed at least once in 2n-1 protocol periods (swim
// 4.3), of however many members the world has; and a suspicion ends in its
// longest time (lifeguard IV-B).
func (w *world) checkTurns(p *process, target string) {
	c := &p.seen.probes
	for len(c.turns) < len(w.hosts) {
		c.turns, c.suspects = append(c.turns, 0), append(c.suspects, suspected{})
	}
	for _, h := range w.hosts {
		if h == p.host {
			continue
		}
		m, known := p.core.Member(h.name)
		live := known && (m.State == swim.Alive || m.State == swim.Suspect)
		if c.turns[h.num]++; !live || h.name == target {
			c.turns[h.num] = 0
		}
		if n := len(w.hosts) - 1; c.turns[h.num] > 2*n-1 {
			w.fail("each member is probed in turn", []string{p.host.name, h.name}, "%s has not probed %s for %d periods", p.host.name, h.name, c.turns[h.num])
		}
		w.checkSuspicion(p, h, m)
	}
}

func (w *world) checkSuspicion(p *process, h *host, m swim.Member) {
	s, now := &p.seen.probes.suspects[h.num], p.now()
	if m.State != swim.Suspect || !s.is || s.incarnation != m.Incarnation {
		*s = suspected{now, m.Incarnation, m.State == swim.Suspect}
		return
	}
	if now-s.since > longestSuspicion(len(w.hosts)) {
		w.fail("a suspicion ends", []string{p.host.name, h.name}, "%s suspects %s at incarnation %d for %v", p.host.name, h.name, m.Incarnation, now-s.since)
	}
}

// longestSuspicion is how long a suspicion lasts that nobody confirms, in a
// group of n members (lifeguard IV-B).
func longestSuspicion(n int) time.Duration {
	c := swim.DefaultLAN()
	scale := max(1, math.Log10(float64(n)))
	return time.Duration(float64(c.SuspicionMult*c.SuspicionMaxMult) * scale * float64(c.ProbeInterval))
}
