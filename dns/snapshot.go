package dns

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"praetor/catalog"
)

// SnapshotSource returns the Source of a server: the catalog of its own
// datacenter, as state returns it at the moment of each question. Any other
// datacenter is unknown to it. An answer is as old as the server's state: DNS
// asks no leader, so that it works while there is none.
func SnapshotSource(state func() *catalog.State, dc string) Source {
	return &snapshotSource{state: state, dc: dc}
}

type snapshotSource struct {
	state func() *catalog.State
	dc    string
}

// Node returns the node, nil if there is none of that name.
func (s *snapshotSource) Node(_ context.Context, dc, name string) (*catalog.Node, error) {
	if err := s.own(dc); err != nil {
		return nil, err
	}
	n, _ := s.state().Node(name, nil)
	return n, nil
}

// Service returns all instances of the service.
func (s *snapshotSource) Service(_ context.Context, dc, name string) ([]catalog.Instance, error) {
	if err := s.own(dc); err != nil {
		return nil, err
	}
	in, _ := s.state().Instances(name, nil)
	return in, nil
}

// ByAddress returns the nodes with that address.
func (s *snapshotSource) ByAddress(_ context.Context, dc string, ip netip.Addr) ([]*catalog.Node, error) {
	if err := s.own(dc); err != nil {
		return nil, err
	}
	nodes, _ := s.state().NodesByAddress(ip, nil)
	return nodes, nil
}

// Datacenters returns the one that the snapshots are of.
func (s *snapshotSource) Datacenters(context.Context) ([]string, error) {
	return []string{s.dc}, nil
}

func (s *snapshotSource) own(dc string) error {
	if !strings.EqualFold(dc, s.dc) {
		return fmt.Errorf("%w: %s", ErrUnknownDatacenter, dc)
	}
	return nil
}
