package main

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"praetor/swim/coordinate"
)

var rttCommand = command{
	name:     "rtt",
	usage:    "[options] NODE [NODE]",
	synopsis: "estimate the round trip between two nodes",
	about: `
Estimates how long a packet takes from one node to another and back, from
their network coordinates: nothing is sent between them. Without a second
node, it is the one whose agent is asked.

    $ praetor rtt n1 web1
    Estimated n1 <-> web1 rtt: 0.610 ms (using LAN coordinates)

With -wan the nodes are servers of any datacenters, such as n1.dc1. A node
that was just started has no coordinate for some seconds.`,
	options: func(fs *flag.FlagSet) action {
		wan := fs.Bool("wan", false, "use the coordinates between datacenters; nodes are NODE.DATACENTER")
		return func(ctx context.Context, c *invocation) error { return rtt(ctx, c, *wan) }
	},
}

func rtt(ctx context.Context, c *invocation, wan bool) error {
	if len(c.args) < 1 || len(c.args) > 2 {
		return usageError(fmt.Sprintf("one or two node names are expected, got %d", len(c.args)))
	}
	nodes := c.args
	if len(nodes) == 1 {
		self, err := c.client.Agent.Self(ctx)
		if err != nil {
			return err
		}
		name := self.Config.NodeName
		if wan {
			name += "." + self.Config.Datacenter
		}
		nodes = append(nodes, name)
	}
	source, places, err := "LAN", nodePlaces, error(nil)
	if wan {
		source, places = "WAN", serverPlaces
		for _, n := range nodes {
			if !strings.Contains(n, ".") {
				return usageError(fmt.Sprintf("with -wan a node is NODE.DATACENTER, got %q", n))
			}
		}
	}
	known, err := places(ctx, c)
	if err != nil {
		return err
	}
	var at [2]coordinate.Coordinate
	for i, n := range nodes {
		place, ok := known[strings.ToLower(n)]
		if !ok {
			return fmt.Errorf("Could not find a coordinate for node %q", n)
		}
		at[i] = place
	}
	fmt.Fprintf(c.stdout, "Estimated %s <-> %s rtt: %.3f ms (using %s coordinates)\n",
		nodes[0], nodes[1], at[0].DistanceTo(at[1]).Seconds()*1000, source)
	return nil
}

// nodePlaces returns the coordinates of the datacenter's nodes, by name in lower
// case.
func nodePlaces(ctx context.Context, c *invocation) (map[string]coordinate.Coordinate, error) {
	list, err := c.client.Coordinate.Nodes(ctx)
	known := map[string]coordinate.Coordinate{}
	for _, n := range list {
		known[strings.ToLower(n.Node)] = n.Coord
	}
	return known, err
}

// serverPlaces returns the coordinates of all datacenters' servers, by
// node.datacenter in lower case.
func serverPlaces(ctx context.Context, c *invocation) (map[string]coordinate.Coordinate, error) {
	list, err := c.client.Coordinate.Datacenters(ctx)
	known := map[string]coordinate.Coordinate{}
	for _, dc := range list {
		for _, n := range dc.Coordinates {
			known[strings.ToLower(n.Node+"."+dc.Datacenter)] = n.Coord
		}
	}
	return known, err
}
