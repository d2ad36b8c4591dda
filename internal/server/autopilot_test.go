package server

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"praetor/catalog"
	"praetor/kv"
	"praetor/raft"
)

// set gives the group another autopilot configuration.
func (g *group) set(change func(*AutopilotConfig)) {
	g.t.Helper()
	c := DefaultAutopilot
	change(&c)
	g.do(g.leader(), SetAutopilotCommand(c))
}

// health asks n for the leader's report.
func (g *group) health(n *node) Health {
	g.t.Helper()
	h, err := DecodeHealth(g.do(n, HealthCommand()).Data)
	if err != nil {
		g.t.Fatal(err)
	}
	return h
}

// of returns what the report says of n.
func (h Health) of(n *node) ServerHealth {
	for _, s := range h.Servers {
		if s.ID == n.cfg.ID {
			return s
		}
	}
	return ServerHealth{}
}

func TestFirstServersVoteWithoutWaiting(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	g.leader()
	for i := 1; i < 3; i++ {
		g.votes(g.join(i), true, 2*time.Second)
	}
}

func TestFourthServerVotesWhenItHasBeenHealthyForTheStabilizationTime(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	n := g.join(3)
	g.until("it is healthy", 2*time.Second, func() bool { return g.health(l).of(n).Healthy })
	g.step(9 * time.Second)
	if l.raft.Config().IsVoter(n.cfg.ID) {
		t.Fatal("it votes already")
	}
	n.cut = true // a moment of silence, and the time begins anew
	g.step(time.Second)
	n.cut = false
	g.step(8 * time.Second)
	if l.raft.Config().IsVoter(n.cfg.ID) {
		t.Fatal("it votes though it was silent in between")
	}
	g.votes(n, true, 4*time.Second)
}

func TestDeadServerIsTakenOutWhenAnotherHasTakenItsPlace(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	g.leader()
	dead := g.follower()
	dead.up = false
	g.step(time.Minute)
	if l := g.leader(); !l.raft.Config().IsVoter(dead.cfg.ID) {
		t.Fatal("it was taken out, and nobody is there instead")
	}
	g.votes(g.join(3), true, 15*time.Second)
	g.votes(dead, false, time.Second)
	if c := g.leader().raft.Config(); len(c.Voters) != 3 {
		t.Errorf("the configuration is %v", c)
	}
	// And when it comes back, it is taken in again.
	i := int(dead.cfg.ID[3] - '1')
	again := g.start(i, nil, dead.log)
	again.Join(g.now, g.nodes[3].cfg.Gossip.Addr)
	g.drain()
	g.votes(again, true, 30*time.Second)
}

// The configuration is what a cluster starts from when there is no gossip yet.
func TestConfigurationFollowsAServerThatMoved(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f := g.follower()
	f.up = false
	g.step(time.Second)
	i := int(f.cfg.ID[3] - '1')
	to := netip.MustParseAddrPort("10.0.9.9:8300")
	again := g.start(i, func(_ int, c *Config) {
		c.Addr, c.Gossip.Addr = to, netip.AddrPortFrom(to.Addr(), 8301)
	}, f.log)
	again.Join(g.now, g.leader().cfg.Gossip.Addr)
	g.drain()
	g.until("the configuration has its new address", 20*time.Second, func() bool {
		p, _ := g.leader().raft.Config().Peer(f.cfg.ID)
		return p.Addr == to.String()
	})
	index := g.leader().raft.LastIndex()
	g.step(2 * time.Minute)
	if last := g.leader().raft.LastIndex(); last > index+2 { // the catalog's entry of the move
		t.Errorf("the log goes on growing, from %d to %d", index, last)
	}
}

// One that has come takes the place of one that has gone, not of two.
func TestOneNewServerTakesOnePlace(t *testing.T) {
	g := newGroup(t, 5, expecting(5))
	l := g.leader()
	g.step(time.Second)
	for n, dead := 0, 0; dead < 2; n++ {
		if g.nodes[n] != l {
			g.nodes[n].up = false
			dead++
		}
	}
	g.step(30 * time.Second)
	n := g.start(5, nil, diskLog{})
	n.Join(g.now, l.cfg.Gossip.Addr)
	g.drain()
	g.votes(n, true, 15*time.Second)
	g.step(5 * time.Second)
	if c := l.raft.Config(); len(c.Voters) != 5 {
		t.Errorf("the configuration is %v", c)
	}
}

func TestDeadServerIsTakenOutWhenItHasBeenDeadForLong(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	g.leader()
	dead := g.follower()
	dead.up = false
	g.step(deadServerTimeout)
	if l := g.leader(); !l.raft.Config().IsVoter(dead.cfg.ID) {
		t.Fatal("it was taken out early")
	}
	g.votes(dead, false, time.Minute)
}

func TestDeadServersStay(t *testing.T) {
	for name, change := range map[string]func(*AutopilotConfig){
		"if cleanup is off":                        func(c *AutopilotConfig) { c.CleanupDeadServers = false },
		"if fewer than MinQuorum would be healthy": func(c *AutopilotConfig) { c.MinQuorum = 3 },
	} {
		g := newGroup(t, 3, expecting(3))
		g.set(change)
		dead := g.follower()
		dead.up = false
		g.step(deadServerTimeout + 10*time.Minute)
		if l := g.leader(); !l.raft.Config().IsVoter(dead.cfg.ID) {
			t.Errorf("%s: it was taken out", name)
		}
	}
}

// Four voters of which two answer could not commit the change, nor anything.
func TestDeadServersAreTakenOutOneAtATimeAndNeverBelowAQuorum(t *testing.T) {
	g := newGroup(t, 5, expecting(5))
	l := g.leader()
	g.step(time.Second)
	var dead []*node
	for _, n := range g.nodes {
		if n != l && len(dead) < 2 {
			n.up = false
			dead = append(dead, n)
		}
	}
	sizes := []int{5}
	for end := g.now + deadServerTimeout + 2*time.Minute; g.now < end; g.step(10 * time.Millisecond) {
		if n := len(l.raft.Config().Voters); n != sizes[len(sizes)-1] {
			sizes = append(sizes, n)
		}
		if l.raft.Config().Joint() {
			t.Fatal("two went at once")
		}
	}
	if d := cmp.Diff([]int{5, 4, 3}, sizes); d != "" {
		t.Error(d)
	}
}

// The rule itself, on every mixture of healthy and dead voters.
func TestAutopilotTakesOutOnlyAMinority(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	s := g.leader().Server
	for voters := 1; voters <= 9; voters++ {
		for well := 1; well <= voters; well++ {
			h := Health{}
			for i := range voters {
				sh := ServerHealth{ID: raft.NodeID(rune('a' + i)), Voter: true, Healthy: i < well}
				w := &watched{}
				if !sh.Healthy {
					w.dead = 1
				}
				s.duties.watched[sh.ID] = w
				h.Servers = append(h.Servers, sh)
			}
			_, ok := s.deadServer(deadServerTimeout+time.Hour, h)
			if want := well < voters && 2*well > voters-1; ok != want {
				t.Errorf("%d of %d voters are healthy: takes one out: %v", well, voters, ok)
			}
		}
	}
}

func TestHealthTellsOfEveryServer(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.step(time.Second)
	f := g.follower()
	h := g.health(f) // any server may be asked
	if !h.Healthy || h.FailureTolerance != 1 || len(h.Servers) != 3 {
		t.Fatalf("got %+v", h)
	}
	want := ServerHealth{
		ID: f.cfg.ID, Name: f.cfg.Name, Address: f.cfg.Addr.String(), Gossip: "alive", Version: "test",
		Voter: true, Healthy: true, LastTerm: l.raft.Term(), LastIndex: l.raft.LastIndex(),
	}
	got := h.of(f)
	got.StableFor, got.LastContact = 0, 0
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if lh := h.of(l); !lh.Leader || lh.LastContact != 0 {
		t.Errorf("of the leader: %+v", lh)
	}
	f.cut = true
	g.step(300 * time.Millisecond)
	if h := g.health(l); h.Healthy || h.of(f).Healthy || h.FailureTolerance != 0 || h.of(f).LastContact < 200*time.Millisecond {
		t.Errorf("with a silent server: %+v", h)
	}
	f.cut = false
	f.up = false
	g.until("gossip finds it dead", time.Minute, func() bool { return g.health(l).of(f).Gossip == "failed" })
	g.step(5 * time.Second)
	if sh := g.health(l).of(f); sh.StableFor < 5*time.Second {
		t.Errorf("it is unhealthy for %v", sh.StableFor)
	}
}

func TestServerThatIsFarBehindIsNotHealthy(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.set(func(c *AutopilotConfig) { c.MaxTrailingLogs = 5 })
	c := l.machine.view.AutopilotConfig()
	if sh := (ServerHealth{Gossip: "alive", LastIndex: 94}); l.isHealthy(sh, 100) {
		t.Errorf("6 behind, with %+v", c)
	}
	if sh := (ServerHealth{Gossip: "alive", LastIndex: 95}); !l.isHealthy(sh, 100) {
		t.Errorf("5 behind is not healthy, with %+v", c)
	}
}

func TestAutopilotConfigurationIsReplicatedAndConditional(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	if d := cmp.Diff(DefaultAutopilot, l.View().AutopilotConfig()); d != "" {
		t.Error(d)
	}
	first, second := DefaultAutopilot, DefaultAutopilot
	first.MinQuorum, second.MaxTrailingLogs = 3, 9
	if a := g.ask(l, CASAutopilotCommand(first, 99)); a.Err != nil || a.Result.OK {
		t.Errorf("it was set though the condition does not hold: %+v", a)
	}
	created := g.do(l, CASAutopilotCommand(first, 0)).Index
	set := g.do(g.follower(), CASAutopilotCommand(second, created)).Index
	g.step(time.Second)
	for _, n := range g.nodes {
		if d := cmp.Diff(Autopilot{second, created, set}, n.View().Autopilot); d != "" {
			t.Errorf("%s: %s", n.cfg.Name, d)
		}
	}
	g.refused(l, SetAutopilotCommand(AutopilotConfig{}), "LastContactThreshold")
	g.refused(l, SetAutopilotCommand(AutopilotConfig{LastContactThreshold: 1}), "MaxTrailingLogs")
}

func TestAutopilotSurvivesASnapshotAndOldOnesHaveNone(t *testing.T) {
	v := &View{Index: 7, Term: 2, KV: kv.New(), Catalog: catalog.New(), Autopilot: Autopilot{DefaultAutopilot, 3, 5}}
	v.Autopilot.Config.MinQuorum = 3
	var buf bytes.Buffer
	if err := SaveView(&buf, v); err != nil {
		t.Fatal(err)
	}
	got, err := LoadView(&buf)
	if err != nil || got.Autopilot != v.Autopilot || got.Term != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	buf.Reset()
	buf.WriteString("\x00\x00\x00\x09praetor\x01\x07") // version 1
	_, _ = v.KV.Save(&buf), v.Catalog.Save(&buf)
	got, err = LoadView(&buf)
	if err != nil || got.Index != 7 || got.Autopilot != (Autopilot{}) || got.AutopilotConfig() != DefaultAutopilot {
		t.Errorf("of version 1: %+v, %v", got, err)
	}
	if _, err := LoadView(strings.NewReader("\x00\x00\x00\x09praetor\x03\x07")); err == nil || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("of version 3: %v", err)
	}
}

func FuzzDecodeAutopilot(f *testing.F) {
	f.Add(CASAutopilotCommand(DefaultAutopilot, 7)[commandHeader:])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeAutopilot(b)
		if err != nil {
			return
		}
		if again, err := decodeAutopilot(appendAutopilot(nil, c)); err != nil || again != c {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
	})
}

func FuzzDecodeHealth(f *testing.F) {
	f.Add(appendHealth(nil, Health{Healthy: true, Servers: []ServerHealth{{ID: "a", StableFor: time.Second}}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := DecodeHealth(b)
		if err != nil {
			return
		}
		if again, err := DecodeHealth(appendHealth(nil, h)); err != nil || !cmp.Equal(h, again) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
