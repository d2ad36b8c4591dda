package raft

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var exhaustive = flag.Bool("exhaustive", false, "search all states of the scopes, which takes two minutes")

// scopes are what is searched. Every leader begins with an entry of its own,
// so that two terms have two entries and more.
var scopes = []scope{
	{name: "one term, slow disks", disks: fresh, last: 2, slow: true, limit: counts{Commands: 1, Crashes: 1}},
	{name: "two terms", disks: fresh, last: 3, limit: counts{Crashes: 1}},
	{name: "a lost append is sent again", disks: fresh, last: 2, limit: counts{Beats: 1, Commands: 1}},
	{name: "figure 8", disks: figure8, last: 5},
}

// fresh are the disks of three servers that have a configuration, in term 1.
var fresh = [3]Stored{diskOf(1), diskOf(1), diskOf(1)}

// figure8 are those of the paper's figure 8 (c), as far as three servers show
// it: n1 led term 2 and n3 term 3, and nobody else has their entries.
//
//	n1  1 2
//	n2  1
//	n3  1 3
var figure8 = [3]Stored{diskOf(3, 2), diskOf(3), diskOf(3, 3)}

// diskOf returns a disk in a term, with entries of the terms behind a snapshot
// at 1 that holds the configuration.
func diskOf(hard Term, terms ...Term) Stored {
	meta := SnapshotMeta{Index: 1, Term: 1, Config: configOf(trioIDs[:]...)}
	return Stored{Hard: HardState{Cluster: 1, Term: hard}, Snapshot: meta, Entries: entries(2, terms...)}
}

// TestAllInterleavings searches the scopes for a state in which one of the five
// properties of figure 3 does not hold, or an invariant of Check: to the end
// with -exhaustive, else their first states.
func TestAllInterleavings(t *testing.T) {
	limit := 50_000
	switch {
	case *exhaustive:
		limit = 20_000_000
	case testing.Short():
		limit = 10_000
	}
	for _, s := range scopes {
		t.Run(s.name, func(t *testing.T) {
			start := time.Now()
			x := explore(s, plant{}, limit)
			if x.failure != nil {
				t.Fatalf("%v, after\n%s", x.failure, x.story())
			}
			all := "all"
			if len(x.visits) >= limit {
				all = "the first"
			}
			t.Logf("%s %d states, up to %d events away, %d states of a server, %.0f states/s",
				all, len(x.visits), x.depth, len(x.servers.table), float64(len(x.visits))/time.Since(start).Seconds())
			if *exhaustive && all != "all" {
				t.Error("the search did not end")
			}
		})
	}
}

// plant is a bug for the search to find. Its zero value is none.
type plant struct {
	lies      bool                         // the driver calls Persisted before a write is durable
	onRestart func(*Stored)                // changes the disk
	onReceive func(*Raft, Message) Message // changes a message
	onEvent   func(*Raft)                  // changes the server after an event
}

func (p plant) restart(d *Stored) {
	if p.onRestart != nil {
		p.onRestart(d)
	}
}

func (p plant) receive(r *Raft, m Message) Message {
	if p.onReceive == nil {
		return m
	}
	return p.onReceive(r, m)
}

func (p plant) after(r *Raft) {
	if p.onEvent != nil {
		p.onEvent(r)
	}
}

// commitsOldTerms commits by counting replicas whatever the term.
func commitsOldTerms(r *Raft) {
	if r.role != Leader {
		return
	}
	index := reached(r.members.quorum, 0, func(id NodeID) Index {
		if p := r.lead.peer(id); p != nil {
			return p.match
		}
		return r.log.stable
	})
	if index > r.log.commit {
		r.log.commit, r.lead.dirty = index, true
		r.settle()
	}
}

// votesForShortLogs lets every candidate's log pass for a better one.
func votesForShortLogs(_ *Raft, m Message) Message {
	if b, ok := m.Body.(VoteRequest); ok {
		b.LastTerm = m.Term
		m.Body = b
	}
	return m
}

// believesLeader takes it that its log agrees with the leader's at the place
// before the entries.
func believesLeader(r *Raft, m Message) Message {
	if b, ok := m.Body.(AppendRequest); ok {
		if term, ok := r.log.term(b.PrevIndex); ok {
			b.PrevTerm = term
		}
		m.Body = b
	}
	return m
}

// cutsOffWhatFollows forgets all that is behind the place before the entries,
// also if the entries are there already.
func cutsOffWhatFollows(r *Raft, m Message) Message {
	b, ok := m.Body.(AppendRequest)
	from := b.PrevIndex + 1
	if ok && m.Term == r.hard.Term && r.log.matches(b.PrevIndex, b.PrevTerm) && r.log.commit < from && from <= r.log.last() {
		r.log.truncate(from)
		r.disk.truncated(from)
	}
	return m
}

// TestSearchFindsPlantedBugs makes sure that the search can fail.
func TestSearchFindsPlantedBugs(t *testing.T) {
	for _, c := range []struct {
		name  string
		plant plant
		scope scope
		rule  string
	}{
		{"a vote is forgotten in a crash", plant{onRestart: func(d *Stored) { d.Hard.Vote = "" }}, scopes[1], "election safety"},
		{"a vote leaves before it is durable", plant{lies: true}, scopes[0], "election safety"},
		{"a vote for a log that lacks entries", plant{onReceive: votesForShortLogs}, scopes[1], "leader completeness"},
		{"entries are taken with no look at the one before", plant{onReceive: believesLeader}, scopes[3], "log matching"},
		{"an append that comes late cuts off what follows it", plant{onReceive: cutsOffWhatFollows}, scopes[3], "leader completeness"},
		{"an entry of an older term is committed by counting", plant{onEvent: commitsOldTerms}, scopes[3], "leader completeness"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := explore(c.scope, c.plant, 1_000_000)
			if x.failure == nil || !strings.HasPrefix(x.failure.Error(), c.rule) {
				t.Fatalf("%d states, found %v, not that %s is broken", len(x.visits), x.failure, c.rule)
			}
			t.Logf("%d states: %v, after\n%s", len(x.visits), x.failure, x.story())
		})
	}
}

// TestMergedStatesBehaveAlike walks at random, on servers that keep all of
// their past, and compares them after each event with those of the table, in
// which the first of many pasts stands for all.
func TestMergedStatesBehaveAlike(t *testing.T) {
	for _, s := range scopes {
		x := &explorer{scope: s, servers: newServers(s, plant{}), seen: map[state]struct{}{}}
		first := x.servers.first()
		for seed := range uint64(30) {
			rnd := rand.New(rand.NewPCG(seed, 1))
			at, live := first, [3]*actor{}
			for i := range live {
				live[i] = x.servers.begin(i)
			}
			for range 60 {
				x.visits, x.seen = []visit{{state: at}}, map[state]struct{}{at: {}}
				x.expand(0)
				v := x.visits[rnd.IntN(len(x.visits))]
				if v.state == at {
					continue
				}
				x.servers.undergo(live[v.who], v.by)
				at = v.state
				for i, n := range at {
					if have, want := live[i].form(), x.servers.replay(n).form(); have != want {
						t.Fatalf("%s, seed %d: after %v the server is\n%s\nin the table\n%s", s.name, seed, v, have, want)
					}
				}
			}
		}
	}
}

// TestLeftOutFieldsAreThere fails for a name in leftOut that no field has.
func TestLeftOutFieldsAreThere(t *testing.T) {
	a := newActor("n1", fresh[0], false, plant{})
	a.undergo(expires, Message{})
	a.undergo(0, Message{From: "n2", To: "n1", Cluster: 1, Term: 2, Body: VoteResponse{Granted: true}})
	out := a.write().out
	for name := range leftOut {
		if !out[name] {
			t.Errorf("%s is left out of the form of a state, and there is no such field", name)
		}
	}
}
