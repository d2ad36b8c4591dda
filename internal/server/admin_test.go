package server

import (
	"strings"
	"testing"
	"time"

	"praetor/kv"
)

// ask submits any command at n and waits for its answer.
func (g *group) ask(n *node, cmd []byte) Answer {
	g.t.Helper()
	g.nextID++
	n.Submit(g.now, g.nextID, cmd)
	g.drain()
	return g.wait(g.nextID)
}

// do is ask for what must succeed.
func (g *group) do(n *node, cmd []byte) Result {
	g.t.Helper()
	a := g.ask(n, cmd)
	if a.Err != nil || !a.Result.OK {
		g.t.Fatalf("at %s: %+v", n.cfg.Name, a)
	}
	return a.Result
}

// refused is ask for what must be refused, with words that the text must hold.
func (g *group) refused(n *node, cmd []byte, words ...string) {
	g.t.Helper()
	a := g.ask(n, cmd)
	if a.Err != nil || a.Result.OK || a.Result.Err == "" {
		g.t.Errorf("got %+v, want a refusal", a)
		return
	}
	for _, word := range words {
		if !strings.Contains(a.Result.Err, word) {
			g.t.Errorf("the refusal does not say %q: %s", word, a.Result.Err)
		}
	}
}

// join starts server i and lets it join the group.
func (g *group) join(i int) *node {
	n := g.start(i, nil, diskLog{})
	n.Join(g.now, g.nodes[0].cfg.Gossip.Addr)
	g.drain()
	return n
}

// votes waits until the leader's configuration has n as a voter, or not.
func (g *group) votes(n *node, want bool, most time.Duration) {
	g.t.Helper()
	what := n.cfg.Name + " votes"
	if !want {
		what = n.cfg.Name + " is no member"
	}
	g.until(what, most, func() bool {
		l := g.find(func(n *node) bool { return n.isLeader() })
		if l == nil {
			return false
		}
		if c := l.raft.Config(); !want {
			return !c.Contains(n.cfg.ID)
		} else {
			return c.IsVoter(n.cfg.ID)
		}
	})
}

func TestTransferMovesTheLeadershipToWhomTheOperatorNames(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	for range 5 {
		f, asked := g.follower(), g.nodes[g.nextID%3]
		g.do(asked, TransferCommand(f.cfg.ID))
		if !f.isLeader() {
			t.Fatalf("%s was answered, and %s does not lead", asked.cfg.Name, f.cfg.Name)
		}
		g.leader()
	}
}

func TestTransferToNobodyInParticularChoosesOneThatAnswers(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	down := g.follower()
	down.up = false
	g.step(2 * time.Second)
	g.do(old, TransferCommand(""))
	if l := g.leader(); l == old || l == down {
		t.Errorf("%s leads", l.cfg.Name)
	}
}

func TestTransferThatCannotBeIsRefusedWithWhatToDo(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.refused(l, TransferCommand("id-9"), `"id-9"`, "list-peers")
	f := g.follower()
	f.cut = true
	at := g.now
	g.refused(l, TransferCommand(f.cfg.ID), f.cfg.Name, l.cfg.Name+" goes on", "autopilot health")
	if took := g.now - at; took > l.electionTimeout()+20*time.Millisecond {
		t.Errorf("the refusal took %v", took)
	}
	g = newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	g.refused(g.leader(), TransferCommand(""), "no other voter")
}

func TestWritesDuringATransferWaitAndGoToTheNewLeader(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old, f := g.leader(), g.follower()
	other := g.find(func(n *node) bool { return n != old && n != f })
	g.frozen = true // the transfer is under way for as long as messages stay
	g.nextID++
	moved := g.nextID
	old.Submit(g.now, moved, TransferCommand(f.cfg.ID))
	g.drain()
	ids := []RequestID{g.submit(old, "a", "1"), g.submit(other, "b", "1"), g.submit(f, "c", "1")}
	g.frozen = false
	for _, h := range g.held {
		g.deliver(h.from, h.m)
	}
	g.drain()
	at := g.now
	if a := g.wait(moved); !a.Result.OK || !f.isLeader() {
		t.Fatalf("the transfer came to %+v", a)
	}
	for i, id := range ids {
		if a := g.wait(id); a.Err != nil || !a.Result.OK {
			t.Errorf("write %d: %+v", i, a)
		}
	}
	if g.now != at {
		t.Errorf("the writes took %v more than the messages", g.now-at)
	}
}

func TestRemovePeerIsAnsweredWhenItIsCommitted(t *testing.T) {
	for _, by := range []string{"id", "address"} {
		g := newGroup(t, 3, expecting(3))
		f := g.follower()
		f.up = false
		cmd := RemovePeerCommand(f.cfg.ID, "")
		if by == "address" {
			cmd = RemovePeerCommand("", f.cfg.Addr.String())
		}
		asked := g.find(func(n *node) bool { return !n.isLeader() })
		res := g.do(asked, cmd)
		if l := g.leader(); l.raft.Config().Contains(f.cfg.ID) || uint64(l.raft.ConfigIndex()) != res.Index || l.raft.Committed() < l.raft.ConfigIndex() {
			t.Errorf("by %s: answered with index %d, and the configuration is %v", by, res.Index, l.raft.Config())
		}
	}
}

func TestRemovedLeaderHandsOverFirst(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	g.do(old, RemovePeerCommand(old.cfg.ID, ""))
	l := g.leader()
	if l == old || l.raft.Config().Contains(old.cfg.ID) {
		t.Errorf("%s leads with %v", l.cfg.Name, l.raft.Config())
	}
}

func TestRemoveThatWouldLoseTheQuorumIsRefused(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l, down := g.leader(), g.follower()
	down.up = false
	g.step(2 * time.Second)
	other := g.find(func(n *node) bool { return n != l && n != down })
	g.refused(l, RemovePeerCommand(other.cfg.ID, ""), "no quorum", "1 of the 2")
	g.do(l, RemovePeerCommand(down.cfg.ID, ""))
	g.refused(l, RemovePeerCommand("id-9", ""), `ID "id-9"`, "list-peers")
	g.refused(l, RemovePeerCommand("", "10.9.9.9:8300"), `address "10.9.9.9:8300"`)
	g = newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	g.refused(g.leader(), RemovePeerCommand("id-1", ""), "only voter")
}

func TestServerThatWasRemovedComesBackWhenItRestarts(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f := g.follower()
	g.do(f, RemovePeerCommand(f.cfg.ID, ""))
	g.step(10 * time.Second)
	if l := g.leader(); l.raft.Config().Contains(f.cfg.ID) {
		t.Fatal("a server that lives was taken in again at once")
	}
	f.up = false
	g.step(20 * time.Second)
	i := int(f.cfg.ID[3] - '1')
	again := g.start(i, nil, f.log)
	again.Join(g.now, g.nodes[(i+1)%3].cfg.Gossip.Addr)
	g.drain()
	g.votes(again, true, 20*time.Second) // that is before the minute is over for which it would be kept out
}

func TestUnknownCommandsStayOutOfTheLog(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	for _, cmd := range [][]byte{nil, {1}, {9, 1, 0}, {commandVersion, 99, 0}, {commandVersion, byte(kindAdmin)}, {commandVersion, byte(kindAdmin), 9, 0, 0}} {
		before := l.raft.LastIndex()
		for _, n := range g.nodes {
			if a := g.ask(n, cmd); a.Err != nil || a.Result.Err == "" {
				t.Errorf("% x at %s: %+v", cmd, n.cfg.Name, a)
			}
		}
		if l.raft.LastIndex() != before {
			t.Errorf("% x is in the log", cmd)
		}
	}
}

func TestAdminCommandsSurviveTheWire(t *testing.T) {
	for _, want := range []admin{{op: adminTransfer, id: "a"}, {op: adminRemove, addr: "10.0.0.1:8300"}, {op: adminHealth}} {
		_, payload, err := splitCommand(appendAdmin(want))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decodeAdmin(payload); err != nil || got != want {
			t.Errorf("%+v became %+v, %v", want, got, err)
		}
	}
}

func FuzzDecodeAdmin(f *testing.F) {
	f.Add(RemovePeerCommand("a", "b")[commandHeader:])
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAdmin(b)
		if err != nil {
			return
		}
		if again, err := decodeAdmin(appendAdmin(a)[commandHeader:]); err != nil || again != a {
			t.Fatalf("%+v became %+v, %v", a, again, err)
		}
	})
}

// A server that stops in good order costs no election timeout.
func TestLeaderThatResignsHandsOverFirst(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	g.frozen = true
	id := g.submit(old, "a", "1") // under way when it resigns
	old.Resign(g.now)
	g.drain()
	if old.resigned {
		t.Fatal("it has resigned with a write under way and nobody in its place")
	}
	g.frozen = false
	for _, h := range g.held {
		g.deliver(h.from, h.m)
	}
	at := g.now
	g.drain()
	if a := g.wait(id); a.Err != nil || !a.Result.OK || g.now != at {
		t.Errorf("the write came to %+v after %v", a, g.now-at)
	}
	g.until("it has resigned", 2*old.heartbeat(), func() bool { return old.resigned })
	if l := g.leader(); l == old {
		t.Error("it leads")
	}
}

// A write that was sent to the old leader late is not of unknown outcome.
func TestLeaderThatHasHandedOverLingers(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old, f := g.leader(), g.follower()
	late := &Forward{ID: 99, Cmd: KVCommand(kv.Command{Op: kv.OpSet, Key: "a"})}
	old.Resign(g.now)
	g.drain()
	if old.isLeader() || old.resigned {
		t.Fatal("it leads, or is gone already")
	}
	old.ReceivePeer(g.now, f.cfg.ID, PeerBody{Forward: late})
	g.frozen = true
	g.drain()
	if n := len(g.held); n == 0 || g.held[n-1].m.Body.Reply == nil || g.held[n-1].m.Body.Reply.Code != codeNotLeader {
		t.Errorf("it says %+v", g.held)
	}
}

func TestResignationEndsInAnyCase(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	old := g.leader()
	old.cut = true
	g.submit(old, "a", "1")
	at := g.now
	old.Resign(g.now)
	g.until("it has resigned", 5*time.Second, func() bool { return old.resigned })
	if took := g.now - at; took > 2*old.electionTimeout()+20*time.Millisecond {
		t.Errorf("it took %v", took)
	}
	g = newGroup(t, 1, func(_ int, c *Config) { c.Bootstrap = true })
	l := g.leader()
	l.Resign(g.now)
	g.drain()
	if !l.resigned {
		t.Error("a lone server waits for somebody to take over")
	}
}

func TestFollowerResignsWhenItsWritesAreAnswered(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	f := g.follower()
	g.frozen = true
	g.submit(f, "a", "1")
	f.Resign(g.now)
	g.drain()
	if f.resigned {
		t.Error("a write is under way")
	}
	g.frozen = false
	for _, h := range g.held {
		g.deliver(h.from, h.m)
	}
	g.drain()
	if !f.resigned {
		t.Error("nothing is under way any more")
	}
}
