package sim

import (
	"time"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/swim"
)

// checkers watch a run. Each rule has a file of its own; this one says when
// each of them looks. They see what the driver sees (effects, views, status,
// disks), never the inside of a core.
//
//	started     a server was started with what its disk holds
//	received    it is about to get a message of another server
//	sent        it sends one
//	written     it asked for writes to be made durable
//	persisted   it was told that they are
//	gossiped    an agent has handled one event of gossip
//	events      gossip has told an agent something
//	after       it has handled one event
//	begun       a client asks for something
//	answered    it ended
//	woken       a read that waits for a change looks again
//	quiet       faults are over and enough time has passed: all must agree
//	linear      the run is over
type checkers struct {
	world    *world
	clusters map[raft.ClusterID]*cluster
	writes   writeCheck
	reads    readCheck
}

// cluster is what the servers of one cluster, together, have done.
type cluster struct {
	leaders map[raft.Term]leaderOf
	log     []committed // by index-1
	states  map[uint64]stateOf
	truth   truth
}

// seen is what the checkers remember of one process.
type seen struct {
	disk       diskCheck
	commit     raft.Index
	applied    uint64
	view       *server.View
	term       raft.Term
	config     raft.Index         // where its configuration stands,
	configTerm raft.Term          // and the term of that entry
	members    raft.Configuration // that configuration
	snapshot   raft.SnapshotMeta  // the last that it took
	logEnd     raft.Index         // before what it does now
	votes      voteCheck
	contact    contactCheck
	gossip     map[string]heard // by member
	probes     probeCheck
	cause      cause    // of what its agent does now
	untold     []untold // deaths that it has found, and not told of yet
	voters     voters

	told     map[string]uint64 // by key: the newest index that it answered with
	arrivals []time.Duration   // by host: when a message from it arrived last
	lost     time.Duration     // when it knew no leader last
	replaced uint64            // where a snapshot took the place of its state

	tickedAt time.Duration
	ticks    int // at tickedAt
}

func newCheckers(w *world) checkers {
	return checkers{
		world:    w,
		clusters: map[raft.ClusterID]*cluster{},
		writes:   writeCheck{world: w, values: map[string]bool{}},
		reads:    readCheck{world: w, groups: map[int]*told{}},
	}
}

// cluster returns the cluster that a process belongs to, or nil.
func (c *checkers) cluster(p *process) *cluster {
	id := p.seen.disk.written.hard.Cluster
	if id == 0 {
		return nil
	}
	cl := c.clusters[id]
	if cl == nil {
		cl = &cluster{leaders: map[raft.Term]leaderOf{}, states: map[uint64]stateOf{}}
		c.clusters[id] = cl
	}
	return cl
}

func (c *checkers) started(p *process, stored raft.Stored, view *server.View) {
	c.world.checkRecovered(p, stored)
	p.seen.lost = c.world.now
	if cl := c.cluster(p); cl != nil && view != nil {
		p.seen.applied = view.Index
		cl.reached(c.world, p.host.name, view)
	}
}

func (c *checkers) received(from *host, to *process, b server.PeerBody) {
	if b.Raft != nil {
		to.seen.contact.from(from, c.world.now)
		to.seen.votes.heard(to, b.Raft)
	}
}

func (c *checkers) sent(p *process, m server.PeerMessage) {
	c.world.checkPromises(p, m)
	c.world.checkVote(p, m)
	c.world.checkTransfer(p, m)
}

func (c *checkers) written(p *process, e *server.Effects) {
	p.seen.logEnd = p.seen.disk.written.last()
	for _, w := range e.Writes {
		c.world.checkOverwrite(p, w)
		p.seen.disk.add(w)
	}
	if cl := c.cluster(p); cl != nil && e.Snapshot != nil {
		c.world.checkSnapshot(p, e.Snapshot.Meta)
		cl.reached(c.world, p.host.name, e.Snapshot.View) // to be compared where it is installed
	}
}

func (c *checkers) persisted(p *process, last raft.WriteID) { p.seen.disk.confirm(last) }

func (c *checkers) after(p *process) {
	cl := c.cluster(p)
	if cl == nil {
		p.seen.lost = c.world.now // who belongs to no cluster has no leader
		return
	}
	st := p.server.Status()
	c.world.checkLeader(cl, p, st)
	c.world.checkCommit(p, st)
	c.world.checkChange(p, st)
	c.world.checkCandidate(p, st)
	c.world.checkContact(p, st)
	c.world.checkVoters(p, st)
	if st.Leader == "" {
		p.seen.lost = c.world.now
	}
	if v := p.server.View(); v != p.seen.view {
		p.seen.view = v
		c.world.checkApplied(cl, p, v)
		c.world.checkState(cl, p, v)
		c.world.checkWatches(p, &cl.truth)
	}
}

func (c *checkers) events(p *process, events []swim.Event) {
	c.world.checkEvents(p, events)
	for _, e := range events {
		c.world.watchCatalog(p, e)
	}
}

// begun is told when a client asks for something.
func (c *checkers) begun(op *operation) {
	c.writes.begun(op)
	c.reads.begun(op)
}

// answered is told when the operation has ended.
func (c *checkers) answered(op *operation, via *host) {
	if op.kind.writes() {
		c.writes.answered(op)
		c.reads.wrote(op)
		return
	}
	if op.outcome != acked {
		return
	}
	c.world.counts.Reads++
	c.reads.real(op)
	c.world.checkIndex(via.proc, op)
	if op.mode != server.Stale {
		c.reads.saw(op)
	}
	if cl := c.cluster(via.proc); cl != nil {
		if op.kind == opList {
			c.world.checkList(op, &cl.truth)
		}
		if op.mode == server.Stale {
			c.world.checkStale(via.proc, op, &cl.truth)
		}
	}
	via.proc.seen.remember(op)
}

// quiet holds the world against what must be true once everything works again.
func (c *checkers) quiet() {
	w := c.world
	c.writes.atRest()
	w.checkMembers()
	w.checkCatalog()
	w.checkServices()
	w.checkReplicas()
	w.checkConfigs()
}
