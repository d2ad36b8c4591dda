package dns

import (
	"context"
	"errors"
	"net/netip"

	"praetor/catalog"
)

// A Source knows what the catalogs of the datacenters hold. Its methods are
// called with the name of a datacenter, never "", and with names in lower
// case, since DNS names have no case; a Source finds "Web" by "web". What it
// returns is only read.
//
// [ErrUnknownDatacenter] says that the datacenter does not exist, and becomes
// NXDOMAIN; any other error says that the answer is not known now, and becomes
// SERVFAIL, which makes resolvers ask somebody else.
type Source interface {
	// Node returns the node, nil if there is none of that name.
	Node(ctx context.Context, dc, name string) (*catalog.Node, error)
	// Service returns all instances of the service, healthy or not.
	Service(ctx context.Context, dc, name string) ([]catalog.Instance, error)
	// ByAddress returns the nodes with that address.
	ByAddress(ctx context.Context, dc string, ip netip.Addr) ([]*catalog.Node, error)
	// Datacenters returns the names of all known datacenters.
	Datacenters(ctx context.Context) ([]string, error)
}

// ErrUnknownDatacenter is what a Source returns for a datacenter that it has
// never heard of.
var ErrUnknownDatacenter = errors.New("dns: no path to datacenter")
