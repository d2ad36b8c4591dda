package agent

import (
	"context"
	"errors"

	"praetor/dns"
	"praetor/internal/agent/local"
	"praetor/internal/server"
	"praetor/swim/coordinate"
)

// servers is what the agent itself asks of the cluster, beside the requests of
// its users: where to put its services and checks, and what DNS shall answer.
// On a server it is a look into its own state; a client asks over the network.
type servers interface {
	dns.Source
	// await waits until there is a server to ask, or until ctx ends.
	await(ctx context.Context)
	// write puts a command into the log.
	write(ctx context.Context, cmd []byte) (server.Result, error)
	// locate tells where a node is in the network; it may come to nothing.
	locate(ctx context.Context, node string, place coordinate.Coordinate) error
	// registered returns what the catalog holds of a node, not stale.
	registered(ctx context.Context, node string) (local.View, error)
}

var (
	_ servers = ownServer{}
	_ servers = (*remoteServers)(nil)
)

// ownServer is the cluster as a server sees it.
type ownServer struct {
	dns.Source
	store store
}

func (o ownServer) await(context.Context) {}

func (o ownServer) write(ctx context.Context, cmd []byte) (server.Result, error) {
	return o.store.Write(ctx, cmd)
}

func (o ownServer) registered(ctx context.Context, node string) (local.View, error) {
	if err := o.store.Barrier(ctx, server.Default); err != nil {
		return local.View{}, err
	}
	c := o.store.View().Catalog
	n, services, _ := c.NodeServices(node, nil)
	checks, _ := c.NodeChecks(node, nil)
	return local.View{Node: n, Services: services, Checks: checks}, nil
}

// resultErr is the error that a result holds, if any.
func resultErr(r server.Result, err error) error {
	if err == nil && r.Err != "" {
		return errors.New(r.Err)
	}
	return err
}
