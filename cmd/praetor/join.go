package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"

	"praetor/api/client"
)

var joinCommand = command{
	name:     "join",
	usage:    "[options] ADDRESS ...",
	synopsis: "make the agent join a cluster",
	about: `
Tells the local agent to join the cluster that the agents at the addresses
are in. One of them suffices: gossip does the rest. Joining two clusters
makes one of them. The port is 8301 if none is given.

    $ praetor join 10.0.0.1 10.0.0.2
    Successfully joined cluster by contacting 2 nodes.

Fails only if no address could be joined. To join at every start, give the
agent -retry-join.`,
	options: func(fs *flag.FlagSet) action {
		wan := fs.Bool("wan", false, "join the pool of servers between datacenters instead")
		return func(ctx context.Context, c *invocation) error { return join(ctx, c, *wan) }
	},
}

func join(ctx context.Context, c *invocation, wan bool) error {
	if len(c.args) == 0 {
		return usageError("an address to join is needed")
	}
	joined := 0
	var failures []string
	for _, addr := range c.args {
		err := c.client.Agent.Join(ctx, addr, wan)
		var answer *client.Error
		switch {
		case err == nil:
			joined++
		case errors.As(err, &answer):
			failures = append(failures, fmt.Sprintf("joining %s: %s", addr, answer.Message))
		default:
			return err // there is no agent to ask for the other addresses
		}
	}
	if joined == 0 {
		return errors.New(strings.Join(failures, "\n"))
	}
	for _, f := range failures {
		fmt.Fprintf(c.stderr, "Error %s\n", f)
	}
	fmt.Fprintf(c.stdout, "Successfully joined cluster by contacting %d nodes.\n", joined)
	return nil
}
