package main

import "context"

// agentCommand runs an agent. It parses its own options: they are the keys of
// the configuration files too (see runAgent).
var agentCommand = command{
	name:     "agent",
	usage:    "[options]",
	synopsis: "run an agent",
	whole: func(ctx context.Context, args []string, s streams) int {
		return runAgent(ctx, args, s.stdout, s.stderr)
	},
}
