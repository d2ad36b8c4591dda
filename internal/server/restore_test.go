package server

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"praetor/catalog"
	"praetor/internal/radix"
	"praetor/kv"
	"praetor/raft"
)

// saved returns what SaveState writes of a node's state.
func saved(t *testing.T, v *View) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := SaveState(&b, v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// restoreCommands are the commands of a whole restore, in parts of some bytes.
func restoreCommands(id uint64, state []byte, part int) (cmds [][]byte) {
	cmds = append(cmds, BeginRestoreCommand(id, uint64(len(state))))
	for at := 0; at < len(state); at += part {
		cmds = append(cmds, RestorePartCommand(id, uint64(at), state[at:min(at+part, len(state))]))
	}
	return append(cmds, CommitRestoreCommand(id, sha256.Sum256(state)))
}

// content is all that a state says, without the indexes.
func content(v *View) (c []string) {
	keys, _ := v.KV.List("", nil)
	for _, e := range keys {
		c = append(c, fmt.Sprintf("%s=%s %d", e.Key, e.Value, e.Flags))
	}
	nodes, _ := v.Catalog.Nodes(nil)
	for _, n := range nodes {
		c = append(c, fmt.Sprintf("node %s %s %s %v", n.Node, n.ID, n.Address, n.Meta))
		_, services, _ := v.Catalog.NodeServices(n.Node, nil)
		for _, s := range services {
			c = append(c, fmt.Sprintf("%s: service %s %s %d %v", n.Node, s.ID, s.Service, s.Port, s.Tags))
		}
		checks, _ := v.Catalog.NodeChecks(n.Node, nil)
		for _, k := range checks {
			c = append(c, fmt.Sprintf("%s: check %s of %s is %s: %s", n.Node, k.CheckID, k.ServiceID, k.Status, k.Output))
		}
	}
	return append(c, fmt.Sprintf("autopilot %+v", v.AutopilotConfig()))
}

// randomView makes a state of random commands.
func randomView(t *testing.T, r *rand.Rand) *View {
	t.Helper()
	v := newMachine().view
	for range 60 {
		node := catalog.Node{Node: fmt.Sprint("n", r.IntN(4)), Address: fmt.Sprint("10.0.0.", r.IntN(3)+1)}
		if r.IntN(2) == 0 { // so that names and IDs change hands
			node.ID = fmt.Sprintf("00000000-0000-0000-0000-00000000000%d", r.IntN(4))
		}
		service := catalog.Service{ID: fmt.Sprint("s", r.IntN(3)), Service: fmt.Sprint("web", r.IntN(2)), Port: r.IntN(3)}
		check := catalog.Check{Node: node.Node, CheckID: fmt.Sprint("c", r.IntN(3)), Status: catalog.Passing, Output: fmt.Sprint(r.IntN(2))}
		var cmd []byte
		switch r.IntN(6) {
		case 0, 1:
			cmd = KVCommand(kv.Command{Op: kv.OpSet, Key: fmt.Sprint("k", r.IntN(9)), Value: []byte{byte('a' + r.IntN(3))}, Flags: r.Uint64N(2)})
		case 2:
			cmd = KVCommand(deletion(fmt.Sprint("k", r.IntN(9))))
		case 3:
			cmd = RegisterCommand(catalog.Registration{Node: node, Service: &service})
		case 4:
			cmd = RegisterCommand(catalog.Registration{Node: node, Checks: []catalog.Check{check}})
		case 5:
			cmd = DeregisterCommand(catalog.Deregistration{Node: node.Node})
		}
		next, _, notify, err := v.Apply(cmd)
		if err != nil {
			t.Fatal(err)
		}
		notify()
		v = next
	}
	if r.IntN(2) == 0 {
		c := DefaultAutopilot
		c.MinQuorum = r.Uint64N(3)
		v, _, _, _ = v.Apply(SetAutopilotCommand(c))
	}
	return v
}

func TestRestoreMakesAnyStateThatOfAnyOther(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 500 {
		now, then := randomView(t, r), randomView(t, r)
		if then.Autopilot.ModifyIndex == 0 {
			now.Autopilot = Autopilot{} // what was never set leaves what is
		}
		v := now
		for _, cmd := range restoreCommands(7, saved(t, then), 100) {
			next, res, notify, err := v.Apply(cmd)
			if err != nil || !res.OK {
				t.Fatalf("%d: %+v, %v", i, res, err)
			}
			notify()
			v = next
		}
		if d := gocmp.Diff(content(then), content(v)); d != "" {
			t.Fatalf("%d: %s", i, d)
		}
		if v.upload != nil {
			t.Fatal("the upload is still there")
		}
	}
}

func TestRestoreIsOneWriteOnEveryServer(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.put(l, "same", "1")
	g.put(l, "gone", "1")
	g.put(l, "changed", "1")
	g.step(time.Second)
	state := saved(t, l.View())
	before := content(l.View())
	g.do(l, KVCommand(deletion("gone")))
	g.put(l, "changed", "2")
	g.put(l, "new", "2")
	same, sameIndex := l.View().KV.Get("same", nil)
	_, nodeIndex := l.View().Catalog.Node(l.cfg.Name, nil)
	var woken []string
	for _, key := range []string{"same", "gone", "changed", "new"} {
		l.View().KV.Get(key, radix.NewWaiter(func() { woken = append(woken, key) }))
	}
	cmds := restoreCommands(7, state, 50)
	old := content(l.View())
	for _, cmd := range cmds[:len(cmds)-1] {
		g.do(g.follower(), cmd)
	}
	if d := gocmp.Diff(old, content(l.View())); d != "" || len(woken) > 0 {
		t.Fatalf("before the last entry: woken %v, %s", woken, d)
	}
	res := g.do(g.follower(), cmds[len(cmds)-1])
	g.step(time.Second)
	for _, n := range g.nodes {
		if d := gocmp.Diff(before, content(n.View())); d != "" {
			t.Errorf("%s: %s", n.cfg.Name, d)
		}
	}
	slices.Sort(woken)
	if d := gocmp.Diff([]string{"changed", "gone", "new"}, woken); d != "" {
		t.Errorf("woken: %s", d)
	}
	if e, index := l.View().KV.Get("same", nil); index != sameIndex || e.ModifyIndex != same.ModifyIndex {
		t.Errorf("what did not change has another index, %d and not %d", index, sameIndex)
	}
	if _, index := l.View().Catalog.Node(l.cfg.Name, nil); index != nodeIndex {
		t.Errorf("a node that did not change has another index, %d and not %d", index, nodeIndex)
	}
	for _, key := range []string{"gone", "changed", "new"} {
		if _, index := l.View().KV.Get(key, nil); index != res.Index {
			t.Errorf("%s has index %d, want that of the restore, %d", key, index, res.Index)
		}
	}
}

func TestRestoreThatIsNotWholeChangesNothing(t *testing.T) {
	then := newMachine().view
	then, _, _, _ = then.Apply(KVCommand(kv.Command{Op: kv.OpSet, Key: "a", Value: []byte("then")}))
	state := saved(t, then)
	good := restoreCommands(7, state, 20)
	last := len(good) - 1
	other := bytes.Clone(state)
	other[len(other)-1] ^= 1
	garbage := []byte("this is no state")
	with := func(list [][]byte, more ...[]byte) [][]byte { return append(slices.Clone(list), more...) }
	for name, test := range map[string]struct {
		cmds [][]byte
		says string // the first refusal
	}{
		"without a begin":         {good[1:], "begin again"},
		"a part is missing":       {with(good[:2], good[3:]...), "a part of 20 bytes at 40, where 20 of"},
		"without the last part":   {with(good[:last-1], good[last]), "bytes have arrived"},
		"another has begun":       {with(good[:last], BeginRestoreCommand(8, 5), good[last]), "another restore has begun"},
		"a part of another":       {[][]byte{BeginRestoreCommand(8, 50), RestorePartCommand(7, 0, []byte("x"))}, "another restore has begun"},
		"it was aborted":          {with(good[:last], AbortRestoreCommand(7), good[last]), "given up"},
		"another checksum":        {with(good[:last], CommitRestoreCommand(7, sha256.Sum256(other))), "another checksum"},
		"it is no state":          {restoreCommands(7, garbage, 20), "load snapshot"},
		"it is too large":         {[][]byte{BeginRestoreCommand(7, MaxRestore+1)}, "at most"},
		"more than was announced": {[][]byte{BeginRestoreCommand(7, 5), RestorePartCommand(7, 0, []byte("123456"))}, "0 of 5 are there"},
		"an empty part":           {[][]byte{BeginRestoreCommand(7, 5), RestorePartCommand(7, 0, nil)}, "a part of 0 bytes"},
	} {
		v := newMachine().view
		v, _, _, _ = v.Apply(KVCommand(kv.Command{Op: kv.OpSet, Key: "a", Value: []byte("now")}))
		before, refusal := content(v), ""
		for _, cmd := range test.cmds {
			next, res, _, err := v.Apply(cmd)
			if err != nil {
				t.Fatal(err)
			}
			refusal = cmp.Or(refusal, res.Err)
			v = next
		}
		if d := gocmp.Diff(before, content(v)); d != "" || !strings.Contains(refusal, test.says) {
			t.Errorf("%s: refused with %q, want %q; %s", name, refusal, test.says, d)
		}
	}
}

func TestUploadSurvivesASnapshot(t *testing.T) {
	then := newMachine().view
	then, _, _, _ = then.Apply(KVCommand(kv.Command{Op: kv.OpSet, Key: "a", Value: []byte("then")}))
	cmds := restoreCommands(7, saved(t, then), 20)
	v := newMachine().view
	for _, cmd := range cmds {
		var b bytes.Buffer // a snapshot and a restart before every command
		if err := SaveView(&b, v); err != nil {
			t.Fatal(err)
		}
		again, err := LoadView(&b)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := LoadView(bytes.NewReader(saved(t, again))); err != nil || plain.upload != nil {
			t.Fatalf("a saved state has an upload: %v", err)
		}
		next, res, _, err := again.Apply(cmd)
		if err != nil || !res.OK {
			t.Fatalf("%+v, %v", res, err)
		}
		v = next
	}
	if e, _ := v.KV.Get("a", nil); e == nil || string(e.Value) != "then" {
		t.Errorf("got %+v", e)
	}
}

func TestUploadThatNobodyGoesOnWithIsGivenUp(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	g.do(l, BeginRestoreCommand(7, 100))
	g.step(uploadTimeout / 2)
	g.do(l, RestorePartCommand(7, 0, []byte("x")))
	g.step(uploadTimeout / 2)
	if l.View().upload == nil {
		t.Fatal("it was given up while parts arrived")
	}
	g.step(uploadTimeout)
	for _, n := range g.nodes {
		if n.View().upload != nil {
			t.Errorf("%s still has it", n.cfg.Name)
		}
	}
}

func TestMembersAreSeenAsTheyAreAfterARestore(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	l := g.leader()
	state := saved(t, newMachine().view) // nobody was there
	for _, cmd := range restoreCommands(7, state, 50) {
		g.do(l, cmd)
	}
	g.step(100 * time.Millisecond)
	for _, n := range g.nodes {
		if got := health(l, n.cfg.Name); got != catalog.Passing {
			t.Errorf("%s is %s", n.cfg.Name, got)
		}
	}
}

func FuzzDecodeRestore(f *testing.F) {
	f.Add(RestorePartCommand(7, 5, []byte("x"))[commandHeader:])
	f.Add(CommitRestoreCommand(7, sha256.Sum256(nil))[commandHeader:])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := decodeRestore(b)
		if err != nil {
			return
		}
		again, err := decodeRestore(appendRestore(c)[commandHeader:])
		if err != nil || !gocmp.Equal(c, again, gocmp.AllowUnexported(restoreCommand{})) {
			t.Fatalf("%+v became %+v, %v", c, again, err)
		}
		m := newMachine()
		if _, notify, err := m.apply([]raft.Entry{{Index: 1, Term: 1, Data: appendRestore(c)}}); err != nil {
			t.Fatal(err)
		} else {
			notify()
		}
	})
}
