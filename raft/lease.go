package raft

import "time"

// LeaseUntil returns the time up to which this leader cannot have been
// replaced: while now < LeaseUntil(), a read of the state that has applied
// everything up to Committed is linearizable without asking anybody. It is 0
// if there is no lease.
//
//	leader    --heartbeat sent---------------------------- lease ends
//	                  \            ElectionTimeoutMin        ^
//	follower  ---------heard----------------------------->|  |margin
//	                     no vote for another until here --+
//
// A follower that heard the heartbeat votes for nobody else for
// ElectionTimeoutMin from when it heard it (thesis 4.2.3, 6.4.1), and it heard
// it after it was sent. So the lease runs from when the newest heartbeat was
// sent that a majority has answered. It ends early by LeaseMargin, which is
// what the clocks may differ in their speed.
//
// There is none before an entry of the own term is committed; nor from when a
// transfer begins, because the new leader's voters do not wait: a TimeoutNow
// may arrive late, so that one that was sent ends the leases of its term; nor
// for a leader that has no vote itself, because a sole voter that restarts
// does not wait either.
func (r *Raft) LeaseUntil() time.Duration {
	switch {
	case r.role != Leader, r.cfg.DisableCheckQuorum, !r.lead.ready(&r.log):
		return 0
	case r.lead.transfer != nil, r.lead.noLease, !contains(r.members.current().Voters, r.cfg.ID):
		return 0
	}
	since := reached(r.members.quorum, longAgo, func(id NodeID) time.Duration {
		if p := r.lead.peer(id); p != nil {
			return p.ackedSince
		}
		return r.now
	})
	if since == longAgo {
		return 0
	}
	return since + r.cfg.ElectionTimeoutMin - r.cfg.LeaseMargin
}
