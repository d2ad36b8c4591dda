package raft

import (
	"fmt"
	"time"
)

// transfer is a leadership transfer under way.
type transfer struct {
	to   NodeID
	due  time.Duration // when to give up
	tell time.Duration // when to tell it to campaign, again
}

// Transfer hands the leadership over to a voter: the leader stops taking
// proposals, brings the other's log up to date and makes it campaign at once
// (thesis 3.10). If that does not lead to a new leader within an election
// timeout, this one goes on. An empty to is the voter whose log reaches
// furthest; to itself is no transfer.
//
// The error is ErrNotLeader, ErrNotVoter, or ErrTransferring while another
// transfer is under way.
func (r *Raft) Transfer(now time.Duration, to NodeID) error {
	r.advance(now)
	if r.role != Leader {
		return ErrNotLeader
	}
	if p := r.lead.mostAdvanced(r.members.current()); to == "" && p != nil {
		to = p.id
	}
	switch t := r.lead.transfer; {
	case !contains(r.members.current().Voters, to):
		return fmt.Errorf("transfer to %q: %w", to, ErrNotVoter)
	case to == r.cfg.ID, t != nil && t.to == to:
		return nil
	case t != nil:
		return fmt.Errorf("transfer to %q: %w", to, ErrTransferring)
	}
	r.lead.transfer = &transfer{to: to, due: r.now + r.cfg.ElectionTimeoutMax}
	r.lead.dirty = true
	r.trace("transfers the leadership to %s", to)
	return nil
}

// pursueTransfer tells the target to campaign once its log is complete, and
// again after a heartbeat interval, should the TimeoutNow be lost.
func (r *Raft) pursueTransfer() {
	t := r.lead.transfer
	if t == nil || r.now < t.tell {
		return
	}
	if p := r.lead.peer(t.to); p != nil && p.match == r.log.last() {
		r.lead.noLease = true
		reachedTells.Hit()
		t.tell = r.now + r.cfg.HeartbeatInterval
		r.send(t.to, TimeoutNow{})
	}
}

// handleTimeoutNow campaigns at once, with no pre-vote, and with a word to the
// voters that their leader wants it.
func (r *Raft) handleTimeoutNow(from NodeID) {
	if r.role == Leader || !r.mayCampaign() {
		return
	}
	reachedTimeoutNow.Hit()
	r.trace("is told by %s to campaign", from)
	r.startElection(true)
}
