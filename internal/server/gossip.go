package server

import (
	"fmt"
	"net/netip"
	"strconv"

	"praetor/raft"
	"praetor/swim"
)

// The tags that an agent gossips about itself. They are how agents find the
// servers and servers find each other.
const (
	TagRole       = "role"      // RoleServer or RoleClient
	TagDatacenter = "dc"        // the datacenter's name
	TagPort       = "port"      // of a server, for other servers and clients
	TagBuild      = "build"     // the version of the program
	TagExpect     = "expect"    // of a server that waits for so many to make a cluster
	TagBootstrap  = "bootstrap" // "1" on a server that was started as the only voter
	TagCluster    = "cluster"   // of a server that is part of a cluster: its ID in hexadecimal

	RoleServer = "consul"
	RoleClient = "node"
)

// Agent is what a member's tags say about it.
type Agent struct {
	Server     bool
	Datacenter string
	Addr       netip.AddrPort // of the server port; only on servers
	Build      string
	Expect     int
	Bootstrap  bool
	Cluster    raft.ClusterID // 0: part of none yet
}

// AgentOf reads a member's tags. What is missing or malformed is zero.
func AgentOf(m swim.Member) Agent {
	a := Agent{
		Server:     m.Tags[TagRole] == RoleServer,
		Datacenter: m.Tags[TagDatacenter],
		Build:      m.Tags[TagBuild],
		Bootstrap:  m.Tags[TagBootstrap] == "1",
	}
	if port, err := strconv.ParseUint(m.Tags[TagPort], 10, 16); err == nil {
		a.Addr = netip.AddrPortFrom(m.Addr.Addr(), uint16(port))
	}
	a.Expect, _ = strconv.Atoi(m.Tags[TagExpect])
	if c, err := strconv.ParseUint(m.Tags[TagCluster], 16, 64); err == nil {
		a.Cluster = raft.ClusterID(c)
	}
	return a
}

// ClientTags are the tags of an agent that is not a server.
func ClientTags(datacenter, build string) map[string]string {
	return map[string]string{TagRole: RoleClient, TagDatacenter: datacenter, TagBuild: build}
}

// ServerTags are the tags of a server, without what only its datacenter needs to
// know. port is its server port.
func ServerTags(datacenter, build string, port int) map[string]string {
	return map[string]string{TagRole: RoleServer, TagDatacenter: datacenter, TagBuild: build, TagPort: strconv.Itoa(port)}
}

// tags are this server's own.
func (s *Server) tags() map[string]string {
	t := ServerTags(s.cfg.Datacenter, s.cfg.Build, int(s.cfg.Addr.Port()))
	if s.cfg.Bootstrap {
		t[TagBootstrap] = "1"
	}
	if s.cfg.Expect > 0 {
		t[TagExpect] = strconv.Itoa(s.cfg.Expect)
	}
	if s.inCluster() {
		t[TagCluster] = fmt.Sprintf("%x", uint64(s.raft.Cluster()))
	}
	return t
}

// inCluster reports whether this server's log holds a configuration, so that it
// is part of a cluster for good.
func (s *Server) inCluster() bool { return s.raft.ConfigIndex() > 0 }

func (s *Server) gossipConfig() swim.Config {
	c := s.cfg.Gossip
	c.Name, c.ID, c.Tags, c.Rand = s.cfg.Name, string(s.cfg.ID), s.tags(), s.cfg.Rand
	c.Trace = func(e swim.TraceEvent) { s.trace(e.At, "swim: %s", e.What) }
	return c
}

// drainGossip carries out what the membership core asks for.
func (s *Server) drainGossip() bool {
	if !s.pool.HasEffects() {
		return false
	}
	e := s.pool.Effects()
	s.out.Packets = append(s.out.Packets, e.Packets...)
	s.out.Streams = append(s.out.Streams, e.Streams...)
	s.out.Events = append(s.out.Events, e.Events...)
	s.out.UserEvents = append(s.out.UserEvents, e.UserEvents...)
	s.out.Joins = append(s.out.Joins, e.Joins...)
	s.out.Left = s.out.Left || e.Left
	for _, ev := range e.Events {
		s.memberChanged(ev)
	}
	s.boot.dirty = s.boot.dirty || len(e.Events) > 0
	return true
}
