package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"praetor/raft"
)

// election is what an experiment on Raft's elections varies. Five servers have
// a leader n1, which is heard for the last time and dies; the others are bare
// cores, with a wire and a disk between them that take random times.
type election struct {
	low, high  time.Duration // the range of the election timeouts
	failed     int           // servers that are down, n1 among them
	behind     int           // survivors whose log lacks an entry that the others have
	wire, disk delay
	scattered  bool          // the last heartbeat takes its time to arrive
	crash      time.Duration // n1 dies up to so long after its last heartbeat
}

// delay is a uniformly distributed time.
type delay struct{ low, high time.Duration }

func (d delay) draw(rnd *rand.Rand) time.Duration { return spread(rnd, d.low, d.high-d.low) }

// result is what came of one trial, in time since the crash.
type result struct {
	won   time.Duration // somebody became leader
	heard time.Duration // and all others know
	terms int           // elections that it took
}

// noLeaderFor is when a trial that found no leader ends.
const noLeaderFor = 10 * time.Second

// trial is one election in its course.
type trial struct {
	election
	rnd     *rand.Rand
	queue   queue
	now     time.Duration
	servers map[raft.NodeID]*candidate
	order   []raft.NodeID // of the survivors
	won     time.Duration
	leader  *candidate // the last that won, or nil
}

// candidate is a survivor.
type candidate struct {
	id   raft.NodeID
	core *raft.Raft
	disk time.Duration // when its disk is free
}

// run plays one trial.
func (e election) run(rnd *rand.Rand) result {
	t := &trial{election: e, rnd: rnd, servers: map[raft.NodeID]*candidate{}}
	crash := spread(rnd, 0, e.crash)
	for i := e.failed; i < 5; i++ {
		t.begin(i, i >= 5-e.behind)
	}
	for t.now < noLeaderFor {
		ev := t.queue.take()
		t.now = ev.at
		ev.do()
		if t.known() {
			return result{won: t.won - crash, heard: t.now - crash, terms: int(t.leader.core.Term()) - 1}
		}
	}
	return result{won: noLeaderFor, heard: noLeaderFor}
}

// begin starts the server n<i+1>, which hears n1's last heartbeat.
func (t *trial) begin(i int, behind bool) {
	id := raft.NodeID(fmt.Sprintf("n%d", i+1))
	c := &candidate{id: id, core: t.core(id, behind)}
	t.servers[id], t.order = c, append(t.order, id)
	var late time.Duration
	if t.scattered {
		late = t.wire.draw(t.rnd)
	}
	t.queue.add(late, func() {
		c.core.Receive(t.now, raft.Message{From: "n1", To: id, Cluster: 1, Term: 1, Body: raft.Heartbeat{Round: 1}})
		t.carryOut(c)
	})
}

// core returns a server as the leader of term 1 left it.
func (t *trial) core(id raft.NodeID, behind bool) *raft.Raft {
	stored := raft.Stored{
		Hard:     raft.HardState{Cluster: 1, Term: 1},
		Snapshot: raft.SnapshotMeta{Index: 1, Term: 1, Config: fiveServers},
	}
	if !behind {
		stored.Entries = []raft.Entry{{Index: 2, Term: 1}}
	}
	core, err := raft.New(0, raft.Config{
		ID:                 id,
		ElectionTimeoutMin: t.low,
		ElectionTimeoutMax: t.high,
		HeartbeatInterval:  t.low / 2,
		DisablePreVote:     true,
		DisableCheckQuorum: true,
		Rand:               rand.New(rand.NewPCG(t.rnd.Uint64(), t.rnd.Uint64())),
	}, stored)
	if err != nil {
		panic(err) // the settings above are good
	}
	return core
}

var fiveServers = raft.Configuration{Voters: []raft.Peer{{ID: "n1"}, {ID: "n2"}, {ID: "n3"}, {ID: "n4"}, {ID: "n5"}}}

// carryOut does what a server wants, and lets it know when its time comes.
func (t *trial) carryOut(c *candidate) {
	for c.core.HasEffects() {
		e := c.core.Effects()
		for _, m := range e.Messages {
			to, ok := t.servers[m.To]
			if !ok {
				continue // it is down
			}
			t.queue.add(t.now+t.wire.draw(t.rnd), func() {
				to.core.Receive(t.now, m)
				t.carryOut(to)
			})
		}
		if e.Write != nil {
			t.write(c, e.Write.ID)
		}
	}
	if c.core.Role() == raft.Leader && t.leader != c {
		t.leader, t.won = c, t.now
	}
	t.queue.add(max(t.now, c.core.Deadline()), func() {
		if t.now >= c.core.Deadline() {
			c.core.Tick(t.now)
			t.carryOut(c)
		}
	})
}

// write makes a write durable when the disk has done it and those before it.
func (t *trial) write(c *candidate, id raft.WriteID) {
	c.disk = max(t.now, c.disk) + t.disk.draw(t.rnd)
	t.queue.add(c.disk, func() {
		c.core.Persisted(t.now, id)
		t.carryOut(c)
	})
}

// known reports whether all survivors know of the new leader.
func (t *trial) known() bool {
	if t.leader == nil {
		return false
	}
	for _, id := range t.order {
		if t.servers[id].core.Leader() != t.leader.id {
			return false
		}
	}
	return true
}
