package server

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"praetor/catalog"
	"praetor/kv"
	"praetor/raft"
)

func deletion(key string) kv.Command { return kv.Command{Op: kv.OpDelete, Key: key} }

var peerBodies = []PeerBody{
	{Raft: &raft.Message{From: "a", To: "b", Cluster: 7, Term: 3, Body: raft.AppendRequest{PrevIndex: 1, PrevTerm: 1, Commit: 1,
		Entries: []raft.Entry{{Index: 2, Term: 3, Data: KVCommand(deletion("x"))}}}}},
	{Forward: &Forward{ID: 1 << 60, Cmd: []byte("command")}},
	{Reply: &Reply{ID: 5, Code: codeBusy}},
	{Reply: &Reply{ID: 6, Result: Result{Index: 9, OK: true}}},
	{Reply: &Reply{ID: 7, Result: Result{Index: 9, Err: "refused"}}},
	{Reply: &Reply{ID: 8, Result: Result{OK: true, Data: []byte("a report")}}},
}

func TestPeerBodiesSurviveTheWire(t *testing.T) {
	for _, b := range peerBodies {
		got, err := DecodePeer(AppendPeer(nil, b))
		if err != nil {
			t.Errorf("%+v: %v", b, err)
		}
		if d := cmp.Diff(b, got); d != "" {
			t.Error(d)
		}
	}
}

func TestEveryErrorCrossesTheWire(t *testing.T) {
	for c := range codeEnd {
		if got := codeOf(codeErrors[c]); got != c {
			t.Errorf("code %d comes back as %d", c, got)
		}
	}
	if got := codeOf(errors.New("another")); got != codeLost {
		t.Errorf("an unknown error must be one of unknown outcome, not %d", got)
	}
}

func FuzzDecodePeer(f *testing.F) {
	for _, b := range peerBodies {
		f.Add(AppendPeer(nil, b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		body, err := DecodePeer(b)
		if err != nil {
			return
		}
		again, err := DecodePeer(AppendPeer(nil, body))
		if err != nil {
			t.Fatalf("decode what was encoded: %v", err)
		}
		if d := cmp.Diff(body, again); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzApply(f *testing.F) {
	f.Add(KVCommand(kv.Command{Op: kv.OpSet, Key: "a", Value: []byte("b")}))
	f.Add(RegisterCommand(catalog.Registration{Node: catalog.Node{Node: "n", Address: "10.0.0.1"}}))
	f.Add(DeregisterCommand(catalog.Deregistration{Node: "n"}))
	f.Add(SetAutopilotCommand(DefaultAutopilot))
	f.Add(BeginRestoreCommand(7, 100))
	f.Add(HealthCommand())
	f.Fuzz(func(t *testing.T, cmd []byte) {
		m := newMachine()
		entry := raft.Entry{Index: 1, Term: 1, Data: cmd}
		results, notify, err := m.apply([]raft.Entry{entry})
		if err != nil {
			if !errors.Is(err, errVersion) || m.view.Index != 0 {
				t.Fatalf("%v, view at %d", err, m.view.Index)
			}
			return
		}
		notify()
		if len(results) != 1 || m.view.Index != 1 || results[0].result.OK && results[0].result.Err != "" {
			t.Fatalf("%+v", results)
		}
	})
}

func TestCommandOfANewerVersionStopsTheServer(t *testing.T) {
	m := newMachine()
	for _, cmd := range [][]byte{{2, 1, 0}, {commandVersion, 99, 0}} {
		if _, _, err := m.apply([]raft.Entry{{Index: 1, Term: 1, Data: cmd}}); !errors.Is(err, errVersion) {
			t.Errorf("% x: got %v, want errVersion", cmd, err)
		}
	}
}

func TestEntriesOutOfOrderPanic(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("entry 2 was applied before entry 1")
		}
	}()
	m := newMachine()
	m.apply([]raft.Entry{{Index: 2, Term: 1}})
}

func TestViewSurvivesASnapshot(t *testing.T) {
	m := newMachine()
	m.apply([]raft.Entry{
		{Index: 1, Term: 1, Data: KVCommand(kv.Command{Op: kv.OpSet, Key: "a", Value: []byte("b")})},
		{Index: 2, Term: 1, Data: RegisterCommand(catalog.Registration{Node: catalog.Node{Node: "n", Address: "10.0.0.1"}})},
	})
	var buf bytes.Buffer
	if err := SaveView(&buf, m.view); err != nil {
		t.Fatal(err)
	}
	saved := buf.Bytes()
	got, err := LoadView(bytes.NewReader(saved))
	if err != nil {
		t.Fatal(err)
	}
	if got.Index != 2 || got.KV.Hash() != m.view.KV.Hash() || got.Catalog.Hash() != m.view.Catalog.Hash() {
		t.Errorf("got %+v", got)
	}
	for n := range saved {
		if _, err := LoadView(bytes.NewReader(saved[:n])); err == nil {
			t.Errorf("the first %d of %d bytes pass for a whole snapshot", n, len(saved))
		}
	}
	if _, err := LoadView(bytes.NewReader(append(bytes.Clone(saved), 0))); err == nil {
		t.Error("a byte too many passes")
	}
}

func FuzzLoadView(f *testing.F) {
	var buf bytes.Buffer
	SaveView(&buf, newMachine().view)
	f.Add(buf.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := LoadView(bytes.NewReader(b))
		if err == nil {
			SaveView(&bytes.Buffer{}, v)
		}
	})
}
