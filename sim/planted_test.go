package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// The tests of this file plant bugs and ask that the checker that is there for
// them sees them: one that never caught anything proves nothing.

// mustBreak plays a scenario until a rule breaks, with one seed after the
// other, and returns how many it took. It must be the rule that is meant.
func mustBreak(t *testing.T, rule, text string, s sabotage) {
	t.Helper()
	sc, err := Parse("planted", text)
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 50; seed++ {
		r, err := sc.Play(Options{Seed: seed, sabotage: s})
		if err != nil {
			t.Fatal(err)
		}
		if f := r.Failure; f != nil {
			if !strings.HasPrefix(f.Rule, rule) {
				t.Fatalf("seed %d broke another rule than %q: %v", seed, rule, f)
			}
			if f.Seed != seed || f.At == 0 || !strings.Contains(f.Error(), "go run ./cmd/sim run planted -seed") {
				t.Errorf("the failure does not say how to see it again: %v", f)
			}
			t.Logf("seed %d: %v", seed, f)
			mustExplain(t, sc, Options{Seed: seed, sabotage: s})
			return
		}
	}
	t.Errorf("%q was never broken in 50 runs", rule)
}

const busy = `
servers 3 expect=3
expect leader within 5s
clients 3 think=20ms keys=2
wait 3s
`

func TestAVoteForTwoShowsAsTwoLeaders(t *testing.T) {
	everyVote := func(_ *host, b *server.PeerBody) {
		if b.Raft == nil {
			return
		}
		if v, ok := b.Raft.Body.(raft.VoteResponse); ok {
			v.Granted = true
			b.Raft.Body = v
		}
	}
	mustBreak(t, "election safety", `
servers 5 expect=5
expect leader within 5s
network delay=20ms jitter=20ms
crash leader
wait 3s
restart all
crash leader
wait 3s
`, sabotage{tamper: everyVote})
}

func TestAnEntryChangedOnItsWayShowsAsAnotherEntryAtItsIndex(t *testing.T) {
	mustBreak(t, "state machine safety", busy, sabotage{tamper: func(to *host, b *server.PeerBody) {
		if b.Raft == nil || to.name != "n3" {
			return
		}
		if a, ok := b.Raft.Body.(raft.AppendRequest); ok && len(a.Entries) > 0 && a.Entries[0].Kind == raft.EntryCommand {
			data := a.Entries[0].Data
			data[len(data)-1] ^= 1
		}
	}})
}

func TestASyncThatIsForgottenShowsWhenTheServerStartsAgain(t *testing.T) {
	mustBreak(t, "what was synced stays", busy+"crash all\nrestart all\n", sabotage{noSync: true})
}

func TestDisksThatAreWipedShowAsLostWrites(t *testing.T) {
	mustBreak(t, "what is acknowledged is never lost", `
servers 3 expect=3
expect leader within 5s
put color red
crash all
wipe all
restart all
expect leader within 10s
quiet 5s
`, sabotage{})
}

func TestALogThatEndsBeforeAnAcknowledgedWriteShows(t *testing.T) {
	p := running(t)
	p.check.writes.remember(&operation{ask: ask{key: "a"}, reply: reply{index: 1 << 40, outcome: acked}})
	p.check.quiet()
	p.wantFailure(t, "what is acknowledged is never lost")
}

func TestReadsWithoutABarrierShowAsStale(t *testing.T) {
	mustBreak(t, "reads are linearizable", busy+"isolate leader\nwait 5s\n", sabotage{staleReads: true})
}

func TestAWriteThatIsSentAgainShowsAsDoneTwice(t *testing.T) {
	mustBreak(t, "a write takes effect once", busy+`
isolate leader
wait 8s
heal
wait 8s
isolate leader
wait 8s
heal
wait 8s
`, sabotage{resend: true})
}

func TestARefusalThatIsALieShows(t *testing.T) {
	mustBreak(t, "a refused write changes nothing", busy, sabotage{tamper: func(_ *host, b *server.PeerBody) {
		if b.Reply != nil && b.Reply.Code == 0 {
			b.Reply.Code = 2 // busy
		}
	}})
}

func TestAnAcknowledgementOfAnotherIndexShows(t *testing.T) {
	mustBreak(t, "what is acknowledged is committed", busy, sabotage{tamper: func(_ *host, b *server.PeerBody) {
		if b.Reply != nil {
			b.Reply.Result.Index++
		}
	}})
}

func TestQuietSeesWhoIsCutOff(t *testing.T) {
	mustBreak(t, "the living are seen alive", busy+"isolate n2\nquiet 30s\n", sabotage{})
}

func TestQuietSeesWhoIsTakenForAliveAndIsDown(t *testing.T) {
	mustBreak(t, "the dead are seen dead", busy+"crash n2\nquiet 100ms\n", sabotage{})
}

func TestQuietSeesAReplicaThatIsBehind(t *testing.T) {
	mustBreak(t, "all servers catch up", `
servers 3 expect=3
expect leader n1 within 5s
expect members 3 alive within 5s
wait 1s
cut n3 n1,n2
put color red
quiet 100ms
`, sabotage{})
}

// running returns a world in which three servers run.
func running(t *testing.T) *player {
	t.Helper()
	sc, err := Parse("running", "servers 3 expect=3\nexpect leader within 5s\nexpect members 3 alive within 5s\nwait 2s")
	if err != nil {
		t.Fatal(err)
	}
	p := &player{world: newWorld(1, "", nil, false), scenario: sc}
	if err := p.play(); err != nil || p.failed != nil {
		t.Fatal(err, p.failed)
	}
	return p
}

func (p *player) wantFailure(t *testing.T, rule string) {
	t.Helper()
	if p.failed == nil || !strings.HasPrefix(p.failed.Rule, rule) {
		t.Errorf("failure %v, want %q", p.failed, rule)
	}
}

func TestTheCatalogIsComparedWithTheTruth(t *testing.T) {
	p := running(t)
	p.checkCatalog()
	if p.failed != nil {
		t.Fatal(p.failed)
	}
	p.hosts[2].crash() // and no time for gossip to notice
	p.checkCatalog()
	p.wantFailure(t, "the catalog agrees with gossip")
}

func TestStatesOfOneIndexAreCompared(t *testing.T) {
	p := running(t)
	cl := p.check.cluster(p.hosts[0].proc)
	other := *p.hosts[1].proc.server.View()
	put(p, "n1", "a", "1")
	v := *p.hosts[0].proc.server.View()
	v.Index = other.Index
	cl.reached(p.world, "n2", &other)
	cl.reached(p.world, "n1", &v)
	p.wantFailure(t, "same index, same state")
}

func put(p *player, via, key, value string) {
	p.put(p.hostNamed(via), key, value, func(*operation) {})
	p.run(p.now + time.Second)
}

func TestACommitIndexThatFallsShows(t *testing.T) {
	for _, c := range []struct {
		seen    seen
		st      server.Status
		message string
	}{
		{seen{commit: 7}, server.Status{Commit: 6, Last: 9}, "went from 7 back to 6"},
		{seen{applied: 7}, server.Status{Commit: 9, Applied: 6, Last: 9}, "went from index 7 back to 6"},
		{seen{}, server.Status{Commit: 7, Applied: 8, Last: 9}, "applied 8, but only 7"},
		{seen{}, server.Status{Commit: 7, Last: 6}, "but the log ends at 6"},
	} {
		p := running(t)
		proc := p.hosts[0].proc
		proc.seen.commit, proc.seen.applied = c.seen.commit, c.seen.applied
		p.checkCommit(proc, &c.st)
		p.wantFailure(t, "commitment only grows")
		if p.failed != nil && !strings.Contains(p.failed.Detail, c.message) {
			t.Errorf("%v, want %q", p.failed, c.message)
		}
	}
}

func TestOperationsInAnOrderThatCannotBeShow(t *testing.T) {
	for _, c := range []struct {
		name string
		play func(*player)
		rule string
	}{
		{"a write below an older one", func(p *player) {
			p.check.reads.wrote(&operation{ask: ask{key: "a"}, floor: []floor{{"a", 9}}, reply: reply{index: 8, outcome: acked}})
		}, "writes are linearizable"},
		{"a read of what nobody wrote", func(p *player) {
			p.check.reads.real(&operation{ask: ask{kind: opGet, key: "a"}, reply: reply{found: []row{{"a", "ghost", 8, 1}}}})
		}, "reads see what was written"},
		{"an older read after a newer one", func(p *player) {
			put(p, "n1", "a", "1")
			p.check.reads.saw(&operation{ask: ask{kind: opGet, key: "a"}, floor: []floor{{"a", 9}}})
		}, "reads are linearizable"},
	} {
		p := running(t)
		c.play(p)
		t.Log(c.name)
		p.wantFailure(t, c.rule)
	}
}

func TestAPanicIsAFailureWithItsPlace(t *testing.T) {
	p := running(t)
	p.after(time.Second, func() { panic("a broken invariant") })
	p.run(p.now + 2*time.Second)
	p.wantFailure(t, "no panic")
	if !strings.Contains(p.failed.Detail, "planted_test.go") {
		t.Errorf("the stack is missing: %v", p.failed)
	}
}

func TestAServerThatTicksForEverIsStopped(t *testing.T) {
	p := running(t)
	for range 1001 {
		p.hosts[0].proc.notStuck()
	}
	p.wantFailure(t, "deadlines move")
}

func TestAnExpectationThatIsNotMetIsAFailure(t *testing.T) {
	for _, text := range []string{
		"expect leader", "servers 3 expect=3\nexpect leader within 5s\nexpect no leader for 1s",
		"servers 3 expect=3\nexpect leader within 5s\nput a 1 outcome=refused",
		"servers 3 expect=3\nexpect leader within 5s\nput a 1\nget a value=2",
		"servers 3 expect=3\nexpect leader within 5s\nput a 1 within 1us",
	} {
		mustBreakAt(t, text)
	}
}

func mustBreakAt(t *testing.T, text string) {
	t.Helper()
	sc, err := Parse("planted", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := sc.Play(Options{Seed: 1})
	if err != nil || r.Failure == nil || r.Failure.Rule != "what the scenario expects" {
		t.Errorf("%q: %v %v", text, err, r.Failure)
	}
}

func TestAPromiseThatTheDiskDoesNotHoldShows(t *testing.T) {
	for name, m := range map[string]raft.Message{
		"a vote":       {To: "n2", Term: 9, Body: raft.VoteResponse{Granted: true}},
		"a campaign":   {To: "n2", Term: 9, Body: raft.VoteRequest{}},
		"a matching":   {To: "n2", Term: 9, Body: raft.AppendAccept{Match: 1 << 20}},
		"another vote": {To: "n2", Term: 1, Body: raft.VoteResponse{Granted: true}},
	} {
		p := running(t)
		proc := p.hosts[0].proc
		proc.seen.disk.durable.hard = raft.HardState{Term: 1, Vote: "n3"}
		p.checkPromises(proc, server.PeerMessage{Body: server.PeerBody{Raft: &m}})
		t.Log(name)
		p.wantFailure(t, "what is promised is durable")
	}
	p := running(t)
	proc := p.hosts[0].proc
	proc.seen.disk.durable.hard = raft.HardState{Term: 9, Vote: "n2"}
	for _, m := range []raft.Message{
		{To: "n2", Term: 9, Body: raft.VoteResponse{Granted: true}},
		{To: "n3", Term: 8, Body: raft.VoteResponse{Granted: true}}, // held back since an older term
		{To: "n3", Term: 10, Body: raft.VoteResponse{Pre: true, Granted: true}},
	} {
		p.checkPromises(proc, server.PeerMessage{Body: server.PeerBody{Raft: &m}})
	}
	if p.failed != nil {
		t.Error(p.failed)
	}
}

// TestExplanationsAreShort is the last of the tests that plant bugs: the median
// of their explanations has at most 30 lines, each of which is one thing that
// happened on a host.
func TestExplanationsAreShort(t *testing.T) {
	if len(explained) == 0 {
		t.Skip("the tests before it did not run")
	}
	slices.Sort(explained)
	m := explained[len(explained)/2]
	t.Logf("%d explanations: a median of %d lines, all %v", len(explained), m, explained)
	if m > 30 {
		t.Errorf("the median has %d lines", m)
	}
}
func TestAWatchThatIsDeafShows(t *testing.T) {
	mustBreak(t, "watches see every change", busy, sabotage{deaf: true})
}

func TestAWakeUpWithoutACauseShows(t *testing.T) {
	p := running(t)
	put(p, "n1", "a", "1")
	n1 := p.hostNamed("n1")
	op := p.ask("c", n1, ask{kind: opGet, key: "a", past: n1.proc.server.View().Index, wait: time.Minute}, func(*operation) {})
	put(p, "n1", "b", "2")
	if p.failed != nil || op.outcome != pending {
		t.Fatalf("%v, %v", p.failed, op)
	}
	n1.proc.watches[0].wake()
	p.wantFailure(t, "watches sleep through other writes")
}

func TestAnAgeThatIsALieShows(t *testing.T) {
	mustBreak(t, "a stale answer tells its age", busy, sabotage{young: true})
}

func TestAServerThatStopsFollowingShows(t *testing.T) {
	p := running(t)
	p.sabotage.frozen = p.hostNamed("n2").proc.server.View()
	put(p, "n1", "a", "1")
	p.run(p.now + 2*staleSlack)
	p.get(p.hostNamed("n2"), "a", server.Stale, func(*operation) {})
	p.wantFailure(t, "who knows a leader keeps up")
}

func TestAServerThatGoesBackShows(t *testing.T) {
	p := running(t)
	old := p.hostNamed("n2").proc.server.View()
	put(p, "n1", "a", "1")
	p.get(p.hostNamed("n2"), "a", server.Stale, func(*operation) {})
	p.sabotage.frozen = old
	p.get(p.hostNamed("n2"), "a", server.Stale, func(*operation) {})
	p.wantFailure(t, "a server never goes back")
}

// TestWhatAReadToldIsHeldAgainstTheLog: answers that no server gave.
func TestWhatAReadToldIsHeldAgainstTheLog(t *testing.T) {
	for _, c := range []struct {
		name, rule string
		op         operation
	}{
		{"a list of two moments", "a list is one moment", operation{reply: reply{index: 100, found: []row{{"a", "1", 10, 0}, {"b", "2", 20, 0}}}}},
		{"a list without a key that was there", "a list is one moment", operation{reply: reply{index: 100, found: []row{{"b", "2", 20, 0}}}}},
		{"a list out of order", "a list is one moment", operation{reply: reply{index: 100, found: []row{{"b", "2", 20, 0}, {"a", "3", 15, 0}}}}},
		{"an index of 0", "an index never goes back", operation{}},
		{"an index below the one that was told", "an index never goes back", operation{ask: ask{past: 2}, reply: reply{index: 1}, floor: []floor{{"a", 2}}}},
	} {
		p := running(t)
		var log truth
		log.timeline("a").versions = []version{{10, 0, true}, {15, 0, true}}
		log.timeline("b").versions = []version{{20, 0, true}}
		c.op.kind = opList
		if c.op.index > 1 {
			p.checkList(&c.op, &log)
		} else {
			p.checkIndex(p.hosts[0].proc, &c.op)
		}
		t.Log(c.name)
		p.wantFailure(t, c.rule)
	}
}

// TestWhatNoOrderExplainsShowsAtTheEnd: conditions that are judged on another
// index than the key has contradict nothing but each other.
func TestWhatNoOrderExplainsShowsAtTheEnd(t *testing.T) {
	p := running(t)
	n1 := p.hostNamed("n1")
	put(p, "n1", "a", "1")
	p.ask("c1", n1, ask{kind: opCAS, key: "a", value: "2", want: 1}, func(*operation) {})
	p.run(p.now + time.Second)
	p.check.linear()
	if p.failed != nil {
		t.Fatal(p.failed)
	}
	for _, op := range p.check.writes.ops {
		if op.outcome == unmet {
			op.outcome = acked
		}
	}
	p.check.linear()
	p.wantFailure(t, "each key is linearizable")
}

func TestAConditionThatDidNotHoldShows(t *testing.T) {
	p := running(t)
	p.check.writes.answered(&operation{ask: ask{kind: opCAS, key: "a"}, reply: reply{outcome: acked, index: 7}, at: 7})
	p.wantFailure(t, "a condition is judged on the key as it is")
}
