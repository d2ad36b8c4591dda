package server

import (
	"net/netip"
	"slices"
	"time"

	"praetor/raft"
	"praetor/swim"
)

// care is what a leader remembers in order to look after the set of servers. A
// new leader begins anew: what it did not see itself, it waits for once more.
type care struct {
	watched  map[raft.NodeID]*watched
	nextLook time.Duration
	// outcasts are the servers that the operator took out, and until when they
	// are not taken in again though they are alive.
	outcasts map[raft.NodeID]time.Duration
}

func (c *care) begin(now time.Duration) {
	clear(c.watched)
	clear(c.outcasts)
	c.nextLook = now
}

// lookInterval is how often the leader looks whether its servers are healthy.
const lookInterval = 100 * time.Millisecond

// deadServerTimeout is after how long a failed server is taken out though
// nobody has taken its place. A machine that reboots is back by then; and if it
// comes later, it is taken in again.
const deadServerTimeout = 10 * time.Minute

// reconcileVoters takes one step towards the right set of voters. Gossip says
// who there is: a new server is first a learner, and is taken out when it has
// left in good order. The autopilot looks how they are: a learner that is
// healthy gets a vote, and a server that failed is taken out when it may be.
// Raft changes one server at a time, so there is one step at a time here.
func (s *Server) reconcileVoters(now time.Duration) {
	d := &s.duties
	look := d.nextLook <= now
	if !d.members && !look {
		return
	}
	next, what := raft.Configuration{}, ""
	if look {
		d.nextLook = now + lookInterval
		next, what = s.tend(now)
	}
	if what == "" && d.members {
		d.members = false
		next, what = s.nextConfiguration(now)
	}
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

// tend returns the configuration after the next step that the servers' health
// asks for, and the step in words; "" if there is none.
func (s *Server) tend(now time.Duration) (raft.Configuration, string) {
	c, h := s.raft.Config(), s.health(now)
	if sh, ok := s.promotable(h); ok {
		p, _ := c.Peer(sh.ID)
		remove(&c.Learners, p.ID)
		c.Voters = append(c.Voters, p)
		return c, s.nameOf(p.ID) + " has caught up and votes"
	}
	if sh, ok := s.deadServer(now, h); ok {
		remove(&c.Voters, sh.ID)
		remove(&c.Learners, sh.ID)
		return c, s.nameOf(sh.ID) + " has failed and is taken out"
	}
	return c, ""
}

// promotable finds a learner that may vote: it has been healthy for the
// stabilization time, so that a machine that flaps never becomes part of a
// quorum. While there are fewer than three voters it need only be healthy:
// such a cluster survives no failure, and to wait would only prolong that.
func (s *Server) promotable(h Health) (ServerHealth, bool) {
	wait := s.machine.view.AutopilotConfig().ServerStabilizationTime
	if h.voters() < 3 {
		wait = 0
	}
	for _, sh := range h.Servers {
		if !sh.Voter && sh.Healthy && sh.StableFor >= wait {
			return sh, true
		}
	}
	return ServerHealth{}, false
}

// deadServer finds a server that failed and may be taken out:
//
//   - CleanupDeadServers is on;
//   - there are more voters than when it died, so that another has taken its
//     place, or it has been dead for deadServerTimeout, under this leader's eyes;
//   - the healthy voters are a quorum of those that are left, so that it is
//     certain that the change can be made and the cluster goes on;
//   - and they are at least MinQuorum.
//
// So it always is the minority that goes, one at a time.
//
// A learner counts for nothing, and may go when its time is up.
func (s *Server) deadServer(now time.Duration, h Health) (ServerHealth, bool) {
	c := s.machine.view.AutopilotConfig()
	if !c.CleanupDeadServers {
		return ServerHealth{}, false
	}
	voters, well := h.voters(), h.healthyVoters()
	safe := well > (voters-1)/2 && uint64(well) >= c.MinQuorum
	for _, sh := range h.Servers {
		w := s.duties.watched[sh.ID]
		replaced := sh.Voter && voters > w.among
		due := w.dead > 0 && (replaced || now-w.dead >= deadServerTimeout)
		if due && (safe || !sh.Voter) {
			return sh, true
		}
	}
	return ServerHealth{}, false
}

// nextConfiguration returns the configuration that is one step nearer to what
// gossip says, and the step in words; "" if there is nothing to do.
func (s *Server) nextConfiguration(now time.Duration) (raft.Configuration, string) {
	c := s.raft.Config()
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
		case m.State.Gone() && in:
			remove(&c.Voters, id)
			remove(&c.Learners, id)
			return c, m.Name + " has left and is taken out"
		case m.State == swim.Alive && s.moveTo(&c, m, a.Addr):
			return c, m.Name + " has moved to " + a.Addr.String()
		case m.State != swim.Alive || in || !a.Addr.IsValid() || now < s.duties.outcasts[id]:
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

// moveTo gives a server of c the address that gossip knows, and reports whether
// that is another one. Should two members have its ID, the first by name counts,
// so that it does not move to and fro.
func (s *Server) moveTo(c *raft.Configuration, m swim.Member, addr netip.AddrPort) bool {
	if first, _ := s.memberOf(raft.NodeID(m.ID)); first.Name != m.Name || !addr.IsValid() {
		return false
	}
	for _, list := range [][]raft.Peer{c.Voters, c.Learners} {
		for i := range list {
			if p := &list[i]; string(p.ID) == m.ID && p.Addr != addr.String() {
				reachedMoved.Hit()
				p.Addr = addr.String()
				return true
			}
		}
	}
	return false
}

// turnAway says, once for each stranger, why it is not taken in.
func (s *Server) turnAway(now time.Duration, m swim.Member, cluster raft.ClusterID) {
	if s.duties.strangers[m.ID] == cluster {
		return
	}
	s.duties.strangers[m.ID] = cluster
	s.trace(now, "cluster: %s at %v belongs to another cluster (%x, ours is %x) and is not taken in; to move it here, stop it and wipe its data directory", m.Name, m.Addr, uint64(cluster), uint64(s.raft.Cluster()))
}

func holds(list []raft.Peer, id raft.NodeID) bool {
	return slices.ContainsFunc(list, func(p raft.Peer) bool { return p.ID == id })
}

func remove(list *[]raft.Peer, id raft.NodeID) {
	*list = slices.DeleteFunc(*list, func(p raft.Peer) bool { return p.ID == id })
}
