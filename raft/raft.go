package raft

import (
	"fmt"
	"math"
	"time"
)

// Never is the Deadline of a server that waits for nothing but messages.
const Never = time.Duration(math.MaxInt64)

// longAgo is a time before every time.
const longAgo = time.Duration(math.MinInt64)

// Raft is one server's part in the protocol: a state machine that is stepped
// by events and yields Effects. It is not safe for concurrent use.
type Raft struct {
	cfg      Config
	now      time.Duration // of the last event; it never falls
	hard     HardState     // as of the last event, perhaps not durable yet
	log      log
	members  membership
	snapshot SnapshotMeta // the newest that is durable here, or on its way
	disk     disk
	out      outbox

	role     Role
	leader   NodeID // of this term, or "" if unknown
	election election
	lead     *leadership // not nil exactly while role is Leader
	asked    askedReads  // reads that wait for an answer of the leader
	incoming *incoming   // a snapshot being received, or nil
}

// New returns a server that found st on its disk, at the time now. It starts
// as a follower; a sole voter makes itself leader at once. The error is a
// Config or a Stored that makes no sense.
func New(now time.Duration, cfg Config, st Stored) (*Raft, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	l, err := newLog(st)
	if err != nil {
		return nil, err
	}
	members, err := newMembership(st.Snapshot, l.entries)
	if err != nil {
		return nil, err
	}
	r := &Raft{cfg: cfg, now: now, hard: st.Hard, log: l, members: members, snapshot: st.Snapshot}
	r.election.heard = longAgo
	if st.Hard.Term > 0 {
		reachedRestart.Hit()
		// Before the crash this server may have answered a heartbeat, and the
		// leader's lease may count on it: stand by that leader as if it had
		// spoken just now (thesis 6.4.1).
		r.election.heard = now
	}
	r.asked.next = cfg.Rand.Uint64()
	r.drawElectionTimeout()
	if r.members.quorum.isOnly(cfg.ID) {
		r.campaign()
	}
	return r, nil
}

// Bootstrap makes an empty server the first of a cluster: it campaigns at once
// under the given configuration, and if it is elected by all of it, the
// configuration becomes the first entry of the log. Servers of that
// configuration that were not bootstrapped follow; that several of them are
// bootstrapped does no harm. Until a first entry is
// in the log the configuration is kept in memory only: after a crash before
// that the caller bootstraps again, for the same cluster.
//
// The error is ErrNotEmpty, ErrConfiguration or ErrNotVoter.
func (r *Raft) Bootstrap(now time.Duration, cluster ClusterID, c Configuration) error {
	r.advance(now)
	if err := c.Validate(); err != nil {
		return err
	}
	switch {
	case r.log.last() > 0 || cluster == 0 || r.hard.Cluster != 0 && r.hard.Cluster != cluster:
		return fmt.Errorf("bootstrap %s for cluster %x: %w", r.cfg.ID, cluster, ErrNotEmpty)
	case !contains(c.Voters, r.cfg.ID) || c.Joint():
		return fmt.Errorf("bootstrap %s with %s: %w", r.cfg.ID, c, ErrNotVoter)
	}
	r.hard.Cluster = cluster
	r.disk.hardChanged()
	r.members.propose(c.Clone())
	r.trace("bootstraps cluster %x with %s", uint64(cluster), c)
	if r.role == Follower && r.leader == "" {
		r.campaign()
	}
	return nil
}

// Deadline returns when Tick is due next.
func (r *Raft) Deadline() time.Duration {
	switch {
	case r.role == Leader:
		return r.lead.deadline()
	case r.mayCampaign() || r.leader != "":
		return min(r.election.due, r.asked.deadline())
	}
	return r.asked.deadline()
}

// Tick does what is due at now. To call it early or late does no harm.
func (r *Raft) Tick(now time.Duration) {
	r.advance(now)
	if r.role == Leader {
		r.tickLeader()
		return
	}
	r.asked.expire(r)
	if r.now < r.election.due {
		return
	}
	r.setLeader("")
	if r.mayCampaign() {
		r.campaign()
	} else {
		r.drawElectionTimeout()
	}
}

// Receive handles a message. Lost, late, repeated and reordered ones do no
// harm; neither do those of another cluster or of a server that left.
func (r *Raft) Receive(now time.Duration, m Message) {
	r.advance(now)
	if r.admits(m) && r.entersTerm(m) {
		if isFromLeader(m.Body) {
			r.adoptCluster(m.Cluster)
		}
		r.dispatch(m)
	}
}

// admits reports whether the message is for this server, and of its cluster.
// What makes a server part of a cluster for good is the first entry of its log.
func (r *Raft) admits(m Message) bool {
	if m.To != r.cfg.ID || m.From == r.cfg.ID {
		return false
	}
	if m.Cluster != 0 && r.hard.Cluster != 0 && m.Cluster != r.hard.Cluster && r.log.last() > 0 {
		reachedOtherCluster.Hit()
		r.trace("ignores %s of cluster %x", m.From, uint64(m.Cluster))
		return false
	}
	if b, ok := m.Body.(VoteRequest); ok && !b.Transfer && r.standsByLeader() {
		reachedStandsByLeader.Hit()
		return false
	}
	return true
}

// isFromLeader reports whether only a leader says such a thing.
func isFromLeader(b Body) bool {
	switch b.(type) {
	case AppendRequest, Heartbeat, SnapshotPart:
		return true
	}
	return false
}

// adoptCluster makes this server one of the leader's cluster, if it is of none
// or its log is empty. One that was about to found a cluster itself gives that up: it cannot
// have been elected, or its log would not be empty.
func (r *Raft) adoptCluster(c ClusterID) {
	if c == 0 || c == r.hard.Cluster || r.hard.Cluster != 0 && r.log.last() > 0 {
		return
	}
	if !r.members.provisional.IsZero() {
		r.Withdraw(r.now)
	}
	r.hard.Cluster = c
	r.disk.hardChanged()
	r.trace("joins cluster %x", uint64(c))
}

// Withdraw takes a Bootstrap back that has not come to anything yet: somebody
// else shall found the cluster.
func (r *Raft) Withdraw(now time.Duration) {
	r.advance(now)
	if r.members.provisional.IsZero() {
		return
	}
	reachedWithdraws.Hit()
	r.trace("withdraws its bootstrap")
	r.members.propose(Configuration{})
	r.becomeFollower(r.hard.Term)
}

// entersTerm brings the server to the term of the message if that is newer,
// and reports whether the message counts. "If one server's current term is
// smaller than the other's, then it updates its current term to the larger
// value. [...] If a server receives a request with a stale term number, it
// rejects the request" (raft 5.1).
func (r *Raft) entersTerm(m Message) bool {
	switch b := m.Body.(type) {
	case VoteRequest:
		if b.Pre && m.Term > r.hard.Term {
			return true // nobody is in that term yet (thesis 9.6)
		}
		if m.Term < r.hard.Term || b.Pre {
			reachedStaleVoteRequest.Hit()
			r.send(m.From, StaleTerm{})
			return false
		}
	case VoteResponse:
		if b.Pre {
			return r.role == PreCandidate && m.Term == r.hard.Term+1
		}
	case AppendRequest, Heartbeat, SnapshotPart, ReadRequest:
		if m.Term < r.hard.Term {
			reachedStaleLeader.Hit()
			r.send(m.From, StaleTerm{})
			return false
		}
	}
	if m.Term > r.hard.Term {
		r.becomeFollower(m.Term)
	}
	return m.Term == r.hard.Term
}

// dispatch hands a message of this term to its handler.
func (r *Raft) dispatch(m Message) {
	switch b := m.Body.(type) {
	case VoteRequest:
		r.handleVoteRequest(m, b)
	case VoteResponse:
		r.handleVoteResponse(m.From, b)
	case AppendRequest:
		r.handleAppendRequest(m.From, b)
	case AppendAccept:
		r.handleAppendAccept(m.From, b)
	case AppendReject:
		r.handleAppendReject(m.From, b)
	case Heartbeat:
		r.handleHeartbeat(m.From, b)
	case HeartbeatAck:
		r.handleHeartbeatAck(m.From, b)
	case SnapshotPart:
		r.handleSnapshotPart(m.From, b)
	case SnapshotAck:
		r.handleSnapshotAck(m.From, b)
	case TimeoutNow:
		r.handleTimeoutNow(m.From)
	case ReadRequest:
		r.handleReadRequest(m.From, b)
	case ReadResponse:
		r.handleReadResponse(m.From, b)
	}
}

// Persisted tells that all writes up to and including id are durable.
func (r *Raft) Persisted(now time.Duration, id WriteID) {
	r.advance(now)
	r.log.stable = r.disk.confirm(id, r.log.stable)
	r.out.messages = r.disk.release(r.out.messages)
	if r.role == Leader {
		r.advanceCommit()
	}
}

// advance moves the clock; a clock that runs backwards stands still here.
func (r *Raft) advance(now time.Duration) { r.now = max(r.now, now) }

// trace reports a step to the caller's Trace.
func (r *Raft) trace(format string, args ...any) {
	if r.cfg.Trace != nil {
		r.cfg.Trace(TraceEvent{At: r.now, Node: r.cfg.ID, Term: r.hard.Term, What: fmt.Sprintf(format, args...)})
	}
}
