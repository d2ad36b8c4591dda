package wal_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"praetor/raft"
	"praetor/raft/wal"
)

// node drives one core of a cluster in this process: a goroutine owns the core,
// another the log, and one sync serves all writes that came during the one
// before.
type node struct {
	core   *raft.Raft
	start  time.Time
	peers  map[raft.NodeID]*node
	events chan func(now time.Duration) // what happens to the core
	writes chan raft.Write
	stop   chan struct{}
	done   *sync.WaitGroup
	commit func(entries []raft.Entry) // on the core's goroutine
}

// run steps the core. All events that wait are one step, so that their entries
// share a write, and a message to each peer.
func (n *node) run() {
	defer n.done.Done()
	for {
		select {
		case f := <-n.events:
			f(time.Since(n.start))
		case <-time.After(n.core.Deadline() - time.Since(n.start)):
		case <-n.stop:
			return
		}
		for range len(n.events) {
			(<-n.events)(time.Since(n.start))
		}
		n.core.Tick(time.Since(n.start))
		n.carryOut()
	}
}

func (n *node) carryOut() {
	for n.core.HasEffects() {
		e := n.core.Effects()
		for _, m := range e.Messages {
			to := n.peers[m.To]
			to.tell(func(now time.Duration) { to.core.Receive(now, m) })
		}
		if e.Write != nil {
			n.writes <- *e.Write
		}
		if len(e.Committed) > 0 {
			n.commit(e.Committed)
		}
	}
}

// tell queues an event, or loses it if the queue is full.
func (n *node) tell(f func(now time.Duration)) {
	select {
	case n.events <- f:
	default:
	}
}

// sync makes writes durable.
func (n *node) sync(b *testing.B, w *wal.WAL) {
	defer n.done.Done()
	for {
		var id raft.WriteID
		appendTo := func(rw raft.Write) {
			if err := w.Append(rw); err != nil {
				b.Error(err)
			}
			id = rw.ID
		}
		select {
		case rw := <-n.writes:
			appendTo(rw)
		case <-n.stop:
			return
		}
		for range len(n.writes) {
			appendTo(<-n.writes)
		}
		if err := w.Sync(); err != nil {
			b.Error(err)
		}
		select {
		case n.events <- func(now time.Duration) { n.core.Persisted(now, id) }:
		case <-n.stop:
			return
		}
	}
}

// startCluster starts three members with a log on the real disk each, and
// returns the one that leads. commit is called for what it commits.
func startCluster(b *testing.B, commit func([]raft.Entry)) *node {
	ids := []raft.NodeID{"n1", "n2", "n3"}
	nodes, stop, done := map[raft.NodeID]*node{}, make(chan struct{}), &sync.WaitGroup{}
	var c raft.Configuration
	for i, id := range ids {
		w, stored, err := wal.Open(osDisk(b), wal.Options{})
		if err != nil {
			b.Fatal(err)
		}
		core, err := raft.New(0, raft.Config{ID: id, Rand: rand.New(rand.NewPCG(1, uint64(i)))}, stored)
		if err != nil {
			b.Fatal(err)
		}
		n := &node{core: core, start: time.Now(), peers: nodes, stop: stop, done: done,
			events: make(chan func(time.Duration), 4096), writes: make(chan raft.Write, 4096), commit: func([]raft.Entry) {}}
		nodes[id] = n
		c.Voters = append(c.Voters, raft.Peer{ID: id})
		done.Add(1)
		go n.sync(b, w)
	}
	leader := nodes["n1"]
	leader.commit = commit
	if err := leader.core.Bootstrap(0, 1, c); err != nil {
		b.Fatal(err)
	}
	for _, n := range nodes {
		done.Add(1)
		go n.run()
	}
	leader.tell(func(time.Duration) {})
	b.Cleanup(func() { close(stop); done.Wait() })
	return leader
}

// BenchmarkCluster commits entries of 128 bytes on three members, each with a
// log that is synced, while so many clients wait for an answer at a time.
func BenchmarkCluster(b *testing.B) {
	for _, clients := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("%d clients", clients), func(b *testing.B) {
			answers := make(chan struct{}, 2*clients)
			leader := startCluster(b, func(entries []raft.Entry) {
				for _, e := range entries {
					if e.Kind == raft.EntryCommand || e.Kind == raft.EntryConfig {
						answers <- struct{}{}
					}
				}
			})
			<-answers // the configuration: it leads
			command := [][]byte{payload}
			propose := func() {
				leader.events <- func(now time.Duration) {
					if _, _, err := leader.core.Propose(now, command); err != nil {
						b.Error(err)
						answers <- struct{}{}
					}
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			for range min(clients, b.N) {
				propose()
			}
			for n := range b.N {
				<-answers
				if n+clients < b.N {
					propose()
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// BenchmarkConcurrentWriters lets writers append an entry each and wait until
// it is durable, with one sync for all that wait.
func BenchmarkConcurrentWriters(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("%d writers", writers), func(b *testing.B) {
			w, _, err := wal.Open(osDisk(b), wal.Options{})
			if err != nil {
				b.Fatal(err)
			}
			requests := make(chan chan struct{}, writers)
			syncs := make(chan int, 1)
			go func() { syncs <- groupCommit(b, w, requests) }()
			b.ReportAllocs()
			b.ResetTimer()
			var wait sync.WaitGroup
			for i := range writers {
				wait.Go(func() {
					durable := make(chan struct{}, 1)
					for n := i; n < b.N; n += writers {
						requests <- durable
						<-durable
					}
				})
			}
			wait.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			close(requests)
			b.ReportMetric(float64(b.N)/float64(<-syncs), "entries/sync")
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// groupCommit appends an entry for each request, and answers all that are
// there after one sync. It returns how many syncs there were.
func groupCommit(b *testing.B, w *wal.WAL, requests <-chan chan struct{}) (syncs int) {
	var waiting []chan struct{}
	entry := batch(0, 1)
	add := func(r chan struct{}) {
		entry[0].Index++
		if err := w.Append(raft.Write{Entries: entry}); err != nil {
			b.Error(err)
		}
		waiting = append(waiting, r)
	}
	for r := range requests {
		add(r)
		for range len(requests) {
			add(<-requests)
		}
		if err := w.Sync(); err != nil {
			b.Error(err)
		}
		for _, r := range waiting {
			r <- struct{}{}
		}
		waiting = waiting[:0]
		syncs++
	}
	return syncs
}
