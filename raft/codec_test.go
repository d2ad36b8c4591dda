package raft

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"praetor/internal/wire"
)

// messages holds one of each kind, with every field set.
func messages() []Message {
	c := configOf("n1", "n2")
	c.Learners, c.Outgoing = peersOf("n4"), peersOf("n1", "n3", "n4")
	config := AppendConfiguration(nil, c)
	var all []Message
	for _, b := range []Body{
		VoteRequest{LastIndex: 1 << 40, LastTerm: 6, Pre: true, Transfer: true},
		VoteResponse{Pre: true, Granted: true},
		AppendRequest{PrevIndex: 4, PrevTerm: 2, Commit: 3, Entries: []Entry{
			{Index: 5, Term: 2, Data: []byte("x")}, {Index: 6, Term: 5, Kind: EntryNoop, Data: []byte{}}, {Index: 7, Term: 5, Kind: EntryConfig, Data: config}}},
		AppendRequest{},
		AppendAccept{Match: 9},
		AppendReject{PrevIndex: 9, HintTerm: 3, HintIndex: 7},
		Heartbeat{Round: 1 << 63, SentAt: 7, Commit: 8},
		HeartbeatAck{Round: 9, SentAt: 10},
		SnapshotPart{Meta: SnapshotMeta{Index: 9, Term: 3, Config: c}, Offset: 1 << 50, Data: []byte("data"), Last: true},
		SnapshotAck{Index: 9, Received: 100},
		TimeoutNow{},
		ReadRequest{Seq: 1 << 63, Mode: ReadLease},
		ReadResponse{Seq: 1, Index: 2, OK: true},
		StaleTerm{},
	} {
		all = append(all, Message{From: "n1", To: "n2", Cluster: 1 << 63, Term: 7, Body: b})
	}
	return all
}

func TestDecodeMessageGivesBackWhatWasEncoded(t *testing.T) {
	for _, m := range messages() {
		b := AppendMessage([]byte("prefix"), m)
		got, err := DecodeMessage(b[len("prefix"):])
		if err != nil {
			t.Fatalf("%v: %v", m, err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", m, diff)
		}
	}
}

func TestDecodeMessageRefusesEveryCut(t *testing.T) {
	for _, m := range messages() {
		b := AppendMessage(nil, m)
		for n := range b {
			if got, err := DecodeMessage(b[:n]); err == nil {
				t.Errorf("%v cut to %d of %d bytes decodes as %v", m, n, len(b), got)
			}
		}
		if _, err := DecodeMessage(append(b, 0)); !errors.Is(err, wire.ErrTrailing) {
			t.Errorf("%v with a byte too many: %v", m, err)
		}
	}
}

func TestDecodeMessageRefusesWhatNoServerSends(t *testing.T) {
	entry := func(e Entry) Message {
		return Message{From: "n1", To: "n2", Term: 7, Body: AppendRequest{Entries: []Entry{e}}}
	}
	version := AppendMessage(nil, messages()[0])
	version[0] = 9
	kind := AppendMessage(nil, messages()[0])
	kind[1] = 99
	for name, b := range map[string][]byte{
		"version":                    version,
		"kind":                       kind,
		"entry of a future term":     AppendMessage(nil, entry(Entry{Index: 1, Term: 8})),
		"entry of term 0":            AppendMessage(nil, entry(Entry{Index: 1})),
		"entry of an unknown kind":   AppendMessage(nil, entry(Entry{Index: 1, Term: 1, Kind: 3})),
		"noop with data":             AppendMessage(nil, entry(Entry{Index: 1, Term: 1, Kind: EntryNoop, Data: []byte("x")})),
		"configuration of no voters": AppendMessage(nil, entry(Entry{Index: 1, Term: 1, Kind: EntryConfig, Data: []byte{1, 0, 0, 0}})),
		"a voter twice":              AppendMessage(nil, entry(Entry{Index: 1, Term: 1, Kind: EntryConfig, Data: AppendConfiguration(nil, configOf("n1", "n1"))})),
		"index beyond half":          AppendMessage(nil, Message{From: "n1", To: "n2", Term: 7, Body: AppendAccept{Match: 1 << 63}}),
	} {
		if m, err := DecodeMessage(b); err == nil {
			t.Errorf("%s: decodes as %v", name, m)
		}
	}
}

func TestEntriesGiveBackWhatWasEncoded(t *testing.T) {
	want := messages()[2].Body.(AppendRequest).Entries
	var b []byte
	for _, e := range want {
		b = AppendEntry(b, e)
	}
	got, err := decodeEntries(b)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// FuzzDecodeMessage checks that no input makes the decoder panic, and that what
// it takes encodes to something that decodes to the same.
func FuzzDecodeMessage(f *testing.F) {
	for _, m := range messages() {
		f.Add(AppendMessage(nil, m))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeMessage(b)
		if err != nil {
			return
		}
		again := AppendMessage(nil, m)
		m2, err := DecodeMessage(again)
		if err != nil {
			t.Fatalf("%v does not decode again: %v", m, err)
		}
		if diff := cmp.Diff(m, m2); diff != "" {
			t.Fatalf("changed:\n%s", diff)
		}
		_ = m.String()
	})
}

// FuzzReadEntry is the same for the entries of a log on disk.
func FuzzReadEntry(f *testing.F) {
	f.Add(AppendEntry(nil, Entry{Index: 5, Term: 2, Data: []byte("x")}))
	f.Fuzz(func(t *testing.T, b []byte) {
		entries, err := decodeEntries(b)
		if err != nil {
			return
		}
		var again []byte
		for _, e := range entries {
			again = AppendEntry(again, e)
		}
		back, err := decodeEntries(again)
		if diff := cmp.Diff(entries, back); diff != "" || err != nil {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		if len(again) > len(b) {
			t.Fatalf("%d bytes became %d: %x", len(b), len(again), bytes.TrimSpace(again))
		}
	})
}

// FuzzReceive gives a server a sequence of messages that decode, however little
// sense they make, and checks that it does not panic.
func FuzzReceive(f *testing.F) {
	var all []byte
	for _, m := range messages() {
		b := AppendMessage(nil, m)
		all = wire.AppendBytes(all, b)
		f.Add(wire.AppendBytes(nil, b), true)
	}
	f.Add(all, false)
	f.Fuzz(func(t *testing.T, b []byte, lead bool) {
		c := newCore(t, nil, 1, 1)
		if lead {
			c.leads()
		}
		for r := wire.NewReader(b); r.Len() > 0; {
			m, err := DecodeMessage(r.Bytes(len(b)))
			if r.Err() != nil {
				return
			}
			if err != nil || m.Term > 1<<40 {
				continue
			}
			m.To = "n1"
			c.Receive(c.now, m)
			c.Tick(c.Deadline())
			e := c.Effects()
			for _, read := range e.SnapshotReads {
				c.SnapshotData(c.now, read, []byte("part"), false, nil)
			}
			if e.Write != nil {
				c.Persisted(c.now, e.Write.ID)
			}
		}
	})
}

// FuzzDecodeConfiguration checks the same of a configuration, and that none is
// taken that cannot be in force.
func FuzzDecodeConfiguration(f *testing.F) {
	c := configOf("n1", "n2")
	c.Learners, c.Outgoing = peersOf("n4"), peersOf("n1", "n3")
	f.Add(AppendConfiguration(nil, c))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeConfiguration(b)
		if err != nil {
			return
		}
		if err := c.Validate(); err != nil {
			t.Fatalf("takes %v: %v", c, err)
		}
		again, err := DecodeConfiguration(AppendConfiguration(nil, c))
		if err != nil || !again.Equal(c) {
			t.Fatalf("%v became %v, %v", c, again, err)
		}
	})
}
