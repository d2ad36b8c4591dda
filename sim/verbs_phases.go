package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/raft"
)

// A random run has two phases after its faults. In the first some servers that
// make a quorum are well again, with all between them, and all other faults
// stay for good: the quorum must do all that the cluster promises. In the
// second everything is well. A simulator that heals everything at once never
// sees what gets stuck because of the minority that is still in trouble; the
// idea is TigerBeetle's.

// recover makes some hosts, and the links among them, well again. What is wrong
// with all others stays so.
func (p *player) recover(st step) error {
	hs, err := p.recovering(st.args[0])
	if err != nil {
		return err
	}
	hs = slices.DeleteFunc(hs, func(h *host) bool { return h.left })
	p.quorum = hs
	p.callOff()
	p.healed++
	if len(hs) == 0 {
		p.say("--", "no quorum is left")
		return nil
	}
	for _, h := range hs {
		h.mend()
		for _, other := range hs {
			if h != other {
				h.link(other).mend()
			}
		}
	}
	p.say("--", "well again: %s", names(hs))
	return nil
}

// callOff lets no new faults come: neither what waits for a moment nor what
// waits for its time after one.
func (p *player) callOff() {
	for _, t := range p.triggers {
		t.off = true
	}
	p.triggers = nil
}

// mend ends the faults of a host, and starts its agent.
func (h *host) mend() {
	h.faults.sync, h.faults.dooms, h.faults.rates = nil, nil, [lastDiskRate + 1]ppm{}
	h.storage.sync, h.storage.jitter, h.storage.slow = goodSync, goodJitter, nil
	h.skew, h.program = skew{}, program{}
	h.resume()
	h.slowDown(0, nil)
	h.boot()
}

// mend ends the faults of a link.
func (l *link) mend() {
	own := lan
	l.clog = clog{}
	l.own = &own
	l.set(nil)
}

func (p *player) recovering(word string) ([]*host, error) {
	if word == "quorum" {
		return p.drawQuorum(), nil
	}
	return p.hostsOf(word)
}

func names(hs []*host) string {
	var list []string
	for _, h := range hs {
		list = append(list, h.name)
	}
	return strings.Join(list, ",")
}

// drawQuorum draws a smallest set of servers that is a majority of every
// configuration that some server holds for the newest, and of which at least one
// knows the cluster; or nobody if too many have left for good. Those who have
// never heard of a configuration cannot elect by it, and before it is committed
// they may be a majority of it.
func (p *player) drawQuorum() []*host {
	var configs []raft.Configuration
	var hs []*host
	for _, h := range p.members() {
		if st := h.status(); st != nil && len(st.Config.Voters) > 0 {
			configs = append(configs, st.Config)
		}
		if !h.left && !h.spec.client && h.faults.rotten == nil {
			hs = append(hs, h)
		}
	}
	draw := stream(p.seed, fmt.Sprintf("quorum %d", p.step.line))
	draw.Shuffle(len(hs), func(i, j int) { hs[i], hs[j] = hs[j], hs[i] })
	enough := func(hs []*host) bool {
		return majority(configs, hs) && slices.ContainsFunc(hs, func(h *host) bool {
			st := h.status()
			return st != nil && len(st.Config.Voters) > 0
		})
	}
	if !enough(hs) {
		return nil
	}
	for i := 0; i < len(hs); {
		if fewer := slices.Concat(hs[:i], hs[i+1:]); enough(fewer) {
			hs = fewer
		} else {
			i++
		}
	}
	slices.SortFunc(hs, func(a, b *host) int { return a.num - b.num })
	return hs
}

// majority reports whether the hosts are a majority of each configuration.
func majority(configs []raft.Configuration, hs []*host) bool {
	for _, c := range configs {
		n := 0
		for _, v := range c.Voters {
			if slices.ContainsFunc(hs, func(h *host) bool { return h.id == v.ID }) {
				n++
			}
		}
		if n <= len(c.Voters)/2 {
			return false
		}
	}
	return len(configs) > 0
}

// progress holds the quorum that recovered against what it must come to: a
// leader, a write, a view of each other, and a catalog that agrees with it.
func (p *player) progress(step) error {
	if len(p.quorum) == 0 {
		return nil
	}
	for _, c := range p.clients {
		c.stopped = true
	}
	for _, stage := range []struct {
		rule  string
		bound time.Duration
		holds func() bool
	}{
		{"a quorum elects a leader", boundLeader, p.quorumLed},
		{"a quorum makes progress", boundProgress, p.quorumWriter()},
		{"a quorum sees itself alive", boundGossip, p.quorumAlive()},
		{"a quorum's catalog agrees", boundCatalog, p.quorumPassing()},
	} {
		start := p.now
		if !p.runUntil(p.now+stage.bound, func() bool { p.keepUp(); return stage.holds() }) {
			p.fail(stage.rule, hostNames(p.quorum), "not within %v", stage.bound)
			return nil
		}
		p.trace.line(p.now, "--", "%s: after %v", stage.rule, (p.now - start).Round(time.Millisecond))
	}
	return nil
}

// keepUp ends, for the quorum, what was under way when it recovered: a server that
// was about to resign is started again, and one that has left is counted no
// more.
func (p *player) keepUp() {
	p.quorum = slices.DeleteFunc(p.quorum, func(h *host) bool { return h.left })
	for _, h := range p.quorum {
		h.boot() // unless it runs
	}
}

func hostNames(hs []*host) []string { return strings.Split(names(hs), ",") }

// quorumLed: somebody leads, and one of the quorum knows.
func (p *player) quorumLed() bool {
	l := p.leader()
	return l != nil && slices.ContainsFunc(p.quorum, func(h *host) bool {
		return h.proc != nil && h.proc.server != nil && h.proc.server.Status().Leader == l.id
	})
}

// quorumWriter returns a condition that writes a key through one server of the
// quorum after the other, until one write succeeds. A leader from outside of
// the quorum may be out of reach for some of them, but never for all.
func (p *player) quorumWriter() func() bool {
	asked, busy, done := 0, false, false
	return func() bool {
		if len(p.quorum) == 0 {
			return true
		}
		via := p.quorum[asked%len(p.quorum)]
		if !busy && via.spec.client {
			asked++
		} else if !busy && via.proc != nil {
			busy = true
			p.put(via, "progress", fmt.Sprintf("progress.%d.%d", p.step.line, asked), func(op *operation) {
				done = done || op.outcome == acked
				p.after(100*time.Millisecond, func() { busy = false })
			})
			asked++
		}
		return done
	}
}

// quorumAlive returns a condition: each of the quorum has taken all others of it
// for alive, not all at one time. Members outside of it may hear nothing of one
// of the quorum, and be heard: they declare it dead for ever, and it can do no
// more than refute each time. So does the catalog, which follows gossip.
func (p *player) quorumAlive() func() bool {
	return p.each(func(h, other *host) bool { return h.proc != nil && h.proc.sees(other) })
}

// each returns a condition: something has been so of each two of the quorum.
func (p *player) each(so func(h, other *host) bool) func() bool {
	type pair struct{ h, other *host }
	was := map[pair]bool{}
	return func() bool {
		all := true
		for _, h := range p.quorum {
			for _, other := range p.quorum {
				ab := pair{h, other}
				was[ab] = was[ab] || so(h, other)
				all = all && was[ab]
			}
		}
		return all
	}
}

// sees reports whether this agent takes the one on another host for alive.
func (p *process) sees(other *host) bool {
	state := p.member(other)
	return state == "alive" || state == "suspect"
}

// quorumPassing returns a condition: the catalog of the leader has said of each of
// the quorum that it is well. A leader that is not of the quorum says what it
// sees from where it is.
func (p *player) quorumPassing() func() bool {
	return p.each(func(_, other *host) bool {
		l := p.leader()
		return l != nil && (!slices.Contains(p.quorum, l) || l.proc.health(other.name) == catalog.Passing)
	})
}

// status returns the last status of a host's server, or nil if it never had one.
func (h *host) status() *server.Status {
	if h.proc != nil && h.proc.server != nil {
		return h.proc.server.Status()
	}
	return h.last
}
