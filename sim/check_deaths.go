package sim

import (
	"net/netip"
	"slices"
	"strings"

	"praetor/internal/server"
	"praetor/swim"
)

// cause is what an agent acts on in gossip.
type cause struct {
	kind causeKind
	data []byte // of a packet
}

type causeKind uint8

const (
	causeOther    causeKind = iota
	causeTime               // a deadline has come
	causePacket             // a datagram
	causeExchange           // an exchange of all state, as either side
)

// causes notes what an agent is about to be given.
func (p *process) causes(kind causeKind, from netip.AddrPort, b []byte) {
	p.seen.cause = cause{kind, b}
	if b != nil {
		p.seen.probes.hears(from, b)
	}
}

// gossiped is told what an agent made of an event of gossip.
func (c *checkers) gossiped(p *process, e *server.Effects) {
	if p.seen.cause.kind != causeOther {
		c.world.checkProbes(p, e)
	}
	if len(p.seen.untold) > 0 {
		c.world.checkTold(p, e.Packets)
	}
}

// checkFailure: a failure is found, when a suspicion ends, or heard in gossip.
// In an exchange of state another's belief only raises a suspicion, so that a
// member gets its time to refute; and who left in good order has not failed.
func (w *world) checkFailure(p *process, h *host, e swim.Event) {
	const ruleFound = "a failure is found, or heard of"
	who := []string{p.host.name, h.name}
	switch c := p.seen.cause; c.kind {
	case causeTime:
		// One that joins learns of the dead that way, too, and has no news in them.
		if was, known := p.seen.gossip[h.name]; known && was.state == swim.Alive {
			p.seen.untold = append(p.seen.untold, untold{e.Member.Name, e.Member.Incarnation, tellWithin})
		}
	case causePacket:
		if !tells(c.data, swim.Dead, h.name) {
			w.fail(ruleFound, who, "%s takes %s for failed by a packet that does not say so", p.host.name, h.name)
		}
	case causeExchange:
		if was, known := p.seen.gossip[h.name]; known && !was.reaped && was.state == swim.Alive {
			w.fail(ruleFound, who, "%s takes %s for failed, which was alive, by an exchange of state", p.host.name, h.name)
		}
	}
}

// tells reports whether a message says that a member is in a state.
func tells(b []byte, state swim.State, name string) bool {
	for s := range swim.Inspect(b) {
		if s.Kind == state.String() && string(s.Name) == name {
			return true
		}
	}
	return false
}

// untold is a death that an agent has found by itself.
type untold struct {
	name        string
	incarnation swim.Incarnation
	packets     int // that it may send yet without telling of it
}

// tellWithin is in how many packets the news of a death must be: what was told
// least goes first, and a packet has room for more than what one event brings.
const tellWithin = 10

// checkTold: "the failure detector ... notifies the dissemination component of
// the failure" (swim 3.2): who finds a member dead tells the others.
func (w *world) checkTold(p *process, packets []swim.Packet) {
	for _, m := range packets {
		p.seen.untold = slices.DeleteFunc(p.seen.untold, func(u untold) bool { return tells(m.Data, swim.Dead, u.name) })
		for i := range p.seen.untold {
			p.seen.untold[i].packets--
		}
	}
	p.seen.untold = slices.DeleteFunc(p.seen.untold, func(u untold) bool {
		m, _ := p.core.Member(u.name)
		still := m.State == swim.Dead && m.Incarnation == u.incarnation
		if still && u.packets <= 0 {
			w.fail("who finds a death tells of it", []string{p.host.name, u.name}, "%s has found %s dead, and sent %d packets that do not say so", p.host.name, u.name, tellWithin)
		}
		return !still
	})
}

// checkAccusers: "only independent suspicions" shorten the time to refute
// (lifeguard IV-B): an agent that gives a member up says who accused it, and no
// accuser counts twice.
func (w *world) checkAccusers(by *host, line string) {
	_, accusers, ok := strings.Cut(line, ", accused by ")
	if !ok {
		return
	}
	names := strings.Split(accusers, ", ")
	slices.Sort(names)
	if len(slices.Compact(slices.Clone(names))) < len(names) {
		w.fail("no accuser counts twice", []string{by.name}, "%s says: %s", by.name, line)
	}
}
