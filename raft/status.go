package raft

import (
	"fmt"
	"strings"
	"time"
)

// Status is a server's report on itself, for people and for tests of others.
// It shares nothing with the server.
type Status struct {
	ID     NodeID
	Role   Role
	Leader NodeID // "" if it is unknown
	Hard   HardState
	Log    LogStatus
	Config Configuration

	// On a leader only.
	Lease     time.Duration // as LeaseUntil
	Transfer  NodeID        // whom the leadership is being transferred to, or ""
	Unsettled int           // bytes that are not committed, or not durable here
	Reads     int           // linearizable reads that wait
	Peers     []PeerStatus  // every other member, by ID
	Quorum    string        // a drawing of how far the voters have come
}

// LogStatus says how far a server's log has come.
type LogStatus struct {
	First, Last Index // kept in memory; First is Last+1 if nothing is
	LastTerm    Term
	Stable      Index // durable here
	Committed   Index
	HandedOut   Index // to be applied
	Snapshot    Index
}

// PeerStatus is what a leader knows of another member.
type PeerStatus struct {
	ID       NodeID
	State    string // "probe", "replicate" or "snapshot"
	Match    Index  // durable there
	Next     Index
	InFlight int           // requests that are not answered
	Silent   time.Duration // since it was heard last
	Sending  uint64        // in state "snapshot": how many bytes it has
}

// Status returns the server's report on itself.
func (r *Raft) Status() Status {
	s := Status{
		ID: r.cfg.ID, Role: r.role, Leader: r.leader, Hard: r.hard, Config: r.Config(),
		Log: LogStatus{
			First: r.log.base + 1, Last: r.log.last(), LastTerm: r.log.lastTerm(), Stable: r.log.stable,
			Committed: r.log.commit, HandedOut: r.log.handed, Snapshot: r.snapshot.Index,
		},
		Reads: r.asked.count,
	}
	if r.lead == nil {
		return s
	}
	s.Lease, s.Unsettled, s.Reads = r.LeaseUntil(), r.lead.unsettled, len(r.lead.reads)
	if t := r.lead.transfer; t != nil {
		s.Transfer = t.to
	}
	s.Peers = r.Peers()
	s.Quorum = r.members.quorum.describe(func(id NodeID) Index {
		if p := r.lead.peer(id); p != nil {
			return p.match
		}
		return r.log.stable
	})
	return s
}

// Peers returns what a leader knows of every other member, by ID; of a server
// that does not lead, nil.
func (r *Raft) Peers() []PeerStatus {
	if r.lead == nil {
		return nil
	}
	list := make([]PeerStatus, 0, len(r.lead.peers))
	for _, p := range r.lead.peers {
		ps := PeerStatus{ID: p.id, State: p.state.String(), Match: p.match, Next: p.next, InFlight: len(p.window.out), Silent: r.now - p.heard}
		if p.sending != nil {
			ps.Sending = p.sending.offset
		}
		list = append(list, ps)
	}
	return list
}

// String draws the report:
//
//	n1 leader in term 2, log 1..7/2, durable 7, committed 7, handed out 7
//	voters n1 n2 n3
//	n2 replicate  match 7 next 8 in flight 0 silent 10ms
//	n3 probe      match 0 next 7 in flight 0 silent 2s
//	     idx
//	xx>  7   n1
//	xx>  7   n2
//	>    0   n3
//	reached 7
func (s Status) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s in term %d", s.ID, s.Role, s.Hard.Term)
	if s.Leader != "" && s.Leader != s.ID {
		fmt.Fprintf(&b, " of %s", s.Leader)
	}
	fmt.Fprintf(&b, ", log %d..%d/%d, durable %d, committed %d, handed out %d",
		s.Log.First, s.Log.Last, s.Log.LastTerm, s.Log.Stable, s.Log.Committed, s.Log.HandedOut)
	if s.Log.Snapshot > 0 {
		fmt.Fprintf(&b, ", snapshot %d", s.Log.Snapshot)
	}
	fmt.Fprintf(&b, "\n%s", s.Config)
	if s.Transfer != "" {
		fmt.Fprintf(&b, "\ntransfer to %s", s.Transfer)
	}
	for _, p := range s.Peers {
		fmt.Fprintf(&b, "\n%s %-9s  match %d next %d in flight %d silent %v", p.ID, p.State, p.Match, p.Next, p.InFlight, p.Silent)
		if p.Sending > 0 {
			fmt.Fprintf(&b, " has %d bytes", p.Sending)
		}
	}
	if s.Quorum != "" {
		fmt.Fprintf(&b, "\n%s", s.Quorum)
	}
	return b.String()
}
