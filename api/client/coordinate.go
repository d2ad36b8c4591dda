package client

import (
	"context"

	"praetor/api"
)

// Coordinate tells where the nodes are in the network.
type Coordinate struct{ c *Client }

// Nodes returns the coordinates of the datacenter's nodes, by name.
func (o Coordinate) Nodes(ctx context.Context) (list []api.Coordinate, err error) {
	_, err = o.c.get(ctx, "/v1/coordinate/nodes", nil, &list)
	return list, err
}

// Datacenters returns the coordinates of the servers of all datacenters.
func (o Coordinate) Datacenters(ctx context.Context) (list []api.DatacenterCoordinates, err error) {
	_, err = o.c.get(ctx, "/v1/coordinate/datacenters", nil, &list)
	return list, err
}
