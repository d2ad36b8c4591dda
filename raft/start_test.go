package raft

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestNewRefusesAConfigThatMakesNoSense(t *testing.T) {
	good := func() Config { return Config{ID: "n1", Rand: rand.New(rand.NewPCG(1, 1))} }
	for _, tc := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.ID = "" }, "ID"},
		{func(c *Config) { c.ID = NodeID(strings.Repeat("x", 256)) }, "ID"},
		{func(c *Config) { c.Rand = nil }, "Rand"},
		{func(c *Config) { c.ElectionTimeoutMin, c.ElectionTimeoutMax = 2*time.Second, time.Second }, "ElectionTimeoutMax"},
		{func(c *Config) { c.HeartbeatInterval = time.Second }, "HeartbeatInterval"},
		{func(c *Config) { c.LeaseMargin = time.Second }, "LeaseMargin"},
		{func(c *Config) { c.MaxInflight = -1 }, "bounds"},
		{func(c *Config) { c.SnapshotPartBytes = MaxSnapshotPart + 1 }, "SnapshotPartBytes"},
	} {
		cfg := good()
		tc.change(&cfg)
		if _, err := New(0, cfg, Stored{}); err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("got %v, want an error about %s", err, tc.want)
		}
	}
	if _, err := New(0, good(), Stored{}); err != nil {
		t.Error(err)
	}
}

func TestNewRefusesAStoredLogThatCannotBe(t *testing.T) {
	config := Entry{Index: 1, Term: 1, Kind: EntryConfig, Data: AppendConfiguration(nil, configOf("n2"))}
	snapshot := SnapshotMeta{Index: 5, Term: 2, Config: configOf("n2")}
	for name, st := range map[string]Stored{
		"a gap":                               {Hard: HardState{Term: 9}, Entries: append([]Entry{config}, entries(3, 1)...)},
		"a gap behind the snapshot":           {Hard: HardState{Term: 9}, Snapshot: snapshot, Entries: entries(7, 3)},
		"a term that falls":                   {Hard: HardState{Term: 9}, Entries: append([]Entry{config}, entries(2, 3, 2)...)},
		"a term below the snapshot's":         {Hard: HardState{Term: 9}, Snapshot: snapshot, Entries: entries(6, 1)},
		"an entry of a term not entered yet":  {Hard: HardState{Term: 2}, Entries: append([]Entry{config}, entries(2, 3)...)},
		"a snapshot that the log contradicts": {Hard: HardState{Term: 9}, Snapshot: snapshot, Entries: entries(3, 1, 1, 3, 3)},
		"a snapshot with no configuration":    {Hard: HardState{Term: 9}, Snapshot: SnapshotMeta{Index: 5, Term: 2}},
		"a configuration that does not parse": {Hard: HardState{Term: 9}, Entries: []Entry{{Index: 1, Term: 1, Kind: EntryConfig}}},
	} {
		if _, err := New(0, Config{ID: "n1", Rand: rand.New(rand.NewPCG(1, 1))}, st); err == nil {
			t.Errorf("%s: it starts", name)
		}
	}
}

// What was committed before is handed out again after a restart, from the
// snapshot on and each entry once.
func TestRestartHandsOutCommittedEntriesFromTheSnapshotOn(t *testing.T) {
	c := newCore(t, func(_ *Config, st *Stored) {
		st.Snapshot = SnapshotMeta{Index: 3, Term: 2, Config: configOf("n1", "n2", "n3")}
	}, 1, 1, 2, 2, 2)
	if c.Committed() != 3 {
		t.Fatalf("committed %d before anything was heard", c.Committed())
	}
	var got []Index
	for range 3 {
		c.Receive(c.now, Message{From: "n2", To: "n1", Cluster: 1, Term: 2, Body: AppendRequest{PrevIndex: 5, PrevTerm: 2, Commit: 5}})
		for _, e := range c.Effects().Committed {
			got = append(got, e.Index)
		}
	}
	if len(got) != 2 || got[0] != 4 || got[1] != 5 {
		t.Errorf("handed out %v, want [4 5]", got)
	}
}

// An answer to a read from before a restart must not answer one after it: the
// names that a follower gives to its requests begin at random.
func TestReadRequestsOfTwoLivesHaveDifferentNames(t *testing.T) {
	names := map[uint64]bool{}
	for seed := range uint64(10) {
		c := newCore(t, func(cfg *Config, _ *Stored) { cfg.Rand = rand.New(rand.NewPCG(seed, 1)) }, 1)
		c.gets("n2", 1, Heartbeat{})
		if err := c.Read(c.now, 1, ReadQuorum); err != nil {
			t.Fatal(err)
		}
		names[c.flush()[0].Body.(ReadRequest).Seq] = true
	}
	if len(names) != 10 {
		t.Errorf("10 lives share %d names", len(names))
	}
}

func TestQueuesAreBounded(t *testing.T) {
	c := newCore(t, nil, 1)
	c.gets("n2", 1, Heartbeat{})
	for i := range maxReads {
		if err := c.Read(c.now, ReadID(i), ReadQuorum); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Read(c.now, 1, ReadQuorum); !errors.Is(err, ErrBusy) {
		t.Errorf("one read more on a follower: %v", err)
	}
	c.gets("n2", 1, Heartbeat{})
	c.campaigns()
	c.leads()
	for i := range maxReads {
		if err := c.Read(c.now, ReadID(i), ReadQuorum); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Read(c.now, 1, ReadQuorum); !errors.Is(err, ErrBusy) {
		t.Errorf("one read more on a leader: %v", err)
	}
	if _, _, err := c.Propose(c.now, [][]byte{make([]byte, MaxEntryBytes+1)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a command that is too large: %v", err)
	}
}

// A disk that hangs holds the answers, not the memory.
func TestHeldMessagesAreBounded(t *testing.T) {
	c := newCore(t, nil, 1)
	for i := range 3 * maxHeld {
		c.Receive(c.now, Message{From: "n2", To: "n1", Cluster: 1, Term: Term(i + 2), Body: VoteRequest{LastIndex: 1, LastTerm: 1}})
		c.Effects()
	}
	if n := len(c.disk.held); n > maxHeld {
		t.Errorf("%d messages are held, at most %d", n, maxHeld)
	}
}

func TestBootstrapRefuses(t *testing.T) {
	joint := configOf("n1")
	joint.Outgoing = peersOf("n2")
	for name, tc := range map[string]struct {
		terms   []Term
		cluster ClusterID
		config  Configuration
		want    error
	}{
		"a server with a log":       {[]Term{1}, 1, configOf("n1"), ErrNotEmpty},
		"cluster 0":                 {nil, 0, configOf("n1"), ErrNotEmpty},
		"one that is not a voter":   {nil, 1, configOf("n2"), ErrNotVoter},
		"a joint configuration":     {nil, 1, joint, ErrNotVoter},
		"a configuration of nobody": {nil, 1, Configuration{}, ErrConfiguration},
	} {
		c := newCore(t, nil, tc.terms...)
		if err := c.Bootstrap(c.now, tc.cluster, tc.config); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// A clock that is set back must not make the core act twice, or panic.
func TestAClockThatRunsBackwardsStandsStill(t *testing.T) {
	c := newCore(t, nil, 1).leads()
	lease := c.LeaseUntil()
	c.Tick(0)
	if c.Raft.now != c.now || c.LeaseUntil() != lease {
		t.Errorf("it is %v, the lease holds until %v, before %v", c.Raft.now, c.LeaseUntil(), lease)
	}
}
