package raft

import (
	"math/rand/v2"
	"testing"
)

// An append that reaches from before a follower's snapshot to behind its log is
// taken for what is new in it.
func TestAnAppendMayBeginInWhatIsCompacted(t *testing.T) {
	for _, tc := range []struct {
		prev Index
		new  []Term
		want Body
	}{
		{1, []Term{1, 2, 2, 2}, AppendAccept{Match: 5}}, // 2..5: 2 and 3 are in the snapshot
		{1, []Term{1, 2}, AppendAccept{Match: 3}},       // nothing is new
		{1, nil, AppendAccept{Match: 3}},
		{3, []Term{2}, AppendAccept{Match: 4}},
	} {
		c := newCore(t, func(_ *Config, st *Stored) {
			st.Snapshot = SnapshotMeta{Index: 3, Term: 2, Config: configOf("n1", "n2", "n3")}
			st.Hard.Term = 2
		})
		t.Logf("%+v", tc)
		expect(t, c.gets("n2", 2, AppendRequest{PrevIndex: tc.prev, PrevTerm: 1 + Term(tc.prev/3), Entries: entries(tc.prev+1, tc.new...)}), tc.want)
	}
}

// Answers that come late tell of the past; none may take back what is known.
func TestLateAnswersChangeNothing(t *testing.T) {
	for _, b := range []Body{
		AppendReject{PrevIndex: 1, HintIndex: 1},
		AppendReject{PrevIndex: 2, HintTerm: 1, HintIndex: 1},
		AppendAccept{Match: 1},
		AppendAccept{Match: 99}, // of a log that is not this one
		SnapshotAck{Index: 1, Received: 10},
		HeartbeatAck{},
		ReadResponse{Seq: 1, Index: 9, OK: true},
		VoteResponse{Granted: true},
	} {
		c := newCore(t, nil, 1).leads()
		before := c.Status().String()
		c.gets("n2", c.Term(), b)
		if after := c.Status().String(); after != before {
			t.Errorf("%T %v:\n%s\n%s", b, b, before, after)
		}
	}
}

// Nobody but a member is counted, whatever it says.
func TestStrangersAreNotCounted(t *testing.T) {
	c := newCore(t, nil, 1).leads()
	if _, _, err := c.Propose(c.now, [][]byte{[]byte("a")}); err != nil {
		t.Fatal(err)
	}
	c.flush()
	for _, id := range []NodeID{"n8", "n9"} {
		c.gets(id, c.Term(), AppendAccept{Match: c.LastIndex()})
		c.gets(id, c.Term(), HeartbeatAck{Round: 9, SentAt: c.now})
	}
	if c.Committed() == c.LastIndex() || c.LeaseUntil() != 0 {
		t.Errorf("committed %d, lease until %v", c.Committed(), c.LeaseUntil())
	}
}

// What a learner acknowledges commits nothing, and its answers give no lease
// (thesis 4.2.1).
func TestLearnersAreNotCounted(t *testing.T) {
	c := newCore(t, func(_ *Config, st *Stored) {
		config := configOf("n1", "n2", "n3")
		config.Learners = peersOf("n4", "n5")
		st.Entries[0].Data = AppendConfiguration(nil, config)
	}, 1).leads()
	if _, _, err := c.Propose(c.now, [][]byte{[]byte("a")}); err != nil {
		t.Fatal(err)
	}
	c.now = c.Deadline()
	c.Tick(c.now)
	c.flush()
	for _, id := range []NodeID{"n4", "n5"} {
		c.gets(id, c.Term(), AppendReject{PrevIndex: 1, HintIndex: 1})
		c.gets(id, c.Term(), AppendAccept{Match: c.LastIndex()})
		c.gets(id, c.Term(), HeartbeatAck{Round: 1, SentAt: c.now})
	}
	if c.Committed() == c.LastIndex() || c.LeaseUntil() != 0 {
		t.Errorf("committed %d, lease until %v", c.Committed(), c.LeaseUntil())
	}
}

// One message is bounded in bytes; an entry larger than the bound goes alone.
func TestAppendsAreBoundedInBytes(t *testing.T) {
	c := newCore(t, func(cfg *Config, _ *Stored) { cfg.MaxAppendBytes = 100 }, 1).leads()
	var cmds [][]byte
	for _, size := range []int{20, 20, 20, 300, 20, 84, 84} {
		cmds = append(cmds, make([]byte, size))
	}
	if _, _, err := c.Propose(c.now, cmds); err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, m := range c.flush() {
		if b, ok := m.Body.(AppendRequest); ok && m.To == "n2" {
			got = append(got, len(b.Entries))
		}
	}
	if want := []int{2, 1, 1, 1, 1, 1}; len(got) != len(want) || got[0] != 2 || got[1] != 1 {
		t.Errorf("batches of %v, want %v", got, want)
	}
}

// The window is bounded in bytes as well.
func TestTheWindowIsBoundedInBytes(t *testing.T) {
	c := newCore(t, func(cfg *Config, _ *Stored) { cfg.MaxAppendBytes, cfg.MaxInflightBytes = 1, 200 }, 1).leads()
	var cmds [][]byte
	for range 10 {
		cmds = append(cmds, make([]byte, 84)) // 100 with its allowance
	}
	if _, _, err := c.Propose(c.now, cmds); err != nil {
		t.Fatal(err)
	}
	sent := 0
	for _, m := range c.flush() {
		if m.To == "n2" {
			sent++
		}
	}
	if sent != 2 {
		t.Errorf("%d requests of 100 bytes are out, the window holds 200", sent)
	}
}

// A snapshot that comes late, of what is committed here already, takes nothing
// back.
func TestALateSnapshotChangesNothing(t *testing.T) {
	c := newCore(t, nil, 1, 1, 1, 1, 1)
	c.gets("n2", 1, AppendRequest{PrevIndex: 5, PrevTerm: 1, Commit: 5})
	before := c.Status().String()
	meta := SnapshotMeta{Index: 3, Term: 1, Config: configOf("n1", "n2", "n3")}
	expect(t, c.gets("n2", 1, SnapshotPart{Meta: meta, Last: true}), AppendAccept{Match: 5})
	if after := c.Status().String(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// Acknowledgements that wait for the same write are one, of the higher index.
func TestOneWriteOneAcknowledgement(t *testing.T) {
	c := newCore(t, nil, 1)
	for _, b := range []AppendRequest{
		{PrevIndex: 1, PrevTerm: 1, Entries: entries(2, 1)},
		{PrevIndex: 2, PrevTerm: 1, Entries: entries(3, 1, 1)},
		{PrevIndex: 1, PrevTerm: 1, Entries: entries(2, 1)}, // once more
	} {
		c.Receive(c.now, Message{From: "n2", To: "n1", Cluster: 1, Term: 1, Body: b})
	}
	e := c.Effects()
	if len(e.Messages) > 0 || len(e.Write.Entries) != 3 {
		t.Fatalf("said %v, wrote %v", e.Messages, e.Write.Entries)
	}
	c.Persisted(c.now, e.Write.ID)
	expect(t, c.flush(), AppendAccept{Match: 4})
}

// The answer to a heartbeat raises a question about an append only if the
// append left before the heartbeat: a younger one may still be on its way.
func TestAnAppendYoungerThanTheHeartbeatIsNotAskedFor(t *testing.T) {
	c := newCore(t, nil, 1).leads()
	c.now = c.Deadline()
	c.Tick(c.now)
	c.flush()
	old := c.now
	c.now += 1000
	if _, _, err := c.Propose(c.now, [][]byte{[]byte("a")}); err != nil {
		t.Fatal(err)
	}
	c.flush()
	expect(t, c.gets("n2", 2, HeartbeatAck{Round: 1, SentAt: old}))
	c.now = c.Deadline()
	c.Tick(c.now)
	c.flush()
	expect(t, c.gets("n2", 2, HeartbeatAck{Round: 2, SentAt: c.now}), AppendRequest{PrevIndex: 3, PrevTerm: 2, Commit: 2})
}

// A write that is under way when another leader's entries take the place of its
// own makes nothing durable of them.
func TestAWriteThatWasOvertakenMakesNothingDurable(t *testing.T) {
	st := Stored{Hard: HardState{Cluster: 1, Term: 1}, Entries: entries(1, 1)}
	st.Entries[0].Kind, st.Entries[0].Data = EntryConfig, AppendConfiguration(nil, configOf("n1", "n2", "n3"))
	r, err := New(0, Config{ID: "n1", Rand: rand.New(rand.NewPCG(1, 1))}, st)
	if err != nil {
		t.Fatal(err)
	}
	var ids []WriteID
	for _, m := range []struct {
		from NodeID
		term Term
	}{{"n2", 2}, {"n3", 3}} {
		r.Receive(0, Message{From: m.from, To: "n1", Cluster: 1, Term: m.term,
			Body: AppendRequest{PrevIndex: 1, PrevTerm: 1, Entries: entries(2, m.term, m.term)}})
		ids = append(ids, r.Effects().Write.ID)
	}
	r.Persisted(0, ids[0])
	if got := r.Status().Log.Stable; got != 1 {
		t.Errorf("durable up to %d after the first write alone, want 1", got)
	}
	r.Persisted(0, ids[1])
	if got := r.Status().Log.Stable; got != 3 {
		t.Errorf("durable up to %d after both writes, want 3", got)
	}
}
