package raft

import (
	"math/rand/v2"
	"slices"
	"time"
)

// election is what a server that does not lead knows of leaders and votes.
type election struct {
	due   time.Duration   // campaign at this time
	heard time.Duration   // when the leader was heard last, or longAgo
	votes map[NodeID]bool // answers to this server's own campaign
}

// drawElectionTimeout starts the election timer anew. "Raft uses randomized
// election timeouts to ensure that split votes are rare and that they are
// resolved quickly" (raft 5.2).
func (r *Raft) drawElectionTimeout() {
	r.election.due = r.now + drawBetween(r.cfg.Rand, r.cfg.ElectionTimeoutMin, r.cfg.ElectionTimeoutMax)
}

// drawBetween returns a duration in [low, high), or low if there is none.
func drawBetween(rnd *rand.Rand, low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + time.Duration(rnd.Int64N(int64(high-low)))
}

// mayCampaign reports whether this server has a vote in the configuration in
// force, or in one that may come back or is not known to be replaced: "a server
// that is not part of its own latest configuration should still start new
// elections, as it might still be needed until the C_new entry is committed"
// (thesis 4.2.2). Who has no configuration at all waits for one (thesis 4.1).
func (r *Raft) mayCampaign() bool {
	if r.members.quorum.contains(r.cfg.ID) {
		return true
	}
	for _, p := range slices.Backward(r.members.history) {
		if p.config.IsVoter(r.cfg.ID) {
			return true
		}
		if p.index <= r.log.commit {
			break
		}
	}
	return false
}

// standsByLeader reports whether vote requests are to be ignored: "if a server
// receives a RequestVote request within the minimum election timeout of
// hearing from a current leader, it does not update its term or grant its
// vote" (thesis 4.2.3). Leases are safe because of it.
func (r *Raft) standsByLeader() bool {
	if r.cfg.DisableCheckQuorum {
		return false
	}
	return r.role == Leader || r.election.heard > longAgo && r.now < r.election.heard+r.cfg.ElectionTimeoutMin
}

// campaign tries to become leader: first it asks whether it could win, unless
// PreVote is off, and only then raises its term.
func (r *Raft) campaign() {
	if r.cfg.DisablePreVote {
		r.startElection(false)
		return
	}
	r.role = PreCandidate
	r.setLeader("")
	r.trace("asks for pre-votes for term %d", r.hard.Term+1)
	r.openPoll(r.hard.Term+1, VoteRequest{Pre: true})
}

// startElection raises the term and asks for votes. With transfer the old
// leader wanted it (thesis 3.10).
func (r *Raft) startElection(transfer bool) {
	r.setTerm(r.hard.Term+1, r.cfg.ID)
	r.role = Candidate
	r.setLeader("")
	r.trace("campaigns")
	r.openPoll(r.hard.Term, VoteRequest{Transfer: transfer})
}

// openPoll votes for itself and asks the other voters.
func (r *Raft) openPoll(term Term, request VoteRequest) {
	r.members.founded(r.log.commit)
	r.drawElectionTimeout()
	r.election.votes = map[NodeID]bool{r.cfg.ID: true}
	request.LastIndex, request.LastTerm = r.log.last(), r.log.lastTerm()
	for _, id := range r.members.current().memberIDs() {
		if id != r.cfg.ID && r.members.quorum.contains(id) {
			r.post(r.disk.hardAt, id, term, request)
		}
	}
	r.countVotes()
}

// handleVoteRequest grants the vote if it is free and the candidate's log is
// at least as up-to-date as this one (raft 5.2, 5.4.1). A pre-vote is granted
// on the log alone; it promises nothing.
func (r *Raft) handleVoteRequest(m Message, b VoteRequest) {
	upToDate := b.LastTerm > r.log.lastTerm() || b.LastTerm == r.log.lastTerm() && b.LastIndex >= r.log.last()
	if b.Pre {
		r.post(r.disk.hardAt, m.From, m.Term, VoteResponse{Pre: true, Granted: upToDate})
		return
	}
	free := r.hard.Vote == "" && r.leader == "" || r.hard.Vote == m.From
	granted := free && upToDate
	if granted && r.hard.Vote == "" {
		r.becomeFollower(r.hard.Term)
		r.setTerm(r.hard.Term, m.From)
		r.drawElectionTimeout()
		r.trace("votes for %s", m.From)
	}
	r.send(m.From, VoteResponse{Granted: granted})
}

// handleVoteResponse counts an answer to this server's campaign.
func (r *Raft) handleVoteResponse(from NodeID, b VoteResponse) {
	expected := Candidate
	if b.Pre {
		expected = PreCandidate
	}
	if r.role != expected {
		reachedLateVote.Hit()
		return
	}
	if _, answered := r.election.votes[from]; !answered {
		r.election.votes[from] = b.Granted
	}
	r.countVotes()
}

// countVotes goes on with the campaign if it is decided.
func (r *Raft) countVotes() {
	switch r.members.quorum.tally(r.election.votes) {
	case voteWon:
		if r.role == PreCandidate {
			r.startElection(false)
		} else {
			r.becomeLeader()
		}
	case voteLost:
		reachedVoteLost.Hit()
		r.trace("loses as %s", r.role)
		r.role = Follower
		r.election.votes = nil
	}
}

// becomeLeader starts the term that this server won. Its first entry commits
// what its predecessors left behind (raft 5.4.2, 8); the first leader of a
// cluster puts the configuration there instead.
func (r *Raft) becomeLeader() {
	r.role = Leader
	r.election.votes = nil
	r.incoming = nil
	r.setLeader(r.cfg.ID)
	r.lead = newLeadership(r)
	r.trace("becomes leader")
	if c := r.members.provisional; !c.IsZero() {
		r.appendOwn(EntryConfig, AppendConfiguration(nil, c))
		r.members.quorum.all = true // until it is committed; see propose
	} else {
		r.appendOwn(EntryNoop, nil)
	}
}

// becomeFollower ends whatever this server was, in the given term, which is
// not below its own. A timer that was running goes on: a candidate that cannot
// win must not put off those who can.
func (r *Raft) becomeFollower(term Term) {
	if term > r.hard.Term {
		r.setTerm(term, "")
	}
	if r.role == Leader {
		reachedStepsDown.Hit()
		r.trace("steps down")
		r.failReads()
		r.lead = nil
		r.drawElectionTimeout()
	}
	r.role = Follower
	r.election.votes = nil
	r.setLeader("")
}

// follow makes this server a follower of the leader of its term. It reports
// false for what cannot be: another leader in a term that this server leads.
func (r *Raft) follow(leader NodeID) bool {
	if r.role == Leader || r.leader != "" && r.leader != leader {
		r.trace("ignores a second leader %s", leader)
		return false
	}
	if r.role != Follower {
		r.becomeFollower(r.hard.Term)
		reachedYields.Hit()
	}
	r.setLeader(leader)
	r.election.heard = r.now
	r.drawElectionTimeout()
	return true
}

// setTerm changes the persistent state of elections, which must be durable
// before anything that depends on it leaves.
func (r *Raft) setTerm(term Term, vote NodeID) {
	r.hard.Term, r.hard.Vote = term, vote
	r.disk.hardChanged()
}

// setLeader notes who leads; reads that wait for another leader's answer fail.
func (r *Raft) setLeader(id NodeID) {
	if r.leader == id {
		return
	}
	r.leader = id
	r.asked.fail(r)
	if id != "" && id != r.cfg.ID {
		r.trace("follows %s", id)
	}
}

// Leader returns who leads in this server's term, or "" if it does not know.
func (r *Raft) Leader() NodeID { return r.leader }

// Role returns what this server is at the moment.
func (r *Raft) Role() Role { return r.role }

// Term returns the term that this server is in.
func (r *Raft) Term() Term { return r.hard.Term }

// Cluster returns the cluster that this server belongs to, or 0.
func (r *Raft) Cluster() ClusterID { return r.hard.Cluster }

// Committed returns up to where the log is known to be committed.
func (r *Raft) Committed() Index { return r.log.commit }

// LastIndex returns the index of the last entry of the log, or 0.
func (r *Raft) LastIndex() Index { return r.log.last() }

// FirstIndex returns the index of the first entry that is kept, which is
// LastIndex+1 if there is none.
func (r *Raft) FirstIndex() Index { return r.log.base + 1 }
