package client

import (
	"context"

	"praetor/api"
)

// Health reads checks, and services as their checks say they are.
type Health struct{ c *Client }

// Node returns every check on a node.
func (k Health) Node(ctx context.Context, name string, o QueryOptions) ([]api.Check, QueryMeta, error) {
	return k.checks(ctx, "/v1/health/node/"+name, o)
}

// Checks returns the checks of a service's instances.
func (k Health) Checks(ctx context.Context, service string, o QueryOptions) ([]api.Check, QueryMeta, error) {
	return k.checks(ctx, "/v1/health/checks/"+service, o)
}

// State returns the checks in a state: "passing", "warning", "critical", "any".
func (k Health) State(ctx context.Context, state string, o QueryOptions) ([]api.Check, QueryMeta, error) {
	return k.checks(ctx, "/v1/health/state/"+state, o)
}

func (k Health) checks(ctx context.Context, path string, o QueryOptions) (list []api.Check, meta QueryMeta, err error) {
	h, err := k.c.get(ctx, path, o.values(), &list)
	return list, metaOf(h), err
}

// Service returns the instances of a service that have the tag ("" is any),
// with their checks; passingOnly leaves out those with a check that does not
// pass.
func (k Health) Service(ctx context.Context, name, tag string, passingOnly bool, o QueryOptions) (list []api.ServiceEntry, meta QueryMeta, err error) {
	v := o.values()
	if tag != "" {
		v.Set("tag", tag)
	}
	if passingOnly {
		v.Set("passing", "")
	}
	h, err := k.c.get(ctx, "/v1/health/service/"+name, v, &list)
	return list, metaOf(h), err
}

// Status tells of the servers.
type Status struct{ c *Client }

// Leader returns the leader's address, "" for none.
func (k Status) Leader(ctx context.Context) (addr string, err error) {
	_, err = k.c.get(ctx, "/v1/status/leader", nil, &addr)
	return addr, err
}

// Peers returns the addresses of the servers in the Raft configuration.
func (k Status) Peers(ctx context.Context) (addrs []string, err error) {
	_, err = k.c.get(ctx, "/v1/status/peers", nil, &addrs)
	return addrs, err
}
