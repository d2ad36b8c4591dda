package main

import (
	"context"
	"flag"
	"fmt"
)

var leaveCommand = command{
	name:     "leave",
	usage:    "[options]",
	synopsis: "make the agent leave the cluster and stop",
	about: `
Makes the local agent say good-bye to the cluster and stop. The others then
know that it left: they forget it and its services at once, and raise no
alarm. An agent that merely stops is found dead instead, and kept for 72
hours in case that it comes back. A server also leaves the Raft
configuration.

    $ praetor leave
    Graceful leave complete`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			if err := c.client.Agent.Leave(ctx); err != nil {
				return err
			}
			fmt.Fprintln(c.stdout, "Graceful leave complete")
			return nil
		}
	},
}

var forceLeaveCommand = command{
	name:     "force-leave",
	usage:    "[options] NODE",
	synopsis: "turn a failed member into one that left",
	about: `
Says good-bye for a member that failed and will not come back, so that its
services are removed now and not after 72 hours. A member that is alive
refutes it and stays. With -prune no agent lists it any more, not even as
one that left.

    $ praetor force-leave web1
    Forced web1 to leave`,
	options: func(fs *flag.FlagSet) action {
		prune := fs.Bool("prune", false, "forget the member, and do not list it as left either")
		return func(ctx context.Context, c *invocation) error {
			if len(c.args) != 1 {
				return usageError("the name of one member is needed")
			}
			if err := c.client.Agent.ForceLeave(ctx, c.args[0], *prune); err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "Forced %s to leave\n", c.args[0])
			return nil
		}
	},
}
