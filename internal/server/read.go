package server

import (
	"time"

	"praetor/raft"
	"praetor/swim"
)

// View returns the newest state that this server has applied. It may be
// called from any goroutine.
func (s *Server) View() *View { return s.published.Load() }

// Current reports whether a View that is loaded after the call is linearizable
// for a read that began before now: this server leads at now under a lease that
// has not run out, so every write that was acknowledged by then is in its View.
// It may be called from any goroutine.
func (s *Server) Current(now time.Duration) bool { return int64(now) < s.lease.Load() }

// LastContact is how long ago this server heard from a leader; on the leader
// it is 0. It may be called from any goroutine.
func (s *Server) LastContact(now time.Duration) time.Duration {
	if s.Status().Leading {
		return 0
	}
	return max(0, now-time.Duration(s.contact.Load()))
}

// Status is what a server tells about itself.
type Status struct {
	Leading bool
	Leader  raft.NodeID // "" if none is known
	Address string      // of the leader's server port, "" if none is known
	Term    raft.Term
	Role    raft.Role
	Config  raft.Configuration
	// ConfigIndex is where Config stands in the log. It is committed once Commit
	// has reached it.
	ConfigIndex raft.Index
	Applied     uint64
	Commit      raft.Index
	Last        raft.Index
	Members     []swim.Member
}

// Status returns what was true after the last event. It may be called from
// any goroutine.
func (s *Server) Status() *Status { return s.status.Load() }

// publishStatus renews the Status if something in it changed.
func (s *Server) publishStatus() {
	old := s.status.Load()
	if old != nil && s.describedBy(old) {
		return
	}
	leader := s.raft.Leader()
	n := &Status{
		Leading: s.isLeader(),
		Leader:  leader,
		Term:    s.raft.Term(),
		Role:    s.raft.Role(),
		Applied: s.machine.view.Index,
		Commit:  s.raft.Committed(),
		Last:    s.raft.LastIndex(),

		ConfigIndex: s.raft.ConfigIndex(), // a truncation may change it alone
	}
	configured := old != nil && old.ConfigIndex == n.ConfigIndex && old.Term == n.Term && n.ConfigIndex > 0
	if configured {
		n.Config = old.Config // at one index there is one configuration in a term
	} else {
		n.Config = s.raft.Config()
	}
	met := old != nil && !s.membersChanged
	if met {
		n.Members = old.Members
	} else {
		n.Members = s.pool.Members()
		s.membersChanged = false
	}
	if configured && met && leader == old.Leader {
		n.Address = old.Address
	} else if a := s.addrOf(leader); leader != "" && a.IsValid() {
		n.Address = a.String()
	}
	s.status.Store(n)
}

// describedBy reports whether a Status still tells how this server is.
func (s *Server) describedBy(st *Status) bool {
	return st.Applied == s.machine.view.Index && st.Commit == s.raft.Committed() && st.Last == s.raft.LastIndex() &&
		st.Term == s.raft.Term() && st.Role == s.raft.Role() && st.Leader == s.raft.Leader() &&
		st.ConfigIndex == s.raft.ConfigIndex() && !s.membersChanged
}
