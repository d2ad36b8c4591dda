package server

import (
	"fmt"
	"testing"
	"time"

	"praetor/catalog"
	"praetor/internal/radix"
)

// health is what the catalog says of a node: its serfHealth, "absent" if the
// node is not there, "unchecked" if it has no such check.
func health(n *node, name string) string {
	if node, _ := n.View().Catalog.Node(name, nil); node == nil {
		return "absent"
	}
	if c := n.serfHealth(name); c != nil {
		return c.Status
	}
	return "unchecked"
}

func TestCatalogFollowsGossip(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	for _, n := range g.nodes {
		g.until(n.cfg.Name+" is passing", 5*time.Second, func() bool { return health(l, n.cfg.Name) == catalog.Passing })
	}
	if in, _ := l.View().Catalog.Instances("consul", nil); len(in) != 3 || in[0].Service.Port != 8300 {
		t.Errorf("instances of consul: %v", in)
	}
	f := g.follower()
	f.up = false
	g.until("it is critical", time.Minute, func() bool { return health(g.leader(), f.cfg.Name) == catalog.Critical })
	if n, _ := g.leader().View().Catalog.Node(f.cfg.Name, nil); n == nil {
		t.Error("a node that failed must stay in the catalog")
	}
}

// A member that failed is taken out of the catalog when gossip forgets it.
func TestReapedMemberLeavesTheCatalog(t *testing.T) {
	g := newGroup(t, 3, func(_ int, c *Config) { c.Expect, c.Gossip.ReapAfter = 3, time.Minute })
	f := g.follower()
	g.until("it is passing", 5*time.Second, func() bool { return health(g.leader(), f.cfg.Name) == catalog.Passing })
	f.up = false
	g.until("it is critical", time.Minute, func() bool { return health(g.leader(), f.cfg.Name) == catalog.Critical })
	g.until("it is gone", 2*time.Minute, func() bool { return health(g.leader(), f.cfg.Name) == "absent" })
}

func TestCatalogFollowsGossipOverAChangeOfLeader(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	g.step(time.Second)
	old.up = false
	g.until("the old leader is critical", time.Minute, func() bool {
		l := g.find(func(n *node) bool { return n.isLeader() })
		return l != nil && health(l, old.cfg.Name) == catalog.Critical
	})
}

func TestNodeRegisteredByHandIsLeftAlone(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	l := g.leader()
	g.nextID++
	l.Submit(g.now, g.nextID, RegisterCommand(catalog.Registration{Node: catalog.Node{Node: "ext", Address: "10.9.9.9"}}))
	g.drain()
	g.wait(g.nextID)
	g.step(3 * DefaultReconcileInterval)
	if got := health(l, "ext"); got != "unchecked" {
		t.Errorf("ext is %s", got)
	}
}

func TestReconcilingAQuietGroupWritesNothing(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.step(time.Second)
	before := l.raft.LastIndex()
	g.step(5 * DefaultReconcileInterval)
	if after := l.raft.LastIndex(); after != before {
		t.Errorf("the log grew from %d to %d", before, after)
	}
}

func TestTombstonesAreForgottenInTime(t *testing.T) {
	g := newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap, c.TombstoneTTL = true, 5*time.Minute })
	l := g.leader()
	g.put(l, "a", "1")
	g.nextID++
	l.Submit(g.now, g.nextID, KVCommand(deletion("a")))
	g.drain()
	g.wait(g.nextID)
	g.step(4 * time.Minute)
	if n := l.View().KV.Tombstones(); n != 1 {
		t.Fatalf("%d tombstones after 4 minutes, want 1", n)
	}
	_, before := l.View().KV.Get("a", nil)
	g.step(4 * time.Minute)
	if n := l.View().KV.Tombstones(); n != 0 {
		t.Errorf("%d tombstones after 8 minutes, want 0", n)
	}
	if _, after := l.View().KV.Get("a", nil); after < before {
		t.Errorf("the index of the deleted key went from %d to %d", before, after)
	}
}

func TestSnapshotBoundsTheLog(t *testing.T) {
	small := func(_ int, c *Config) { c.Expect, c.SnapshotEntries, c.Raft.KeepEntries = 3, 50, 10 }
	g := newGroup(t, 3, small)
	away := g.follower()
	away.up = false
	l := g.leader()
	for i := range 200 {
		if a := g.put(l, fmt.Sprint("k", i%70), fmt.Sprint(i)); a.Err != nil {
			t.Fatal(a)
		}
		g.save(l)
	}
	if kept := l.raft.LastIndex() - l.raft.FirstIndex(); kept > 80 {
		t.Errorf("%d entries are kept, want at most a snapshot's distance and 10 more", kept)
	}
	i := int(away.cfg.ID[3] - '1')
	back := g.start(i, small, away.log)
	woken := 0
	back.View().KV.Get("never written", radix.NewWaiter(func() { woken++ }))
	back.Join(g.now, l.cfg.Gossip.Addr)
	g.until("it has caught up", 20*time.Second, func() bool { return back.View().Index == l.View().Index })
	if back.View().KV.Hash() != l.View().KV.Hash() || back.View().Catalog.Hash() != l.View().Catalog.Hash() {
		t.Error("the snapshot made another state")
	}
	if woken != 1 {
		t.Errorf("who waited on the state that was replaced woke %d times, want once", woken)
	}
	again := g.start(i, small, back.log) // and from its own disk
	if again.View().Index < uint64(again.log.stored.Snapshot.Index) || again.View().Index == 0 {
		t.Errorf("restarted at %d with a snapshot at %d", again.View().Index, again.log.stored.Snapshot.Index)
	}
}

// save does a node's snapshot tasks.
func (g *group) save(n *node) {
	for _, task := range n.tasks {
		n.log.snapshot, n.log.stored.Snapshot = task.View, task.Meta
		n.SnapshotSaved(g.now, task.Meta, nil)
	}
	n.tasks = nil
	g.drain()
}

// A correction that the catalog refuses, for an ID that a living node has,
// is not written again and again.
func TestARefusedCorrectionDoesNotFillTheLog(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l, f := g.leader(), g.follower()
	g.until("it is passing", 5*time.Second, func() bool { return health(l, f.cfg.Name) == catalog.Passing })
	do := func(cmd []byte) {
		g.nextID++
		l.Submit(g.now, g.nextID, cmd)
		g.drain()
		g.wait(g.nextID)
	}
	do(DeregisterCommand(catalog.Deregistration{Node: f.cfg.Name}))
	do(RegisterCommand(catalog.Registration{ // behind it in the order of names
		Node:   catalog.Node{ID: string(f.cfg.ID), Node: "zz-claims-its-id", Address: "10.9.9.9"},
		Checks: []catalog.Check{serfHealthCheck("zz-claims-its-id", catalog.Passing, "")},
	}))
	before := l.raft.LastIndex()
	g.until("it has its ID back", 3*DefaultReconcileInterval, func() bool { return health(l, f.cfg.Name) == catalog.Passing })
	if n := l.raft.LastIndex() - before; n > 20 {
		t.Errorf("%d entries", n)
	}
}
