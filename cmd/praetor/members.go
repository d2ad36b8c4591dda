package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"praetor/api"
)

var membersCommand = command{
	name:     "members",
	usage:    "[options]",
	synopsis: "list the members of the cluster",
	about: `
Lists the agents that the local agent knows of through gossip, and what it
believes of each: alive, left (it said good-bye) or failed (it was found
dead). Gossip takes a moment, so two agents may differ for a second or two.

    $ praetor members
    Node  Address         Status  Type    Build  Protocol  DC
    n1    10.0.0.1:8301   alive   server  0.1.0  1         dc1
    web1  10.0.0.11:8301  failed  client  0.1.0  1         dc1

Exits with 2 when no member matches.`,
	options: func(fs *flag.FlagSet) action {
		detailed := fs.Bool("detailed", false, "show every tag of each member")
		status := fs.String("status", ".*", "only members whose status matches the `regexp`,\nsuch as 'failed|left'")
		wan := fs.Bool("wan", false, "list the servers of all datacenters instead (asks a server)")
		return func(ctx context.Context, c *invocation) error {
			return members(ctx, c, *status, *wan, *detailed)
		}
	},
}

func members(ctx context.Context, c *invocation, status string, wan, detailed bool) error {
	wanted, err := regexp.Compile(status)
	if err != nil {
		return usageError("-status: " + err.Error())
	}
	list, err := c.client.Agent.Members(ctx, wan)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(m api.Member) bool { return !wanted.MatchString(m.Status.String()) })
	if len(list) == 0 {
		return errNothing
	}
	slices.SortFunc(list, func(a, b api.Member) int { return cmp.Compare(a.Name, b.Name) })
	rows := [][]string{{"Node", "Address", "Status", "Type", "Build", "Protocol", "DC"}}
	if detailed {
		rows = [][]string{{"Node", "Address", "Status", "Tags"}}
	}
	for _, m := range list {
		row := []string{m.Name, net.JoinHostPort(m.Addr, strconv.Itoa(int(m.Port))), m.Status.String()}
		if detailed {
			row = append(row, pairs(m.Tags, ","))
		} else {
			build, _, _ := strings.Cut(m.Tags["build"], ":") // what follows is the revision
			row = append(row, memberType(m), build, fmt.Sprint(m.ProtocolCur), m.Tags["dc"])
		}
		rows = append(rows, row)
	}
	table(c.stdout, rows)
	return nil
}

// memberType is "server" or "client", from Consul's names for the roles.
func memberType(m api.Member) string {
	switch role := m.Tags["role"]; role {
	case "consul":
		return "server"
	case "node":
		return "client"
	default:
		return cmp.Or(role, "unknown")
	}
}
