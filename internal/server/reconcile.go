package server

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"time"

	"praetor/catalog"
	"praetor/raft"
	"praetor/swim"
)

// What the catalog says of a member's health.
const (
	outputAlive   = "Agent alive and reachable"
	outputFailed  = "Agent not live or unreachable"
	outputUnknown = "Agent is not a member of the gossip pool"
)

// The service that every server is an instance of.
const consulService = "consul"

// newcomerGrace is how long a leader waits after it was started before it
// believes that a node that gossip does not know has failed: gossip, too, has
// to be joined first.
const newcomerGrace = 30 * time.Second

// markAll lets every member, and every node that the leader once took in from
// gossip, be compared with the catalog.
func (s *Server) markAll() {
	for _, m := range s.pool.Members() {
		s.duties.dirty[m.Name] = true
	}
	checks, _ := s.machine.view.Catalog.ChecksInState(catalog.AnyState, nil)
	for _, c := range checks {
		if c.CheckID == catalog.SerfHealth {
			s.duties.dirty[c.Node] = true
		}
	}
}

// reconcileMembers writes to the catalog what gossip knows of the marked
// members. A member whose last change has not been applied yet stays marked. One
// whose change was applied and came to nothing was refused, for an ID that a
// living node has: it waits for the next full look, because to try again at
// once would fill the log.
func (s *Server) reconcileMembers(now time.Duration) {
	d := &s.duties
	if len(d.dirty) == 0 {
		return // as after almost all events
	}
	applied := raft.Index(s.machine.view.Index)
	for _, name := range slices.Sorted(maps.Keys(d.dirty)) {
		if d.flying[name].index > applied {
			reachedFlying.Hit()
			continue
		}
		last := d.flying[name]
		delete(d.flying, name)
		cmd := s.correction(now, name)
		if cmd == nil {
			delete(d.dirty, name)
			continue
		}
		if bytes.Equal(cmd, last.command) {
			s.trace(now, "catalog: refuses what gossip says of %s", name)
			delete(d.dirty, name)
			continue
		}
		index, _, err := s.raft.Propose(now, [][]byte{cmd})
		if err != nil {
			return // not the leader any more, or too busy: the marks stay
		}
		d.flying[name] = flight{index, cmd}
	}
}

// correction returns the command that makes the catalog agree with gossip on
// one member, or nil if it does.
func (s *Server) correction(now time.Duration, name string) []byte {
	m, known := s.pool.Member(name)
	node, _ := s.machine.view.Catalog.Node(name, nil)
	switch {
	case !known:
		return s.correctUnknown(now, node)
	case m.State.Gone():
		if node == nil || node.ID != m.ID {
			return nil
		}
		reachedRemovesNode.Hit()
		s.trace(now, "catalog: removes %s, which has left", name)
		return DeregisterCommand(catalog.Deregistration{Node: name})
	case m.State == swim.Dead:
		if node == nil {
			return nil
		}
		return s.correctHealth(now, node, catalog.Critical, outputFailed)
	}
	return s.correctAlive(now, m, node)
}

// correctUnknown judges a node that gossip does not know. If the leader never
// took it in from gossip, somebody registered it by hand, and it is left alone.
func (s *Server) correctUnknown(now time.Duration, node *catalog.Node) []byte {
	if node == nil || s.serfHealth(node.Node) == nil {
		return nil
	}
	if id, ok := s.duties.reaped[node.Node]; ok && id == node.ID {
		s.trace(now, "catalog: removes %s, which was gone for too long", node.Node)
		return DeregisterCommand(catalog.Deregistration{Node: node.Node})
	}
	if now < newcomerGrace {
		reachedGrace.Hit()
		s.duties.full = min(s.duties.full, newcomerGrace) // look again as soon as it may be judged
		return nil
	}
	return s.correctHealth(now, node, catalog.Critical, outputUnknown)
}

// correctHealth sets a node's serfHealth, and nothing else of it.
func (s *Server) correctHealth(now time.Duration, node *catalog.Node, status, output string) []byte {
	if c := s.serfHealth(node.Node); c != nil && c.Status == status && c.Output == output {
		return nil
	}
	reachedBecomesCritical.Hit()
	s.trace(now, "catalog: %s becomes %s: %s", node.Node, status, output)
	return RegisterCommand(catalog.Registration{
		Node:           *node,
		SkipNodeUpdate: true,
		Checks:         []catalog.Check{serfHealthCheck(node.Node, status, output)},
	})
}

// correctAlive registers a live member: its node, its serfHealth, and for a
// server the consul service.
func (s *Server) correctAlive(now time.Duration, m swim.Member, node *catalog.Node) []byte {
	if node != nil && node.ID != "" && node.ID != m.ID && s.serfHealth(node.Node) != nil {
		// Gossip gave the name to another node, so the one that had it is gone. The
		// catalog, which keeps names for the living, has to know that first.
		if cmd := s.correctHealth(now, node, catalog.Critical, outputFailed); cmd != nil {
			reachedNamePasses.Hit()
			return cmd
		}
	}
	a := AgentOf(m)
	want := catalog.Registration{
		Node: catalog.Node{
			ID: m.ID, Node: m.Name, Address: m.Addr.Addr().String(), Datacenter: s.cfg.Datacenter,
		},
		Checks: []catalog.Check{serfHealthCheck(m.Name, catalog.Passing, outputAlive)},
	}
	if node != nil { // these are the agent's to say, not gossip's
		want.Node.Meta, want.Node.TaggedAddresses = node.Meta, node.TaggedAddresses
	}
	if a.Server {
		want.Service = &catalog.Service{
			ID: consulService, Service: consulService, Port: int(a.Addr.Port()), Tags: []string{},
			Meta:    map[string]string{"version": a.Build, "server_port": strconv.Itoa(int(a.Addr.Port()))},
			Weights: catalog.Weights{Passing: 1, Warning: 1},
		}
	}
	if s.agrees(want, node) {
		return nil
	}
	s.trace(now, "catalog: %s at %v is a member and alive", m.Name, m.Addr.Addr())
	return RegisterCommand(want)
}

// agrees reports whether the catalog already says what want says.
func (s *Server) agrees(want catalog.Registration, node *catalog.Node) bool {
	if node == nil || node.ID != want.Node.ID || node.Address != want.Node.Address {
		return false
	}
	c := s.serfHealth(want.Node.Node)
	if c == nil || c.Status != catalog.Passing {
		return false
	}
	_, services, _ := s.machine.view.Catalog.NodeServices(want.Node.Node, nil)
	i := slices.IndexFunc(services, func(v *catalog.Service) bool { return v.ID == consulService })
	if want.Service == nil {
		return true // a service named consul on a client is its own affair
	}
	return i >= 0 && services[i].Port == want.Service.Port && maps.Equal(services[i].Meta, want.Service.Meta)
}

func (s *Server) serfHealth(node string) *catalog.Check {
	checks, _ := s.machine.view.Catalog.NodeChecks(node, nil)
	for _, c := range checks {
		if c.CheckID == catalog.SerfHealth {
			return c
		}
	}
	return nil
}

func serfHealthCheck(node, status, output string) catalog.Check {
	return catalog.Check{
		Node: node, CheckID: catalog.SerfHealth, Name: catalog.SerfHealthName,
		Status: status, Output: output,
	}
}
