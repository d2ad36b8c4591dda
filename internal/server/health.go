package server

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"praetor/internal/wire"
	"praetor/raft"
	"praetor/swim"
)

// ServerHealth is what the leader knows of one server of its configuration.
type ServerHealth struct {
	ID      raft.NodeID
	Name    string // "" if gossip does not know it
	Address string // of its server port
	Gossip  string // "alive", "failed", "left", or "none": gossip does not know it
	Version string

	Leader  bool
	Voter   bool
	Healthy bool
	// StableFor is how long it has been healthy, or not, without a change, as
	// far as this leader has seen.
	StableFor time.Duration

	LastContact time.Duration // since the leader heard it last
	LastTerm    raft.Term     // that it was seen in
	LastIndex   raft.Index    // up to which its log is durable and the leader's
}

// Health is the leader's report on all servers.
type Health struct {
	Healthy          bool // all servers are
	FailureTolerance int  // how many healthy voters may fail before there is no quorum
	Servers          []ServerHealth
}

func (h Health) voters() (n int) {
	for _, s := range h.Servers {
		if s.Voter {
			n++
		}
	}
	return n
}

func (h Health) healthyVoters() (n int) {
	for _, s := range h.Servers {
		if s.Voter && s.Healthy {
			n++
		}
	}
	return n
}

// watched is what the leader remembers of a server from look to look.
type watched struct {
	healthy bool
	since   time.Duration // of the last change of healthy
	dead    time.Duration // since when it has been seen dead without a break; 0: it is not
	among   int           // how many voters there were when it died
}

// heartbeat is how often the leader hears from a healthy server.
func (s *Server) heartbeat() time.Duration {
	return cmp.Or(s.cfg.Raft.HeartbeatInterval, s.electionTimeout()/10)
}

// health looks at every server of the configuration, and remembers since when
// each is as it is. This server leads.
//
// A server is healthy if gossip does not hold it for failed, the leader heard
// it within the threshold (but two heartbeats may always pass), and its log is
// not too far behind.
func (s *Server) health(now time.Duration) Health {
	c, peers, last := s.raft.Config(), s.raft.Peers(), s.raft.LastIndex()
	h := Health{Healthy: true, Servers: make([]ServerHealth, 0, len(c.Voters)+len(c.Learners))}
	for _, p := range slices.Concat(c.Voters, c.Learners) {
		sh := s.describe(p)
		sh.Voter = holds(c.Voters, p.ID)
		if p.ID == s.cfg.ID {
			sh.Leader, sh.LastTerm, sh.LastIndex = true, s.raft.Term(), last
		}
		if i := slices.IndexFunc(peers, func(ps raft.PeerStatus) bool { return ps.ID == p.ID }); i >= 0 {
			ps := peers[i]
			sh.LastContact, sh.LastIndex = ps.Silent, ps.Match
			if ps.Match > 0 {
				sh.LastTerm = s.raft.Term() // it would not have accepted entries of this leader otherwise
			}
		}
		sh.Healthy = sh.Leader || s.isHealthy(sh, last)
		sh.StableFor = now - s.watch(now, sh, len(c.Voters)).since
		h.Healthy = h.Healthy && sh.Healthy
		h.Servers = append(h.Servers, sh)
	}
	maps.DeleteFunc(s.duties.watched, func(id raft.NodeID, _ *watched) bool { return !c.Contains(id) })
	h.FailureTolerance = max(0, h.healthyVoters()-(h.voters()/2+1))
	slices.SortFunc(h.Servers, func(a, b ServerHealth) int { return cmp.Compare(a.ID, b.ID) })
	return h
}

func (s *Server) isHealthy(h ServerHealth, last raft.Index) bool {
	c := s.machine.view.AutopilotConfig()
	return h.Gossip == "alive" && h.LastIndex > 0 &&
		h.LastContact <= max(c.LastContactThreshold, 2*s.heartbeat()) &&
		uint64(last-min(last, h.LastIndex)) <= c.MaxTrailingLogs
}

// watch remembers what a look at a server gave. Dead is only who both for gossip
// and for Raft is gone: a server that gossip lost but that answers its leader
// still counts for the quorum.
func (s *Server) watch(now time.Duration, h ServerHealth, voters int) *watched {
	w := s.duties.watched[h.ID]
	if w == nil {
		w = &watched{healthy: h.Healthy, since: now}
		s.duties.watched[h.ID] = w
	}
	if w.healthy != h.Healthy {
		w.healthy, w.since = h.Healthy, now
	}
	// Gossip forgets a member whose name passes to another; but whom it has not met
	// yet, because this server has just started, is not dead.
	lost := h.Gossip == "failed" || h.Gossip == "none" && (w.dead > 0 || now >= newcomerGrace)
	switch dead := lost && h.LastContact > s.electionTimeout(); {
	case !dead:
		w.dead = 0
	case w.dead == 0:
		w.dead, w.among = max(now, 1), voters
	}
	return w
}

// describe says what gossip knows of a server.
func (s *Server) describe(p raft.Peer) ServerHealth {
	h := ServerHealth{ID: p.ID, Address: p.Addr, Gossip: "none"}
	m, ok := s.memberOf(p.ID)
	if !ok {
		return h
	}
	h.Name, h.Version = m.Name, AgentOf(m).Build
	if a := s.addrOf(p.ID); a.IsValid() {
		h.Address = a.String()
	}
	switch m.State {
	case swim.Left, swim.Pruned:
		h.Gossip = "left"
	case swim.Dead:
		h.Gossip = "failed"
	default:
		h.Gossip = "alive" // a suspect has not failed yet
	}
	return h
}

// The bounds of an encoded Health.
const (
	maxHealthServers = 1024
	maxHealthText    = 512
)

// appendHealth appends a report:
//
//	| healthy bool | tolerance uv | count uv | servers |
//
// and each server, times in nanoseconds:
//
//	| id str | name str | address str | gossip str | version str |
//	| leader bool | voter bool | healthy bool | stable uv |
//	| contact uv | term uv | index uv |
func appendHealth(dst []byte, h Health) []byte {
	dst = wire.AppendUvarint(wire.AppendBool(dst, h.Healthy), uint64(h.FailureTolerance))
	dst = wire.AppendUvarint(dst, uint64(len(h.Servers)))
	for _, s := range h.Servers {
		for _, text := range [...]string{string(s.ID), s.Name, s.Address, s.Gossip, s.Version} {
			dst = wire.AppendString(dst, text)
		}
		for _, b := range [...]bool{s.Leader, s.Voter, s.Healthy} {
			dst = wire.AppendBool(dst, b)
		}
		for _, n := range [...]uint64{uint64(s.StableFor), uint64(s.LastContact), uint64(s.LastTerm), uint64(s.LastIndex)} {
			dst = wire.AppendUvarint(dst, n)
		}
	}
	return dst
}

// DecodeHealth reads the Data of the Result of a HealthCommand.
func DecodeHealth(b []byte) (Health, error) {
	r := wire.NewReader(b)
	h := Health{Healthy: r.Bool(), FailureTolerance: int(r.Uvarint())}
	n := r.Count(12) // bytes of the smallest server
	if n > maxHealthServers {
		r.Fail(wire.ErrTooLong)
	}
	for range n {
		if r.Err() != nil {
			break
		}
		text := func() string { return r.String(maxHealthText) }
		h.Servers = append(h.Servers, ServerHealth{
			ID: raft.NodeID(text()), Name: text(), Address: text(), Gossip: text(), Version: text(),
			Leader: r.Bool(), Voter: r.Bool(), Healthy: r.Bool(),
			StableFor: time.Duration(r.Uvarint()), LastContact: time.Duration(r.Uvarint()),
			LastTerm: raft.Term(r.Uvarint()), LastIndex: raft.Index(r.Uvarint()),
		})
	}
	if err := r.Close(); err != nil {
		return Health{}, fmt.Errorf("server: decode health: %w", err)
	}
	return h, nil
}
