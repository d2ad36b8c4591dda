package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"

	"praetor/api"
	"praetor/api/client"
)

var catalogDatacentersCommand = command{
	name:     "catalog datacenters",
	usage:    "[options]",
	synopsis: "list the known datacenters",
	about: `
Lists the names of all datacenters that the agent knows of.

    $ praetor catalog datacenters
    dc1`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			list, err := c.client.Catalog.Datacenters(ctx)
			for _, dc := range list {
				fmt.Fprintln(c.stdout, dc)
			}
			return err
		}
	},
}

var catalogNodesCommand = command{
	name:     "catalog nodes",
	usage:    "[options]",
	synopsis: "list the nodes in the catalog",
	about: `
Lists the nodes that are registered in the catalog: the members of the
cluster, and what was registered from outside.

    $ praetor catalog nodes
    Node  ID        Address    DC
    n1    1b662d97  10.0.0.1   dc1
    web1  8f246b77  10.0.0.11  dc1

    $ praetor catalog nodes -service=web`,
	options: func(fs *flag.FlagSet) action {
		detailed := fs.Bool("detailed", false, "show whole IDs, tagged addresses and metadata")
		service := fs.String("service", "", "only nodes with an instance of the service of that `name`")
		stale := staleFlag(fs)
		return func(ctx context.Context, c *invocation) error {
			return catalogNodes(ctx, c, *service, *detailed, readOptions(*stale))
		}
	},
}

func catalogNodes(ctx context.Context, c *invocation, service string, detailed bool, o client.QueryOptions) error {
	nodes, _, err := c.client.Catalog.Nodes(ctx, o)
	if err != nil {
		return err
	}
	if service != "" {
		instances, _, err := c.client.Catalog.Service(ctx, service, "", o)
		if err != nil {
			return err
		}
		nodes = slices.DeleteFunc(nodes, func(n api.Node) bool {
			return !slices.ContainsFunc(instances, func(i api.CatalogService) bool { return i.Node == n.Node })
		})
	}
	if len(nodes) == 0 {
		fmt.Fprintln(c.stderr, "No nodes match the given query - try expanding your search")
		return nil
	}
	rows := [][]string{{"Node", "ID", "Address", "DC"}}
	if detailed {
		rows[0] = append(rows[0], "TaggedAddresses", "Meta")
	}
	for _, n := range nodes {
		if detailed {
			rows = append(rows, []string{n.Node, n.ID, n.Address, n.Datacenter,
				pairs(n.TaggedAddresses, ", "), pairs(n.Meta, ", ")})
			continue
		}
		short, _, _ := strings.Cut(n.ID, "-")
		rows = append(rows, []string{n.Node, short, n.Address, n.Datacenter})
	}
	table(c.stdout, rows)
	return nil
}

var catalogServicesCommand = command{
	name:     "catalog services",
	usage:    "[options]",
	synopsis: "list the services in the catalog",
	about: `
Lists the names of all services that have an instance, whatever its health.

    $ praetor catalog services -tags
    consul
    web     primary,v1`,
	options: func(fs *flag.FlagSet) action {
		tags := fs.Bool("tags", false, "show the tags of each service")
		node := fs.String("node", "", "only services on the node of that `name`")
		stale := staleFlag(fs)
		return func(ctx context.Context, c *invocation) error {
			return catalogServices(ctx, c, *node, *tags, readOptions(*stale))
		}
	},
}

func catalogServices(ctx context.Context, c *invocation, node string, tags bool, o client.QueryOptions) error {
	services, err := servicesOn(ctx, c, node, o)
	if err != nil {
		return err
	}
	if len(services) == 0 {
		fmt.Fprintln(c.stderr, "No services match the given query - try expanding your search.")
		return nil
	}
	var rows [][]string
	for _, name := range slices.Sorted(maps.Keys(services)) {
		row := []string{name}
		if t := services[name]; tags && len(t) > 0 {
			slices.Sort(t)
			row = append(row, strings.Join(t, ","))
		}
		rows = append(rows, row)
	}
	table(c.stdout, rows)
	return nil
}

// servicesOn returns the names and tags of all services, or of those on a node.
func servicesOn(ctx context.Context, c *invocation, node string, o client.QueryOptions) (map[string][]string, error) {
	if node == "" {
		services, _, err := c.client.Catalog.Services(ctx, o)
		return services, err
	}
	on, _, err := c.client.Catalog.Node(ctx, node, o)
	if err != nil || on == nil {
		return nil, err
	}
	services := make(map[string][]string)
	for _, s := range on.Services {
		services[s.Service] = append(services[s.Service], s.Tags...)
	}
	for name, tags := range services {
		slices.Sort(tags)
		services[name] = slices.Compact(tags)
	}
	return services, nil
}

// staleFlag declares -stale.
func staleFlag(fs *flag.FlagSet) *bool {
	return fs.Bool("stale", false, "take the answer of any server, however old;\nworks without a leader too")
}

func readOptions(stale bool) client.QueryOptions {
	if stale {
		return client.QueryOptions{Consistency: client.Stale}
	}
	return client.QueryOptions{}
}
