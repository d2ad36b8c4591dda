package main

import (
	"context"
	"flag"
	"fmt"
)

var reloadCommand = command{
	name:     "reload",
	usage:    "[options]",
	synopsis: "make the agent read its configuration again",
	about: `
Makes the local agent read its configuration files again, as SIGHUP does.
Services and checks are added, changed and removed as the files say now;
what was registered over HTTP stays. Settings that need a restart are named
in the agent's log.

    $ praetor reload
    Configuration reload triggered`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			if err := c.client.Agent.Reload(ctx); err != nil {
				return err
			}
			fmt.Fprintln(c.stdout, "Configuration reload triggered")
			return nil
		}
	},
}
