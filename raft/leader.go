package raft

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// leadership is what a server knows only while it leads: "volatile state on
// leaders, reinitialized after election" (raft figure 2).
type leadership struct {
	peers     []*progress   // every other member, in the order of the IDs
	first     Index         // the first entry of this term
	settled   Index         // committed, and durable here
	unsettled int           // bytes of the log behind settled
	round     uint64        // the newest round of heartbeats
	heartbeat time.Duration // when the next round is due
	reads     []pendingRead // in order; see read.go
	transfer  *transfer     // under way, or nil
	noLease   bool          // a TimeoutNow is on its way, or was
	dirty     bool          // something may have to be sent
}

func newLeadership(r *Raft) *leadership {
	l := &leadership{first: r.log.last() + 1, settled: min(r.log.commit, r.log.stable)}
	l.settled = max(l.settled, r.log.base)
	l.unsettled = r.log.sizeAfter(l.settled)
	l.heartbeat = r.now + r.cfg.HeartbeatInterval
	l.reconfigure(r)
	return l
}

// reconfigure makes the peers those of the configuration in force. Who is no
// longer in it still gets the log until the change is committed, so that it
// learns of it.
func (l *leadership) reconfigure(r *Raft) {
	for _, id := range r.members.current().memberIDs() {
		if id == r.cfg.ID || l.peer(id) != nil {
			continue
		}
		p := &progress{id: id, heard: r.now, ackedSince: longAgo, sentAt: r.now}
		p.probe(r.log.last() + 1)
		l.peers = append(l.peers, p)
	}
	slices.SortFunc(l.peers, func(a, b *progress) int { return cmp.Compare(a.id, b.id) })
	l.dirty = true
}

// forgetFormer drops the peers that a committed configuration has no place for.
func (l *leadership) forgetFormer(m *membership, commit Index) {
	if m.index() <= commit {
		c := m.current()
		l.peers = slices.DeleteFunc(l.peers, func(p *progress) bool { return !c.Contains(p.id) })
	}
}

// peer returns what is known of the member, or nil if it is none.
func (l *leadership) peer(id NodeID) *progress {
	for _, p := range l.peers {
		if p.id == id {
			return p
		}
	}
	return nil
}

// mostAdvanced returns the voter of c whose log reaches furthest, or nil.
func (l *leadership) mostAdvanced(c Configuration) *progress {
	var best *progress
	for _, p := range l.peers {
		if contains(c.Voters, p.id) && (best == nil || p.match > best.match) {
			best = p
		}
	}
	return best
}

// ready reports whether an entry of this term is committed. Before that the
// leader does not know how far the log is (raft 8).
func (l *leadership) ready(log *log) bool { return log.commit >= l.first }

func (l *leadership) deadline() time.Duration {
	if l.transfer != nil {
		return min(l.heartbeat, l.transfer.due)
	}
	return l.heartbeat
}

// tickLeader does what is due on a leader.
func (r *Raft) tickLeader() {
	if !r.hasMajority() {
		reachedNoMajority.Hit()
		r.trace("has not heard from a majority")
		r.becomeFollower(r.hard.Term)
		return
	}
	if t := r.lead.transfer; t != nil && r.now >= t.due {
		reachedTransferGivenUp.Hit()
		r.trace("gives up the transfer to %s", t.to)
		r.lead.transfer = nil
	}
	if r.now >= r.lead.heartbeat {
		r.beginRound()
		r.lead.heartbeat = r.now + r.cfg.HeartbeatInterval
	}
}

// hasMajority reports whether a majority was heard from within an election
// timeout: "a leader in Raft steps down if an election timeout elapses without
// a successful round of heartbeats to a majority" (thesis 6.2).
func (r *Raft) hasMajority() bool {
	if r.cfg.DisableCheckQuorum {
		return true
	}
	heard := reached(r.members.quorum, longAgo, func(id NodeID) time.Duration {
		if p := r.lead.peer(id); p != nil {
			return p.heard
		}
		return r.now
	})
	return heard > longAgo && r.now-heard < r.cfg.ElectionTimeoutMax
}

// beginRound sends a round of heartbeats, and makes it the one that the reads
// wait for which have none.
func (r *Raft) beginRound() {
	l := r.lead
	l.round++
	for _, p := range l.peers {
		r.send(p.id, Heartbeat{Round: l.round, SentAt: r.now, Commit: min(r.log.commit, p.match)})
	}
	r.assignReads()
}

// handleHeartbeatAck notes that the sender still knows of no newer leader.
func (r *Raft) handleHeartbeatAck(from NodeID, b HeartbeatAck) {
	p := r.heardFrom(from)
	if p == nil {
		return
	}
	p.acked = max(p.acked, b.Round)
	p.ackedSince = max(p.ackedSince, b.SentAt)
	r.answerReads()
	if p.sentAt < b.SentAt {
		reachedRetry.Hit()
		r.retry(p)
	}
}

// heardFrom returns the progress of a member that answered, or nil if this
// server does not lead it.
func (r *Raft) heardFrom(id NodeID) *progress {
	if r.role != Leader {
		return nil
	}
	p := r.lead.peer(id)
	if p != nil {
		p.heard = r.now
		r.lead.dirty = true
	}
	return p
}

// Propose appends commands to the log, all or none, and returns the index of
// the first and the term of all of them. They are committed when Effects hands
// out entries of that term at these indexes, and lost if it hands out others
// there. The core keeps the slices of bytes; nobody may change them.
//
// The error is ErrNotLeader, ErrTransferring, ErrBusy, or ErrTooLarge for a
// command above MaxEntryBytes.
func (r *Raft) Propose(now time.Duration, cmds [][]byte) (Index, Term, error) {
	r.advance(now)
	if r.role != Leader {
		return 0, 0, ErrNotLeader
	}
	size := 0
	for _, data := range cmds {
		if len(data) > MaxEntryBytes {
			return 0, 0, fmt.Errorf("propose %d bytes, at most %d: %w", len(data), MaxEntryBytes, ErrTooLarge)
		}
		size += Entry{Data: data}.size()
	}
	switch {
	case r.lead.transfer != nil:
		reachedProposeInTransfer.Hit()
		return 0, 0, ErrTransferring
	case r.lead.unsettled > 0 && r.lead.unsettled+size > r.cfg.MaxUncommittedBytes:
		return 0, 0, ErrBusy
	}
	first := r.log.last() + 1
	for _, data := range cmds {
		r.appendOwn(EntryCommand, data)
	}
	return first, r.hard.Term, nil
}

// appendOwn appends one entry of this leader's term and returns its index.
func (r *Raft) appendOwn(kind EntryKind, data []byte) Index {
	e := Entry{Index: r.log.last() + 1, Term: r.hard.Term, Kind: kind, Data: data}
	r.lead.unsettled += e.size()
	r.lead.dirty = true
	r.log.append(e)
	r.disk.appended(e.Index)
	if kind == EntryConfig {
		r.useConfig(e)
	}
	return e.Index
}

// advanceCommit commits what a majority has made durable. "Only log entries
// from the leader's current term are committed by counting replicas; once an
// entry from the current term has been committed in this way, then all prior
// entries are committed indirectly" (raft 5.4.2).
func (r *Raft) advanceCommit() {
	index := reached(r.members.quorum, 0, func(id NodeID) Index {
		if p := r.lead.peer(id); p != nil {
			return p.match
		}
		return r.log.stable
	})
	advanced := index > r.log.commit && r.log.matches(index, r.hard.Term)
	if advanced {
		r.log.commit = index
		r.lead.dirty = true
	}
	r.settle()
	if advanced {
		r.configCommitted()
	}
}

// settle stops counting, for the bound of Propose, what is committed and durable.
func (r *Raft) settle() {
	l := r.lead
	to := min(r.log.commit, r.log.stable)
	if to <= l.settled {
		return
	}
	for _, e := range r.log.slice(l.settled+1, to) {
		l.unsettled -= e.size()
	}
	l.settled = to
}
