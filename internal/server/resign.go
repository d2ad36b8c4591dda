package server

import "time"

// resignation is the way of a server that is going to stop. It hands the
// leadership over, if it has it, and answers the writes that are under way:
//
//	Resign -> transfer to the successor -> another leads, no write is left -> linger -> Effects.Resigned
//	             |                                                                          ^
//	             +-- nobody can take over; or the time is up -------------------------------+
//
// A leader that has handed over lingers for a heartbeat: other servers may have
// sent it writes before they heard of the new leader, and it tells them so. If
// it was gone, they could not know what became of those writes.
//
// So a restart in good order costs the time of a transfer, which is a round
// trip and an fsync, and not an election timeout. The writes that arrive during
// the transfer wait (requests.go), and then go to the new leader.
type resignation struct {
	due    time.Duration // when it ends in any case
	tried  bool          // the leadership was offered to somebody
	linger bool          // all is done, and due is when it has lingered
}

// Resign prepares for a stop: this server hands the leadership over and brings
// the writes that are under way to an end. Effects.Resigned tells when that is
// done, or has failed; at the latest after two election timeouts, one for the
// transfer and one for the writes. The server works on as long as it is driven.
func (s *Server) Resign(now time.Duration) {
	if s.resigning == nil {
		s.resigning = &resignation{due: now + 2*s.electionTimeout()}
	}
}

// resign goes on with a resignation.
func (s *Server) resign(now time.Duration) {
	if s.resigning == nil || now < s.resigning.due && s.handingOver(now) {
		return
	}
	s.resigning = nil
	s.out.Resigned = true
}

// handingOver reports whether it is worth while to wait: a transfer is under
// way, or its outcome is not known yet, or writes are.
func (s *Server) handingOver(now time.Duration) bool {
	r := s.resigning
	if !s.isLeader() {
		if !r.tried {
			return s.writes.live > 0
		}
		if !r.linger && s.writes.live == 0 && s.raft.Leader() != "" {
			reachedLingers.Hit()
			r.linger, r.due = true, min(r.due, now+s.heartbeat())
		}
		return true
	}
	if r.tried {
		return s.raft.Status().Transfer != ""
	}
	r.tried = true
	to, ok := s.successor()
	if !ok {
		return false
	}
	if err := s.raft.Transfer(now, to); err != nil {
		s.trace(now, "cluster: cannot hand the leadership over: %v", err)
		return s.raft.Status().Transfer != ""
	}
	return true
}
