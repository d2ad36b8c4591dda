package server

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"praetor/raft"
	"praetor/swim"
	"praetor/swim/coordinate"
)

// Config is what a server is told once, when it starts.
type Config struct {
	ID         raft.NodeID // a UUID, kept in the data directory
	Name       string
	Datacenter string
	Addr       netip.AddrPort // where other servers reach this one
	Build      string         // the version that members see

	Bootstrap bool // become the only voter of a new cluster
	Expect    int  // make a new cluster once so many servers have met; 0: never
	// HoldBootstrap makes the server wait for ReleaseBootstrap before it makes
	// a cluster: a second server that is told to bootstrap meets the first one
	// meanwhile, and refuses.
	HoldBootstrap bool

	Raft   raft.Config // ID, Rand and Trace are filled in
	Gossip swim.Config // Name, ID, Tags, Rand and Trace are filled in

	HoldTimeout       time.Duration // how long a request waits for a leader and a quorum
	ReconcileInterval time.Duration // how often the leader compares members and catalog in full
	TombstoneTTL      time.Duration // how long the index of a deletion is remembered
	MaxRequests       int           // reads and writes that may wait, each
	SnapshotEntries   uint64        // take a snapshot after so many log entries,
	SnapshotBytes     int           // or so many bytes of commands

	Rand  *rand.Rand
	Trace func(TraceEvent) // may be nil
}

// The defaults of a Config.
const (
	DefaultHoldTimeout       = 7 * time.Second
	DefaultReconcileInterval = 60 * time.Second
	DefaultTombstoneTTL      = 15 * time.Minute
	DefaultMaxRequests       = 65536
	DefaultSnapshotEntries   = 16384
	DefaultSnapshotBytes     = 64 << 20
)

// TraceEvent is one line of a server's story.
type TraceEvent struct {
	At   time.Duration
	Node string
	What string
}

// Effects is what the driver must do after an event. Any part may be empty.
// SnapshotParts go to disk before Writes, which may refer to them.
type Effects struct {
	SnapshotParts []raft.SnapshotPart // of a snapshot that the leader sends, to store beside the log
	SnapshotReads []raft.SnapshotRead // read from the newest snapshot, then call SnapshotData
	Snapshot      *SnapshotTask       // write a snapshot, then call SnapshotSaved

	Writes     []raft.Write     // make durable in this order, then call Persisted
	Peers      []PeerMessage    // send over the server port; may be lost
	Packets    []swim.Packet    // send as datagrams
	Streams    []swim.Stream    // have these exchanges, then call StreamReply
	Events     []swim.Event     // for logs
	UserEvents []swim.UserEvent // of the group, each once
	Joins      []swim.JoinResult
	Answers    []Answer // wake these requests
	Left       bool     // a Leave is complete: the driver may stop

	Resigned bool  // a Resign is complete: the driver may stop
	Fatal    error // the server cannot go on: stop it and show the error
}

// Server is the brain of one server: Raft, gossip, the stores, and a leader's
// duties. It is driven by one goroutine: call the methods that take a time for
// what happens, then Effects, and do what it says. View, Lease and the other
// methods marked as such may be called from any goroutine.
type Server struct {
	cfg Config
	member
	raft     *raft.Raft
	machine  machine
	writes   writes
	barriers barriers
	duties   duties
	boot     bootstrap

	snapshots snapshots
	places    places
	resigning *resignation // nil: it is not

	out      Effects
	lastSeen leadership    // as of the last settle
	retryAt  time.Duration // when waiting writes are sent again; 0: no such time

	membersChanged bool // since the last Status

	published atomic.Pointer[View]
	lease     atomic.Int64 // nanoseconds: View is current while now is before
	contact   atomic.Int64 // nanoseconds: when a leader was last heard
	status    atomic.Pointer[Status]
}

// leadership is what writes and duties depend on.
type leadership struct {
	role   raft.Role
	leader raft.NodeID
	term   raft.Term
}

// retryInterval is how long a write waits before it is sent again to a server
// that did nothing with it.
const retryInterval = 50 * time.Millisecond

// New makes a server from its configuration and what its disk holds: the log,
// and the View that LoadView made of the snapshot, nil if there is none.
func New(now time.Duration, cfg Config, stored raft.Stored, snapshot *View) (*Server, error) {
	cfg.fill()
	if got, want := snapshot.index(), uint64(stored.Snapshot.Index); got != want {
		return nil, fmt.Errorf("server: the snapshot is of index %d, but the log goes on from %d", got, want)
	}
	s := &Server{
		cfg:      cfg,
		machine:  newMachine(),
		writes:   newWrites(forwardID(cfg.Rand.Uint64() >> 1)),
		barriers: barriers{rounds: map[raft.ReadID]*round{}},
		duties:   newDuties(),
		places:   places{waiting: map[string]coordinate.Coordinate{}},
	}
	if snapshot != nil {
		s.machine.view = snapshot
		s.snapshots.last = snapshot.Index
	}
	if err := s.restore(now, stored); err != nil {
		return nil, err
	}
	pool, err := swim.New(now, s.gossipConfig())
	if err != nil {
		return nil, fmt.Errorf("server: gossip: %w", err)
	}
	s.pool = pool
	s.settle(now)
	return s, nil
}

func (s *Server) restore(now time.Duration, stored raft.Stored) (err error) {
	s.published.Store(s.machine.view)
	s.raft, err = raft.New(now, s.raftConfig(), stored)
	if err != nil {
		return fmt.Errorf("server: raft: %w", err)
	}
	s.boot = s.newBootstrap()
	return nil
}

func (c *Config) fill() {
	setDefault(&c.HoldTimeout, DefaultHoldTimeout)
	setDefault(&c.ReconcileInterval, DefaultReconcileInterval)
	setDefault(&c.TombstoneTTL, DefaultTombstoneTTL)
	setDefault(&c.MaxRequests, DefaultMaxRequests)
	setDefault(&c.SnapshotEntries, DefaultSnapshotEntries)
	setDefault(&c.SnapshotBytes, DefaultSnapshotBytes)
}

func setDefault[T comparable](p *T, v T) {
	var zero T
	if *p == zero {
		*p = v
	}
}

func (s *Server) raftConfig() raft.Config {
	c := s.cfg.Raft
	c.ID, c.Rand = s.cfg.ID, s.cfg.Rand
	c.Trace = func(e raft.TraceEvent) { s.trace(e.At, "raft: %s", e.What) }
	return c
}

func (s *Server) trace(at time.Duration, format string, args ...any) {
	if s.cfg.Trace != nil {
		s.cfg.Trace(TraceEvent{At: at, Node: s.cfg.Name, What: fmt.Sprintf(format, args...)})
	}
}

// Tick tells that time has passed. It is due when Deadline has come.
func (s *Server) Tick(now time.Duration) {
	if s.raft.Deadline() <= now {
		s.raft.Tick(now)
	}
	if s.pool.Deadline() <= now {
		s.pool.Tick(now)
	}
	s.expireWrites(now)
	s.expireReads(now)
	s.writePlaces(now)
}

// Deadline is when Tick is due next.
func (s *Server) Deadline() time.Duration {
	d := min(s.raft.Deadline(), s.pool.Deadline(), s.duties.deadline(s.isLeader()))
	if at, ok := s.writes.nextExpiry(); ok {
		d = min(d, at)
	}
	if at, ok := s.barriers.nextExpiry(); ok {
		d = min(d, at)
	}
	if at, ok := s.places.deadline(); ok {
		d = min(d, at)
	}
	if s.retryAt > 0 {
		d = min(d, s.retryAt)
	}
	if s.resigning != nil {
		d = min(d, s.resigning.due)
	}
	return d
}

// ReceivePeer takes in a message from another server.
func (s *Server) ReceivePeer(now time.Duration, from raft.NodeID, b PeerBody) {
	switch {
	case b.Raft != nil:
		s.raft.Receive(now, *b.Raft)
		if s.raft.Leader() == from {
			s.contact.Store(int64(now))
		}
	case b.Forward != nil:
		s.receiveForward(now, from, b.Forward)
	case b.Reply != nil:
		s.receiveReply(now, from, b.Reply)
	}
}

// Persisted tells that a Write, and every one before it, is durable.
func (s *Server) Persisted(now time.Duration, id raft.WriteID) { s.raft.Persisted(now, id) }

// Effects returns what the driver must do, and forgets it.
func (s *Server) Effects(now time.Duration) Effects {
	s.settle(now)
	out := s.out
	s.out = Effects{}
	return out
}

// settle lets the parts act on each other until nothing is left to do.
func (s *Server) settle(now time.Duration) {
	for {
		s.noticeLeadership(now)
		s.settleTransfers()
		s.resign(now)
		s.startRounds(now)
		s.runBootstrap(now)
		s.runDuties(now)
		progress := s.drainGossip()
		progress = s.drainRaft(now) || progress
		if !progress {
			break
		}
	}
	s.publishTimes(now)
}

// drainRaft carries out what the consensus core asks for.
func (s *Server) drainRaft(now time.Duration) bool {
	if !s.raft.HasEffects() {
		return false
	}
	e := s.raft.Effects()
	s.gather(e.SnapshotParts)
	s.out.SnapshotReads = append(s.out.SnapshotReads, e.SnapshotReads...)
	if e.Restore != nil {
		s.install(now, e.Restore)
	}
	if e.Write != nil {
		s.out.Writes = append(s.out.Writes, *e.Write)
	}
	messages := slices.Clone(e.Messages) // the core uses its memory again; links keep messages longer
	s.out.Peers = slices.Grow(s.out.Peers, len(messages))
	for i := range messages {
		m := &messages[i]
		s.send(m.To, PeerBody{Raft: m})
	}
	if len(e.Committed) > 0 {
		s.apply(now, e.Committed)
	}
	for _, r := range e.Reads {
		s.roundDone(r)
	}
	s.releaseReads()
	s.maybeSnapshot(now)
	return true
}

// apply runs committed entries, publishes the new View, and only then wakes
// watchers and answers writes, so that whoever is woken sees what woke it.
func (s *Server) apply(now time.Duration, entries []raft.Entry) {
	results, notify, err := s.machine.apply(entries)
	if err != nil {
		s.out.Fatal = err
		return
	}
	s.published.Store(s.machine.view)
	notify()
	for i, a := range results {
		s.snapshots.bytes += len(entries[i].Data)
		s.settleWrite(now, a)
	}
	if s.machine.restored { // the catalog says of the members what was true once
		s.machine.restored, s.duties.full = false, now
	}
}

// noticeLeadership reacts to a change of role or leader.
func (s *Server) noticeLeadership(now time.Duration) {
	l := leadership{s.raft.Role(), s.raft.Leader(), s.raft.Term()}
	if l != s.lastSeen {
		if l.leader != "" && (l.leader != s.lastSeen.leader || l.role != s.lastSeen.role) {
			s.redispatch(now)
		}
		if l.role == raft.Leader && s.lastSeen.role != raft.Leader {
			s.duties.begin(now)
		}
		s.lastSeen = l
	}
	if len(s.writes.waiting) == 0 {
		s.retryAt = 0
		return
	}
	switch {
	case s.retryAt == 0:
		s.retryAt = now + retryInterval
	case s.retryAt <= now:
		s.redispatch(now)
		s.retryAt = now + retryInterval
	}
}

func (s *Server) isLeader() bool { return s.raft.Role() == raft.Leader }

func (s *Server) answer(a Answer) { s.out.Answers = append(s.out.Answers, a) }

// publishTimes lets other goroutines see how current the View is.
func (s *Server) publishTimes(now time.Duration) {
	if s.isLeader() {
		s.contact.Store(int64(now))
	}
	s.lease.Store(int64(s.raft.LeaseUntil()))
	s.publishStatus()
}
