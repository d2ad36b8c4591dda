package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const expectUsage = `expect WHAT [within D | for D], where WHAT is
    leader [HOST]           a server leads, and a majority knows it
    no leader               nobody leads
    members N alive         every agent sees so many members, alive or suspect
    voters HOSTS            these are the voters, says every one of them
    key KEY VALUE           every server has the value
    no key KEY              no server has the key
    health HOST STATUS      the leader's catalog says so
    agreement               all servers have applied the same
    down HOST               its agent does not run` + expectServicesUsage

// expect waits until something is so; with "for", it must be so all the time.
func (p *player) expect(st step) error {
	holds, err := p.condition(st.args)
	if err != nil {
		return err
	}
	within, err := st.duration("within", 0)
	if err != nil {
		return err
	}
	if hold, err := st.duration("for", 0); hold > 0 || err != nil {
		p.insist(st, hold, holds)
		return err
	}
	start := p.now
	if !p.runUntil(p.now+within, holds) {
		p.fail("what the scenario expects", nil, "line %d: %q is not so", st.line, st.text)
		return nil
	}
	p.trace.line(p.now, "--", "%s: after %v", strings.Join(append([]string{"expect"}, st.args...), " "), (p.now - start).Round(time.Millisecond))
	return nil
}

// insist watches that something stays true.
func (p *player) insist(st step, d time.Duration, holds func() bool) {
	if p.runUntil(p.now+d, func() bool { return !holds() }) {
		p.fail("what the scenario expects", nil, "line %d: %q was so no longer", st.line, st.text)
		return
	}
	if p.failed == nil {
		p.trace.line(p.now, "--", "%s: all the time", st.text)
	}
}

// condition returns the function that says whether an expectation holds.
func (p *player) condition(args []string) (func() bool, error) {
	if f, err := p.serviceCondition(args); f != nil || err != nil {
		return f, err
	}
	switch what := strings.Join(args[:min(2, len(args))], " "); {
	case what == "no leader":
		return func() bool { return p.leader() == nil }, nil
	case args[0] == "no" && len(args) == 3 && args[1] == "key":
		return p.everyServer(func(h *host) bool { e, _ := h.proc.server.View().KV.Get(args[2], nil); return e == nil }), nil
	case args[0] == "leader":
		return p.hasLeader(args[1:])
	case args[0] == "members" && len(args) == 3:
		return p.hasMembers(args[1])
	case args[0] == "voters" && len(args) == 2:
		return p.hasVoters(args[1])
	case args[0] == "key" && len(args) == 3:
		return p.everyServer(func(h *host) bool {
			e, _ := h.proc.server.View().KV.Get(args[1], nil)
			return e != nil && string(e.Value) == args[2]
		}), nil
	case args[0] == "health" && len(args) == 3:
		return func() bool { l := p.leader(); return l != nil && l.proc.health(args[1]) == args[2] }, nil
	case args[0] == "down" && len(args) == 2:
		return func() bool { h := p.hostNamed(args[1]); return h != nil && h.proc == nil }, nil
	case args[0] == "agreement":
		return p.agree, nil
	}
	return nil, fmt.Errorf("it is: %s", expectUsage)
}

// everyServer holds a condition against every server of the group that runs.
func (p *player) everyServer(ok func(*host) bool) func() bool { return p.everyone(p.liveIn, ok) }

// everyone holds a condition against those of the group that run.
func (p *player) everyone(run func(group int) []*host, ok func(*host) bool) func() bool {
	return func() bool {
		hs := run(p.group)
		return len(hs) > 0 && !slices.ContainsFunc(hs, func(h *host) bool { return !ok(h) })
	}
}

// hasLeader: somebody leads, and a majority of the group, be it up or down,
// follows.
func (p *player) hasLeader(args []string) (func() bool, error) {
	return func() bool {
		l := p.leader()
		if l == nil || len(args) > 0 && l.name != args[0] {
			return false
		}
		n := 0
		for _, h := range p.liveIn(p.group) {
			if h.proc.server.Status().Leader == l.id {
				n++
			}
		}
		return n > len(l.proc.server.Status().Config.Voters)/2
	}, nil
}

func (p *player) hasMembers(number string) (func() bool, error) {
	want, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("%q is not a number", number)
	}
	return p.everyone(p.upIn, func(h *host) bool {
		n := 0
		for _, other := range p.hosts {
			if s := h.proc.member(other); s == "alive" || s == "suspect" {
				n++
			}
		}
		return n == want
	}), nil
}

func (p *player) hasVoters(word string) (func() bool, error) {
	want := strings.Split(word, ",")
	slices.Sort(want)
	return func() bool {
		for _, name := range want {
			h := p.hostNamed(name)
			if h == nil || h.proc == nil || h.proc.server == nil {
				continue // a voter may be down
			}
			var have []string
			for _, peer := range h.proc.server.Status().Config.Voters {
				have = append(have, string(peer.ID))
			}
			slices.Sort(have)
			if !slices.Equal(have, want) {
				return false
			}
		}
		return true
	}, nil
}

// agree: all servers of the group that run are at the same index.
func (p *player) agree() bool {
	hs := p.liveIn(p.group)
	return len(hs) > 0 && !slices.ContainsFunc(hs, func(h *host) bool {
		return h.proc.server.View().Index != hs[0].proc.server.View().Index
	})
}
