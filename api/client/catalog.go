package client

import (
	"context"

	"praetor/api"
)

// Catalog reads and writes the catalog of nodes and services.
type Catalog struct{ c *Client }

// Register writes a node, and with it a service and checks, into the catalog.
// For what runs on a node with an agent, use Agent.RegisterService.
func (k Catalog) Register(ctx context.Context, r api.CatalogRegistration) error {
	return k.c.put(ctx, "/v1/catalog/register", nil, r)
}

// Deregister removes a check, a service or a node from the catalog.
func (k Catalog) Deregister(ctx context.Context, d api.CatalogDeregistration) error {
	return k.c.put(ctx, "/v1/catalog/deregister", nil, d)
}

// Datacenters returns the names of all known datacenters.
func (k Catalog) Datacenters(ctx context.Context) (list []string, err error) {
	_, err = k.c.get(ctx, "/v1/catalog/datacenters", nil, &list)
	return list, err
}

// Nodes returns all nodes, in the order of their names.
func (k Catalog) Nodes(ctx context.Context, o QueryOptions) (list []api.Node, meta QueryMeta, err error) {
	h, err := k.c.get(ctx, "/v1/catalog/nodes", o.values(), &list)
	return list, metaOf(h), err
}

// Services returns the names of all services with the tags of their instances.
func (k Catalog) Services(ctx context.Context, o QueryOptions) (tags map[string][]string, meta QueryMeta, err error) {
	h, err := k.c.get(ctx, "/v1/catalog/services", o.values(), &tags)
	return tags, metaOf(h), err
}

// Service returns the instances of a service that have the tag, whatever their
// health; "" is any tag.
func (k Catalog) Service(ctx context.Context, name, tag string, o QueryOptions) (list []api.CatalogService, meta QueryMeta, err error) {
	v := o.values()
	if tag != "" {
		v.Set("tag", tag)
	}
	h, err := k.c.get(ctx, "/v1/catalog/service/"+name, v, &list)
	return list, metaOf(h), err
}

// Node returns a node and its services by ID, or nil if there is no such node.
func (k Catalog) Node(ctx context.Context, name string, o QueryOptions) (node *api.NodeServices, meta QueryMeta, err error) {
	h, err := k.c.get(ctx, "/v1/catalog/node/"+name, o.values(), &node)
	return node, metaOf(h), err
}
