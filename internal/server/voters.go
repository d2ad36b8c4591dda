package server

import (
	"slices"
	"time"

	"praetor/raft"
	"praetor/swim"
)

// reconcileVoters takes one step towards the configuration that gossip asks
// for: a new server is first a learner, becomes a voter when it has caught up,
// and is taken out when it has left in good order. A server that failed stays:
// it counts for the quorum until somebody says that it is gone. Raft changes
// one server at a time, so there is one step at a time here.
func (s *Server) reconcileVoters(now time.Duration) {
	d := &s.duties
	if !d.members && !s.hasLearners() {
		return
	}
	d.members = false
	next, what := s.nextConfiguration(now)
	if what == "" {
		return
	}
	if _, _, err := s.raft.ChangeMembers(now, next); err != nil {
		d.members = true // another change is under way: when it is done
		return
	}
	s.trace(now, "cluster: %s", what)
	d.members = true
}

func (s *Server) hasLearners() bool { return len(s.raft.Config().Learners) > 0 }

// nextConfiguration returns the configuration that is one step nearer to what
// gossip says, and the step in words; "" if there is nothing to do.
func (s *Server) nextConfiguration(now time.Duration) (raft.Configuration, string) {
	c := s.raft.Config()
	c.Voters, c.Learners = slices.Clone(c.Voters), slices.Clone(c.Learners)
	if what := s.promote(&c); what != "" {
		return c, what
	}
	for _, m := range s.pool.Members() {
		a := AgentOf(m)
		if !a.Server || a.Datacenter != s.cfg.Datacenter {
			continue
		}
		id := raft.NodeID(m.ID)
		in := holds(c.Voters, id) || holds(c.Learners, id)
		stranger := a.Cluster != 0 && a.Cluster != s.raft.Cluster()
		switch {
		case stranger && holds(c.Learners, id): // its tags came later than itself
			remove(&c.Learners, id)
			return c, m.Name + " belongs to another cluster and is taken out again"
		case m.State == swim.Left && in:
			remove(&c.Voters, id)
			remove(&c.Learners, id)
			return c, m.Name + " has left and is taken out"
		case m.State != swim.Alive || in || !a.Addr.IsValid():
		case stranger:
			s.turnAway(now, m, a.Cluster)
		case a.Bootstrap && a.Cluster == 0:
			s.trace(now, "cluster: %s at %v wants to make a cluster of its own and is not taken in; start it without -bootstrap", m.Name, m.Addr)
		default:
			c.Learners = append(c.Learners, raft.Peer{ID: id, Addr: a.Addr.String()})
			return c, m.Name + " is taken in as a learner"
		}
	}
	return c, ""
}

// turnAway says, once for each stranger, why it is not taken in.
func (s *Server) turnAway(now time.Duration, m swim.Member, cluster raft.ClusterID) {
	if s.duties.strangers[m.ID] == cluster {
		return
	}
	s.duties.strangers[m.ID] = cluster
	s.trace(now, "cluster: %s at %v belongs to another cluster (%x, ours is %x) and is not taken in; to move it here, stop it and wipe its data directory", m.Name, m.Addr, uint64(cluster), uint64(s.raft.Cluster()))
}

// catchUp is how near to the end of the log a learner must be to become a
// voter: from there on it keeps up with the others.
const catchUp = 128

// promote makes a learner that has caught up a voter.
func (s *Server) promote(c *raft.Configuration) string {
	if len(c.Learners) == 0 {
		return ""
	}
	for _, ps := range s.raft.Status().Peers {
		p, known := s.raft.Config().Peer(ps.ID)
		if !known || !holds(c.Learners, ps.ID) || ps.Match == 0 || ps.Match+catchUp < s.raft.Committed() {
			continue
		}
		remove(&c.Learners, ps.ID)
		c.Voters = append(c.Voters, p)
		return string(ps.ID) + " has caught up and votes"
	}
	return ""
}

func holds(list []raft.Peer, id raft.NodeID) bool {
	return slices.ContainsFunc(list, func(p raft.Peer) bool { return p.ID == id })
}

func remove(list *[]raft.Peer, id raft.NodeID) {
	*list = slices.DeleteFunc(*list, func(p raft.Peer) bool { return p.ID == id })
}
