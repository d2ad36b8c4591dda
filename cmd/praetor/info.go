package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
)

var infoCommand = command{
	name:     "info",
	usage:    "[options]",
	synopsis: "show the agent's counters, by subsystem",
	about: `
Shows what the local agent counts: its checks and services, and on a server
the state of Raft.

    $ praetor info
    agent:
    	checks = 3
    	services = 2
    raft:
    	applied_index = 45832
    	state = Leader
    	term = 4`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			self, err := c.client.Agent.Self(ctx)
			if err != nil {
				return err
			}
			for _, group := range slices.Sorted(maps.Keys(self.Stats)) {
				fmt.Fprintf(c.stdout, "%s:\n", group)
				for _, key := range slices.Sorted(maps.Keys(self.Stats[group])) {
					fmt.Fprintf(c.stdout, "\t%s = %s\n", key, self.Stats[group][key])
				}
			}
			return nil
		}
	},
}
