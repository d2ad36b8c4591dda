package raft

import (
	"errors"
	"testing"
)

func part(offset uint64, data string, last bool) SnapshotPart {
	meta := SnapshotMeta{Index: 7, Term: 2, Config: configOf("n1", "n2", "n3")}
	return SnapshotPart{Meta: meta, Offset: offset, Data: []byte(data), Last: last}
}

// The same snapshot of another leader, or of the same one in another term, may
// have other bytes: parts of the two are not mixed.
func TestPartsOfDifferentSendersAreNotMixed(t *testing.T) {
	c := newCore(t, nil, 1)
	expect(t, c.gets("n2", 2, part(0, "abcd", false)), SnapshotAck{Index: 7, Received: 4})
	expect(t, c.gets("n2", 3, part(4, "efgh", true)), SnapshotAck{Index: 7, Received: 0})
	expect(t, c.gets("n2", 3, part(0, "abcd", false)), SnapshotAck{Index: 7, Received: 4})
	expect(t, c.gets("n3", 4, part(4, "efgh", true)), SnapshotAck{Index: 7, Received: 0})
	if c.LastIndex() != 1 {
		t.Errorf("the log ends at %d", c.LastIndex())
	}
}

// A part is stored once and in order, whatever comes twice or too early.
func TestPartsAreStoredInOrder(t *testing.T) {
	c := newCore(t, nil, 1)
	var stored string
	for _, p := range []SnapshotPart{part(0, "ab", false), part(4, "ef", true), part(0, "ab", false), part(2, "cd", false), part(2, "cd", false), part(4, "ef", true)} {
		c.Receive(c.now, Message{From: "n2", To: "n1", Cluster: 1, Term: 2, Body: p})
		e := c.Effects()
		for _, s := range e.SnapshotParts {
			stored += string(s.Data)
		}
		if (e.Restore != nil) != (len(stored) == 6) {
			t.Fatalf("restores with %q stored", stored)
		}
	}
	if stored != "abcdef" {
		t.Errorf("stored %q", stored)
	}
}

// A leader whose own disk hangs commits with the others', but takes no snapshot
// of what its disk lacks: the log on it would have a gap.
func TestNoSnapshotOfWhatIsNotDurableHere(t *testing.T) {
	c := newCore(t, nil, 1).leads()
	if _, _, err := c.Propose(c.now, [][]byte{[]byte("a")}); err != nil {
		t.Fatal(err)
	}
	write := c.Effects().Write
	for _, id := range []NodeID{"n2", "n3"} {
		c.Receive(c.now, Message{From: id, To: "n1", Cluster: 1, Term: 2, Body: AppendAccept{Match: 3}})
	}
	if n := len(c.Effects().Committed); n != 1 {
		t.Fatalf("handed out %d entries", n)
	}
	if _, err := c.SnapshotMeta(3); !errors.Is(err, ErrSnapshotIndex) {
		t.Errorf("before it is durable: %v", err)
	}
	c.Persisted(c.now, write.ID)
	meta, err := c.SnapshotMeta(3)
	if err != nil || meta.Index != 3 || meta.Term != 2 || !meta.Config.Equal(configOf("n1", "n2", "n3")) {
		t.Errorf("%v, %v", meta, err)
	}
	c.Compact(c.now, meta)
	for _, index := range []Index{2, 3, 4} {
		if _, err := c.SnapshotMeta(index); !errors.Is(err, ErrSnapshotIndex) {
			t.Errorf("at %d, with one at 3: %v", index, err)
		}
	}
}

// A snapshot that cannot be read now is asked for again, from where the
// follower is.
func TestASnapshotThatCannotBeReadIsTriedAgain(t *testing.T) {
	c := newCore(t, func(cfg *Config, _ *Stored) { cfg.KeepEntries = -1 }, 1, 1, 1).leads()
	meta, err := c.SnapshotMeta(4)
	if err != nil {
		t.Fatal(err)
	}
	c.Compact(c.now, meta)
	p := c.lead.peer("n3")
	p.match = 1
	p.probe(2)
	c.lead.dirty = true

	reads := c.Effects().SnapshotReads
	if len(reads) != 1 || reads[0].To != "n3" || reads[0].Offset != 0 || reads[0].Meta.Index != 4 {
		t.Fatalf("reads %+v", reads)
	}
	c.SnapshotData(c.now, reads[0], nil, false, errors.New("try later"))
	if e := c.Effects(); len(e.SnapshotReads) != 0 {
		t.Fatal("asked again at once")
	}
	c.now = c.Deadline()
	c.Tick(c.now)
	c.Receive(c.now, Message{From: "n3", To: "n1", Cluster: 1, Term: 2, Body: HeartbeatAck{Round: 1, SentAt: c.now}})
	reads = c.Effects().SnapshotReads
	if len(reads) != 1 {
		t.Fatal("not asked again")
	}
	c.SnapshotData(c.now, reads[0], []byte("abc"), false, nil)
	expect(t, c.Effects().Messages, SnapshotPart{Meta: meta, Data: []byte("abc")})
	c.Receive(c.now, Message{From: "n3", To: "n1", Cluster: 1, Term: 2, Body: SnapshotAck{Index: 4, Received: 9}})
	if reads = c.Effects().SnapshotReads; len(reads) != 1 || reads[0].Offset != 9 {
		t.Errorf("it does not go on where the follower is: %+v", reads)
	}
}

// What stays behind a snapshot is bounded in entries and in bytes.
func TestTheLogBeforeASnapshotIsBounded(t *testing.T) {
	var l log
	for i := range 100 {
		l.append(Entry{Index: Index(i + 1), Term: 1, Data: make([]byte, 1000)})
	}
	size := l.slice(1, 1)[0].size()
	for _, tc := range []struct {
		entries, bytes int
		want           Index // up to here the log is forgotten
	}{
		{10, 1 << 20, 80}, {10, 3 * size, 87}, {10, 3*size - 1, 88}, {0, 1 << 20, 90}, {10, 0, 90}, {1000, 1 << 20, 0},
	} {
		if got := l.keepFrom(90, tc.entries, tc.bytes); got != tc.want {
			t.Errorf("keep %d entries, %d bytes before 90: forgotten up to %d, want %d", tc.entries, tc.bytes, got, tc.want)
		}
	}
}
