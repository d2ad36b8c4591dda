package server

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"praetor/raft"
	"praetor/swim"
)

// bootstrap makes a new cluster, once, out of servers that are part of none.
//
// With Config.Bootstrap this server alone becomes the cluster. With
// Config.Expect the servers wait until so many have met in gossip, and then
// only the one with the lowest ID acts: it stands for election under the
// configuration of all of them, and the others vote for it without a
// configuration of their own (thesis 4.1). Where gossip has not told everybody
// of everybody yet, two may act; all of the configuration must vote for it, so
// that at most one of two overlapping ones succeeds (raft.Bootstrap), and when
// gossip has told them the others withdraw. The cluster's random ID keeps
// servers of another cluster out for good.
type bootstrap struct {
	armed   bool // this server may still make a cluster
	hold    bool // wait for ReleaseBootstrap
	dirty   bool // members changed since the last look
	cluster raft.ClusterID
	peers   []raft.Peer // of the configuration that is standing for election
}

func (s *Server) newBootstrap() bootstrap {
	fresh := !s.inCluster() && s.raft.LastIndex() == 0
	return bootstrap{
		armed:   fresh && (s.cfg.Bootstrap || s.cfg.Expect > 0),
		hold:    s.cfg.HoldBootstrap,
		dirty:   true,
		cluster: raft.ClusterID(s.cfg.Rand.Uint64() | 1),
	}
}

// ReleaseBootstrap ends the wait: whom there is to join has been asked.
func (s *Server) ReleaseBootstrap(time.Duration) { s.boot.hold, s.boot.dirty = false, true }

// runBootstrap makes the cluster when its time has come.
func (s *Server) runBootstrap(now time.Duration) {
	b := &s.boot
	if s.inCluster() && b.armed {
		b.armed = false
		s.pool.SetTags(now, s.tags())
	}
	if !b.armed || b.hold || !b.dirty || s.raft.LastIndex() > 0 {
		return
	}
	b.dirty = false
	peers, err := s.founders()
	if err != nil {
		s.out.Fatal = err
		b.armed = false
		return
	}
	if slices.Equal(peers, b.peers) {
		return
	}
	b.peers = peers
	if peers == nil {
		reachedNotFounder.Hit()
		s.raft.Withdraw(now) // somebody else is to do it, as gossip shows now
		return
	}
	if err := s.raft.Bootstrap(now, b.cluster, raft.Configuration{Voters: peers}); err != nil {
		s.trace(now, "bootstrap: %v", err)
		return
	}
	s.trace(now, "bootstrap: stands for election as the first of %d servers", len(peers))
}

// founders returns the voters of the cluster that this server should make
// now, or nil if it is not its turn.
func (s *Server) founders() ([]raft.Peer, error) {
	var list []raft.Peer
	for _, m := range s.pool.Members() {
		a := AgentOf(m)
		if m.State.Gone() || !a.Server || a.Datacenter != s.cfg.Datacenter {
			continue
		}
		other := m.ID != string(s.cfg.ID)
		if other && (a.Cluster != 0 || a.Bootstrap) {
			if s.cfg.Bootstrap {
				return nil, fmt.Errorf("server: bootstrap: %s at %v has already made a cluster; start this server without -bootstrap, and it will be taken in", m.Name, m.Addr)
			}
			reachedTakenIn.Hit()
			return nil, nil // its leader will take us in
		}
		if !other || (!s.cfg.Bootstrap && a.Expect == s.cfg.Expect && m.State == swim.Alive) {
			list = append(list, raft.Peer{ID: raft.NodeID(m.ID), Addr: a.Addr.String()})
		}
	}
	if s.cfg.Bootstrap {
		return list, nil
	}
	if len(list) < s.cfg.Expect {
		return nil, nil
	}
	slices.SortFunc(list, func(a, b raft.Peer) int { return cmp.Compare(a.ID, b.ID) })
	list = list[:s.cfg.Expect]
	if list[0].ID != s.cfg.ID {
		return nil, nil
	}
	return list, nil
}
