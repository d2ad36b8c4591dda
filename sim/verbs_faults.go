package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"praetor/raft"
)

// faultVerbs are the steps that befall links and machines, but for those that
// every scenario needs.
func faultVerbs() map[string]verb {
	return map[string]verb{
		"partition": {usage: "partition halves|ring|bridge (of all hosts of the group, drawn from the seed)", least: 1, most: 1, shown: true, do: (*player).partition},
		"clog":      {usage: "clog HOSTS [->] HOSTS [for D] (nothing moves, then all of it)", least: 2, most: 2, shown: true, do: (*player).clog},
		"pause":     {usage: "pause HOSTS [for D] (as SIGSTOP does)", least: 1, most: 1, shown: true, do: (*player).pause},
		"resume":    {usage: "resume HOSTS", least: 1, most: 1, shown: true, do: (*player).resume},
		"cpu":       {usage: "cpu HOSTS cost=D (of each event)", least: 1, most: 1, shown: true, do: (*player).setCPU},
		"bounce":    {usage: "bounce HOSTS (kill, and restart at once)", least: 1, most: 1, shown: true, do: eachHost(faultBounce, (*host).bounce)},
		"move":      {usage: "move HOSTS (that are down, to another address)", least: 1, most: 1, shown: true, do: (*player).move},
		"replace":   {usage: "replace HOSTS (that are down: a new ID, an empty disk)", least: 1, most: 1, shown: true, do: eachHost(faultReplace, (*host).replace)},
		"binary":    {usage: "binary HOSTS speaks=older|newer|same (a version of the gossip protocol)", least: 1, most: 1, shown: true, do: (*player).setProgram},
		"rot":       {usage: "rot HOSTS [at=end] (that are down: a bit of the disk changes; at=end: garbage is behind the log)", least: 1, most: 1, shown: true, do: (*player).rotDisk},
		"doom":      {usage: "doom HOSTS at=open|save|install|compact (power fails while its server does that next)", least: 1, most: 1, shown: true, do: (*player).doom},
		"demote":    {usage: "demote HOSTS (an operator takes the servers out of the cluster)", least: 1, most: 1, shown: true, do: (*player).demote},
		"transfer":  {usage: "transfer HOST (an operator hands the leadership to it)", least: 1, most: 1, shown: true, do: (*player).transfer},
		"topology":  {usage: "topology lan|zones|wan (hosts take turns in three sites, which steps name: isolate zone1)", least: 1, most: 1, shown: true, do: (*player).setTopology},
	}
}

// partition cuts the network of the group in one of three shapes:
//
//	halves  a-b | c-d     ring  a-b     bridge  a-b-c-d-e, and c alone
//	                            | |             knows both halves
//	                            d-c
func (p *player) partition(st step) error {
	hs := p.members()
	stream(p.seed, fmt.Sprintf("partition %d", st.line)).Shuffle(len(hs), func(i, j int) { hs[i], hs[j] = hs[j], hs[i] })
	n, half := len(hs), len(hs)/2
	kind, apart := faultHalves, func(i, j int) bool { return (i < half) != (j < half) }
	switch st.args[0] {
	case "halves":
	case "ring":
		kind, apart = faultRing, func(i, j int) bool { return (j-i+n)%n != 1 && (i-j+n)%n != 1 }
	case "bridge":
		kind, apart = faultBridge, func(i, j int) bool { return i != half && j != half && (i < half) != (j < half) }
	default:
		return fmt.Errorf("it is: %s", verbs["partition"].usage)
	}
	d := p.deed(kind)
	for i, a := range hs {
		for j, b := range hs {
			if i != j && apart(i, j) {
				a.link(b).sever(d)
			}
		}
	}
	return nil
}

// longestClog is less than the patience of a connection, so that what waits in
// a clog is late and not lost.
const longestClog = 5 * time.Second

func (p *player) clog(st step) error {
	how, err := st.duration("for", time.Second)
	if err != nil || how <= 0 || how > longestClog {
		return fmt.Errorf("it lasts up to %v", longestClog)
	}
	d := p.deed(faultClog)
	return p.eachLink(st, func(l *link) error {
		d.fire()
		l.clog = clog{p.now + how, d}
		return nil
	})
}

func (p *player) pause(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	how, err := st.duration("for", 0)
	for _, h := range hs {
		d := p.deed(faultPause)
		d.fire()
		h.pause(d, how)
	}
	return err
}

func (p *player) resume(st step) error {
	hs, err := p.hostsOf(st.args[0])
	for _, h := range hs {
		h.resume()
	}
	return err
}

func (p *player) setCPU(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	cost, err := st.duration("cost", -1)
	if err != nil || cost < 0 || cost > time.Second {
		return fmt.Errorf("cost=%s: not a duration up to a second", st.named["cost"])
	}
	for _, h := range hs {
		h.slowDown(cost, p.deedIf(cost > 0, faultSlowCPU))
	}
	return nil
}

// bounce kills the agent and starts it at once.
func (h *host) bounce() bool {
	if h.proc == nil {
		return false
	}
	h.kill("bounced")
	return h.restart()
}

func (p *player) move(st step) error {
	hs, err := p.hostsOf(st.args[0])
	d := p.deed(faultMove)
	for _, h := range hs {
		if h.move(d) {
			d.fire()
		}
	}
	return err
}

// replace makes the host of an agent that is down one that nobody knows yet: to
// come back with an empty disk under the old ID would be to break the promises
// that the ID has made, and Raft does not survive that.
func (h *host) replace() bool {
	if !h.wipe() {
		return false
	}
	h.renamed++
	h.id = raft.NodeID(fmt.Sprintf("%s-%d", h.name, h.renamed))
	h.spec.bootstrap, h.spec.expect = false, 0
	return true
}

func (p *player) setProgram(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	speech, ok := map[string]speech{"older": older, "newer": newer, "same": present}[st.named["speaks"]]
	if !ok {
		return fmt.Errorf("it is: %s", verbs["binary"].usage)
	}
	kind := faultOldProgram
	if speech == newer {
		kind = faultNewProgram
	}
	d := p.deedIf(speech != present, kind)
	for _, h := range hs {
		h.program = program{speech, d}
	}
	return nil
}

// setClock changes clocks: how fast they run and where they begin, from the
// next start of the agent on; or what they show, at once.
func (p *player) setClock(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	offset, err := st.duration("offset", 0)
	if err != nil {
		return err
	}
	jump, err := st.duration("jump", 0)
	if err != nil || jump < 0 {
		return fmt.Errorf("jump=%s: a monotonic clock goes ahead only", st.named["jump"])
	}
	drift, drifts := st.named["drift"]
	n, err := strconv.ParseInt(drift, 10, 64)
	if drifts && (err != nil || n < -million/2 || n > million) {
		return fmt.Errorf("drift=%q: not a number of millionths", drift)
	}
	for _, h := range hs {
		if drifts {
			h.skew.drift, h.skew.drifted = ppm(n), p.deed(faultDrift)
		}
		if offset != 0 {
			h.skew.offset, h.skew.shifted = offset, p.deed(faultOffset)
		}
		if jump > 0 {
			h.jump(jump, p.deed(faultJump))
		}
	}
	return nil
}

// jump lets the clock of a running agent leap ahead.
func (h *host) jump(by time.Duration, d *deed) {
	if h.proc == nil {
		return
	}
	d.fire()
	before := h.proc.now()
	h.proc.jump(by)
	if h.proc.now() == before+by {
		d.effect()
	}
}

// A topology is where hosts are: in which of three sites, and how far those
// are from each other.
type topology struct {
	name  string
	sites [3]time.Duration // one way, between sites 1 and 2, 2 and 3, 3 and 1
}

var topologies = []topology{
	{name: "lan"},
	{name: "zones", sites: [3]time.Duration{time.Millisecond, 1500 * time.Microsecond, 800 * time.Microsecond}},
	{name: "wan", sites: [3]time.Duration{15 * time.Millisecond, 30 * time.Millisecond, 40 * time.Millisecond}},
}

// site returns in which site a host is, from 0.
func (h *host) site() int { return h.num % 3 }

// between returns how far two hosts are apart, one way.
func (t topology) between(a, b *host) time.Duration {
	switch i, j := a.site(), b.site(); {
	case i == j:
		return 0
	case (i+1)%3 == j:
		return t.sites[i]
	default:
		return t.sites[j]
	}
}

func (p *player) setTopology(st step) error {
	i := slices.IndexFunc(topologies, func(t topology) bool { return t.name == st.args[0] })
	if i < 0 {
		return fmt.Errorf("it is: %s", verbs["topology"].usage)
	}
	p.net.topology = topologies[i]
	for _, h := range p.hosts {
		for _, l := range h.links {
			if l != nil {
				l.distance = p.net.topology.between(l.from, l.to)
			}
		}
	}
	return nil
}
