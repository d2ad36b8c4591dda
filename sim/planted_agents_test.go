package sim

import (
	"testing"
	"time"

	"praetor/catalog"
	"praetor/dns"
	"praetor/internal/agent/local"
	"praetor/internal/server"
	"praetor/raft"
	"praetor/swim"
)

// The tests of this file plant, one for each rule about agents, what the rule
// is there to see.

// withAgent returns a world in which three servers and the agent a1 run, on
// which the service web is registered.
func withAgent(t *testing.T, more string) *player {
	t.Helper()
	sc, err := Parse("agent", "servers 3 expect=3\nagents 1\nexpect leader n1 within 5s\nexpect members 4 alive within 5s\n"+
		"register a1 web every=1s\nexpect service web 1 within 5s\nwait 2s\n"+more)
	if err != nil {
		t.Fatal(err)
	}
	p := &player{world: newWorld(1, "", nil, false), scenario: sc}
	if err := p.play(); err != nil || p.failed != nil {
		t.Fatal(err, p.failed)
	}
	return p
}

// calmSince lets a world believe that nothing has gone wrong for long.
func (p *player) calmSince(d time.Duration) { p.disturbed = p.now - d }

// breaks are what breaks each rule about agents: a story, and then what the
// world would never do.
var breaks = []struct {
	rule, story string
	plant       func(p *player, agent *host)
}{
	{"agent and catalog agree", "catalog-register a1 stray status=passing\nwait 1s\n", func(p *player, _ *host) { p.checkServices() }},
	{"an agent knows what was registered with it", "", func(p *player, a *host) {
		a.app("web").known = 0
		p.checkServices()
	}},
	{"an agent knows how its services are", "turn a1 web critical\n", func(p *player, _ *host) { p.checkServices() }},
	{"no agent deregisters a service that is registered with it", "", func(p *player, a *host) {
		p.checkCalled(a.proc, local.Call{Kind: local.Deregister, Deregistration: catalog.Deregistration{Node: "a1", ServiceID: "web"}})
	}},
	{"no flap deregisters a healthy service", "", func(_ *player, a *host) { a.reaped("web") }},

	{"DNS answers what the catalog says", "", func(p *player, _ *host) {
		p.checkLookup(p.hosts[0], "web", p.now, answer{})
	}},
	{"DNS answers", "", func(p *player, a *host) {
		p.calmSince(2 * boundCalm)
		p.checkLookup(a, "web", p.now, answer{err: dns.ErrServerFailure})
	}},
	{"DNS answers every healthy instance", "wait 10s\n", func(p *player, a *host) {
		p.calmSince(2 * boundCalm)
		p.checkLookup(a, "web", p.now, answer{})
	}},
	{"DNS never answers a critical instance for long", "turn a1 web critical\nwait 10s\n", func(p *player, a *host) {
		p.calmSince(2 * boundCalm)
		p.checkLookup(a, "web", p.now, answer{places: []dns.Place{{Node: "a1", Port: uint16(a.app("web").def.Spec.Port)}}})
	}},

	{"only a member raises its incarnation", "", func(p *player, _ *host) {
		p.checkEvents(p.hosts[0].proc, []swim.Event{{Kind: swim.Updated, Member: swim.Member{Name: "a1", Incarnation: 99}}})
	}},
	{"no member rises from the dead", "", func(p *player, a *host) {
		p.hosts[0].proc.seen.gossip["a1"] = heard{id: "a1", state: swim.Dead}
		p.checkEvents(p.hosts[0].proc, []swim.Event{{Kind: swim.Joined, Member: swim.Member{Name: "a1", ID: "a1"}}})
	}},
	{"no member rises from the dead", "", func(p *player, a *host) {
		p.hosts[0].proc.seen.gossip["a1"] = heard{id: "a1", state: swim.Left, reaped: true}
		a.crash() // so that it must be somebody's old list that raises it
		p.checkEvents(p.hosts[0].proc, []swim.Event{{Kind: swim.Joined, Member: swim.Member{Name: "a1", ID: "a1"}}})
	}},
	{"nobody who is well is declared dead", "wait 120s\n", func(p *player, _ *host) {
		p.checkEvents(p.hosts[0].proc, []swim.Event{{Kind: swim.Failed, Member: swim.Member{Name: "a1", State: swim.Dead}}})
	}},
	{"the dead are seen dead within the bound", "", func(p *player, a *host) {
		a.crash()
		p.checkSeen(a, p.now)
	}},
	{"the living are seen alive within the bound", "isolate a1\nwait 40s\n", func(p *player, a *host) { p.checkSeen(a, p.now) }},

	{"no live voter is taken out", "", func(p *player, _ *host) {
		proc, st := p.hosts[0].proc, *p.hosts[0].proc.server.Status()
		st.ConfigIndex++
		st.Config = raft.Configuration{Voters: st.Config.Voters[:2]}
		p.checkVoters(proc, &st)
	}},
	{"a node that has not left stays in the catalog", "", func(p *player, _ *host) {
		p.hosts[0].proc.submit(server.DeregisterCommand(catalog.Deregistration{Node: "a1"}), func(server.Answer) {})
		p.run(p.now + time.Second)
	}},
	{"whom gossip has given up is critical in the catalog", "crash a1\nexpect health a1 critical within 30s\n", func(p *player, _ *host) {
		p.hosts[0].proc.submit(server.RegisterCommand(catalog.Registration{
			Node: catalog.Node{Node: "a1"}, SkipNodeUpdate: true,
			Checks: []catalog.Check{{Node: "a1", CheckID: catalog.SerfHealth, Status: catalog.Passing}},
		}), func(server.Answer) {})
		m, _ := p.hosts[0].proc.core.Member("a1")
		p.watchCatalog(p.hosts[0].proc, swim.Event{Kind: swim.Failed, Member: m})
		p.run(p.now + 2*boundReconcile)
	}},
}

func TestEachRuleAboutAgentsIsBrokenByWhatItIsFor(t *testing.T) {
	for _, c := range breaks {
		t.Run(c.rule, func(t *testing.T) {
			p := withAgent(t, c.story)
			c.plant(p, p.hostNamed("a1"))
			p.wantFailure(t, c.rule)
		})
	}
}

// TestALinkThatFlapsForTenMinutesChangesNothing: every 3 s an agent is cut off,
// for 3 s. No healthy service is deregistered, and no queue grows.
func TestALinkThatFlapsForTenMinutesChangesNothing(t *testing.T) {
	sc, err := Parse("flapping", `
servers 3 expect=3
agents 3
expect leader within 5s
expect members 6 alive within 5s
services 6
register agents web
expect service web 3 within 10s
flap a1 every=3s for 10m
expect queues 20 for 10m
expect registered web 3
expect queues 2 within 20s
expect service web 3 within 60s
quiet 95s
`)
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 2; seed++ {
		if r, err := sc.Play(Options{Seed: seed}); err != nil || r.Failure != nil {
			t.Errorf("seed %d: %v %v", seed, err, r.Failure)
		}
	}
}
