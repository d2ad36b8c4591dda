package server

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"praetor/kv"
	"praetor/raft"
)

func TestServersThatMeetMakeOneCluster(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	for _, n := range g.nodes {
		if c := n.raft.Config(); len(c.Voters) != 3 {
			g.until(n.cfg.Name+" knows the voters", time.Second, func() bool { return len(n.raft.Config().Voters) == 3 })
		}
		if n.raft.Cluster() != l.raft.Cluster() {
			t.Errorf("%s is in cluster %x, the leader in %x", n.cfg.Name, n.raft.Cluster(), l.raft.Cluster())
		}
	}
}

func TestFewerServersThanExpectedWait(t *testing.T) {
	g := newGroup(t, 2, expecting(3))
	g.step(time.Minute)
	for _, n := range g.nodes {
		if n.inCluster() {
			t.Errorf("%s made a cluster of two", n.cfg.Name)
		}
	}
}

func TestSecondBootstrapIsRefused(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	first := g.leader()
	second := g.start(1, func(_ int, c *Config) { c.Bootstrap, c.HoldBootstrap = true, true }, diskLog{})
	second.Join(g.now, first.cfg.Gossip.Addr)
	g.drain()
	second.ReleaseBootstrap(g.now)
	g.drain()
	if second.fatal == nil || !strings.Contains(second.fatal.Error(), "without -bootstrap") {
		t.Errorf("the second one ends with %v", second.fatal)
	}
	g.step(5 * time.Second)
	if c := first.raft.Config(); len(c.Voters)+len(c.Learners) != 1 {
		t.Errorf("the first one took it in: %v", c)
	}
}

func TestServersOfAnotherClusterAreNotTakenIn(t *testing.T) {
	g := newGroup(t, 2, func(_ int, c *Config) { c.Bootstrap = true }) // both alone, and only then joined
	g.step(5 * time.Second)
	for _, n := range g.nodes {
		if c := n.raft.Config(); len(c.Voters)+len(c.Learners) != 1 {
			t.Errorf("%s has %v", n.cfg.Name, c)
		}
	}
	if a, b := g.nodes[0].raft.Cluster(), g.nodes[1].raft.Cluster(); a == b {
		t.Errorf("both have cluster %x", a)
	}
}

func TestNewServerBecomesALearnerAndThenAVoter(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	first := g.leader()
	g.put(first, "a", "1")
	for i := 1; i < 3; i++ {
		n := g.start(i, nil, diskLog{})
		n.Join(g.now, first.cfg.Gossip.Addr)
		g.drain()
		g.until("it votes", 20*time.Second, func() bool { return first.raft.Config().IsVoter(n.cfg.ID) })
	}
	if got, err := g.read(g.nodes[2], "a", Default); got != "1" || err != nil {
		t.Errorf("the newcomer reads %q, %v", got, err)
	}
}

func TestServerThatLeftIsTakenOut(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	gone := g.follower()
	gone.Leave(g.now)
	g.step(2 * time.Second)
	gone.up = false
	l := g.leader()
	g.until("it is no member", 20*time.Second, func() bool { return !l.raft.Config().Contains(gone.cfg.ID) })
	if n, _ := l.View().Catalog.Node(gone.cfg.Name, nil); n != nil {
		t.Errorf("the catalog still has %v", n)
	}
}

func TestWriteAtAnyServerIsAppliedOnAll(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	g.leader()
	for i, n := range g.nodes {
		if a := g.put(n, fmt.Sprint("k", i), n.cfg.Name); a.Err != nil || !a.Result.OK || a.Result.Index == 0 {
			t.Fatalf("put at %s: %+v", n.cfg.Name, a)
		}
	}
	for i := range g.nodes {
		for _, n := range g.nodes {
			if got, err := g.read(n, fmt.Sprint("k", i), Default); got != g.nodes[i].cfg.Name || err != nil {
				t.Errorf("k%d at %s: %q, %v", i, n.cfg.Name, got, err)
			}
		}
	}
}

func TestWriteWaitsForALeaderAndThenGivesUp(t *testing.T) {
	g := newGroup(t, 2, expecting(3))
	id := g.submit(g.nodes[0], "a", "1")
	g.step(DefaultHoldTimeout - time.Second)
	if len(g.answers[id]) > 0 {
		t.Fatalf("answered early: %v", g.answers[id])
	}
	if a := g.wait(id); a.Err != ErrNoLeader {
		t.Errorf("got %v, want ErrNoLeader", a.Err)
	}
}

func TestWriteThatWaitsIsDoneWhenThereIsALeader(t *testing.T) {
	g := newGroup(t, 2, expecting(3))
	id := g.submit(g.nodes[0], "a", "1")
	n := g.start(2, expecting(3), diskLog{})
	n.Join(g.now, g.nodes[0].cfg.Gossip.Addr)
	if a := g.wait(id); a.Err != nil || !a.Result.OK {
		t.Errorf("got %+v", a)
	}
}

func TestWriteInAMinorityIsNotAcknowledged(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	old.cut = true
	id := g.submit(old, "a", "minority")
	g.until("another leads", 5*time.Second, func() bool {
		return g.find(func(n *node) bool { return n != old && n.isLeader() }) != nil
	})
	if a := g.put(g.leader(), "a", "majority"); a.Err != nil {
		t.Fatal(a)
	}
	if len(g.answers[id]) > 0 {
		t.Fatalf("the minority answered %v", g.answers[id])
	}
	old.cut = false
	// Another leader's entry took the place of the old one's. The write is
	// certainly not in the log, so it is sent again and succeeds.
	if a := g.wait(id); a.Err != nil || !a.Result.OK {
		t.Errorf("got %+v", a)
	}
	if got, err := g.read(g.leader(), "a", Default); got != "minority" || err != nil {
		t.Errorf("the write was acknowledged last, and a is %q, %v", got, err)
	}
}

func TestWriteWhoseConnectionBrokeIsOfUnknownOutcome(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f := g.follower()
	l := g.leader()
	g.frozen = true
	id := g.submit(f, "a", "1")
	f.PeerLost(g.now, l.cfg.ID)
	g.drain()
	if a := g.wait(id); a.Err != ErrLeadershipLost {
		t.Errorf("got %v, want ErrLeadershipLost", a.Err)
	}
}

func TestWriteThatCertainlyDidNotArriveIsSentAgain(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f, l := g.follower(), g.leader()
	l.cut = true
	id := g.submit(f, "a", "1")
	g.step(100 * time.Millisecond)
	if len(g.answers[id]) > 0 {
		t.Fatalf("answered %v", g.answers[id])
	}
	l.cut = false
	if a := g.wait(id); a.Err != nil || !a.Result.OK {
		t.Errorf("got %+v", a)
	}
}

func TestProposedWriteThatTimesOutIsOfUnknownOutcome(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	old.cut = true
	if a := g.wait(g.submit(old, "a", "1")); a.Err != ErrTimeout {
		t.Errorf("got %v, want ErrTimeout", a.Err)
	}
}

func TestStrayRepliesFindNothing(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f, l := g.follower(), g.leader()
	other := g.find(func(n *node) bool { return n != f && n != l })
	g.frozen = true
	id := g.submit(f, "a", "1")
	sent := g.held[len(g.held)-1].m.Body.Forward
	stray := Result{Index: 9, OK: true}
	for early := range forwardID(100) { // an earlier life counted from somewhere else
		f.ReceivePeer(g.now, l.cfg.ID, PeerBody{Reply: &Reply{ID: early, Result: stray}})
	}
	f.ReceivePeer(g.now, other.cfg.ID, PeerBody{Reply: &Reply{ID: sent.ID, Result: stray}}) // nobody asked it
	g.drain()
	if len(g.answers[id]) > 0 {
		t.Errorf("a stray reply was taken: %v", g.answers[id])
	}
}

func TestWritesBeyondTheBoundAreRefused(t *testing.T) {
	g := newGroup(t, 2, func(_ int, c *Config) { c.Expect, c.MaxRequests = 3, 2 })
	g.submit(g.nodes[0], "a", "1")
	g.submit(g.nodes[0], "b", "1")
	if a := g.wait(g.submit(g.nodes[0], "c", "1")); a.Err != ErrBusy {
		t.Errorf("got %v, want ErrBusy", a.Err)
	}
	g.nextID++
	g.nodes[0].Submit(g.now, g.nextID, make([]byte, MaxCommand+1))
	g.drain()
	if a := g.wait(g.nextID); a.Err != ErrTooLarge {
		t.Errorf("got %v, want ErrTooLarge", a.Err)
	}
}

func TestFailedConditionChangesNothing(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	l := g.leader()
	g.nextID++
	l.Submit(g.now, g.nextID, KVCommand(kv.Command{Op: kv.OpCAS, Key: "a", CAS: 97}))
	g.drain()
	if a := g.wait(g.nextID); a.Err != nil || a.Result.OK || a.Result.Err != "" {
		t.Errorf("got %+v", a)
	}
	if e, _ := l.View().KV.Get("a", nil); e != nil {
		t.Errorf("the key is there: %+v", e)
	}
}

// "Followers [...] all waiting reads share one round" (thesis 6.4).
func TestReadsShareRounds(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f := g.follower()
	g.frozen = true
	for range 1000 {
		g.nextID++
		f.Barrier(g.now, g.nextID, Consistent)
	}
	g.drain()
	asked := 0
	for _, h := range g.held {
		if h.m.Body.Raft == nil {
			continue
		}
		if _, ok := h.m.Body.Raft.Body.(raft.ReadRequest); ok {
			asked++
		}
	}
	if asked != 1 {
		t.Errorf("1000 reads cost %d requests, want 1", asked)
	}
}

func TestReadInAMinorityIsNotAnswered(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	old.cut = true
	g.until("its lease is over", 5*time.Second, func() bool { return !old.Current(g.now) })
	for _, mode := range []ReadMode{Default, Consistent} {
		if v, err := g.read(old, "a", mode); err != ErrNoLeader {
			t.Errorf("mode %d: got %q, %v, want ErrNoLeader", mode, v, err)
		}
	}
	if _, err := g.read(old, "a", Stale); err != nil {
		t.Errorf("a stale read needs nobody: %v", err)
	}
}

func TestReadSeesWhatWasAcknowledgedBefore(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	for i := range 50 {
		n, m := g.nodes[i%3], g.nodes[(i+1)%3]
		g.leader()
		if a := g.put(n, "a", fmt.Sprint(i)); a.Err != nil {
			t.Fatal(a)
		}
		for _, mode := range []ReadMode{Default, Consistent} {
			if got, err := g.read(m, "a", mode); got != fmt.Sprint(i) || err != nil {
				t.Errorf("after write %d, mode %d: %q, %v", i, mode, got, err)
			}
		}
		if i%10 == 9 { // and over a change of leader
			l := g.leader()
			l.cut = true
			g.step(2 * time.Second)
			l.cut = false
		}
	}
}

func TestRestartedServersHaveEverything(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	for i := range 20 {
		g.put(g.leader(), fmt.Sprint("k", i), "v")
	}
	for i, n := range g.nodes {
		n.up = false
		g.start(i, expecting(3), n.log)
	}
	l := g.leader() // without gossip: the configuration has the addresses
	if got := l.View().KV.Len(); got != 20 {
		t.Errorf("%d of 20 keys are there", got)
	}
}
