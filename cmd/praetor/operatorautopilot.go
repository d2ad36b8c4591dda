package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
	"time"

	"praetor/api"
)

var autopilotGetCommand = command{
	name:     "operator autopilot get-config",
	usage:    "[options]",
	synopsis: "show how the cluster looks after its servers",
	about: `
Shows the autopilot's configuration: by which rules the leader gives new
servers a vote, and takes out servers that failed. 'operator autopilot
set-config -h' says what each of them means.

    $ praetor operator autopilot get-config
    CleanupDeadServers = true
    LastContactThreshold = 200ms
    MaxTrailingLogs = 250
    MinQuorum = 0
    ServerStabilizationTime = 10s`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			if err := noArguments(c); err != nil {
				return err
			}
			cfg, err := c.client.Operator.Autopilot(ctx)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.stdout, "CleanupDeadServers = %v\nLastContactThreshold = %v\nMaxTrailingLogs = %d\nMinQuorum = %d\nServerStabilizationTime = %v\n",
				cfg.CleanupDeadServers, cfg.LastContactThreshold, cfg.MaxTrailingLogs, cfg.MinQuorum, cfg.ServerStabilizationTime)
			return nil
		}
	},
}

var autopilotSetCommand = command{
	name:     "operator autopilot set-config",
	usage:    "[options]",
	synopsis: "change how the cluster looks after its servers",
	about: `
Changes the autopilot's configuration, for the whole cluster. What is not
given stays. If somebody else changes it at the same time, this one fails.

    $ praetor operator autopilot set-config -min-quorum=3
    Configuration updated!`,
	options: func(fs *flag.FlagSet) action {
		// Each option changes the configuration once it has been read; so what is
		// not given stays.
		var changes []func(*api.AutopilotConfiguration)
		set(fs, &changes, "cleanup-dead-servers", "take servers out that failed: when another has taken their\nplace, or after 10 minutes. `true or false`",
			strconv.ParseBool, func(c *api.AutopilotConfiguration, v bool) { c.CleanupDeadServers = v })
		set(fs, &changes, "last-contact-threshold", "how long ago the leader may have heard a healthy server,\na `duration`",
			time.ParseDuration, func(c *api.AutopilotConfiguration, v time.Duration) { c.LastContactThreshold = api.Duration(v) })
		set(fs, &changes, "max-trailing-logs", "how `many` log entries a healthy server may be behind",
			parseNumber, func(c *api.AutopilotConfiguration, v uint64) { c.MaxTrailingLogs = v })
		set(fs, &changes, "min-quorum", "take no server out unless so `many` healthy ones are left",
			parseNumber, func(c *api.AutopilotConfiguration, v uint64) { c.MinQuorum = v })
		set(fs, &changes, "server-stabilization-time", "how long a new server must be healthy before it gets a\nvote, a `duration`",
			time.ParseDuration, func(c *api.AutopilotConfiguration, v time.Duration) { c.ServerStabilizationTime = api.Duration(v) })
		return func(ctx context.Context, c *invocation) error { return autopilotSet(ctx, c, changes) }
	},
}

// set declares an option that changes a configuration.
func set[T any](fs *flag.FlagSet, changes *[]func(*api.AutopilotConfiguration), name, usage string,
	parse func(string) (T, error), assign func(*api.AutopilotConfiguration, T)) {
	fs.Func(name, usage, func(s string) error {
		v, err := parse(s)
		*changes = append(*changes, func(c *api.AutopilotConfiguration) { assign(c, v) })
		return err
	})
}

func parseNumber(s string) (uint64, error) { return strconv.ParseUint(s, 10, 64) }

func autopilotSet(ctx context.Context, c *invocation, changes []func(*api.AutopilotConfiguration)) error {
	if err := noArguments(c); err != nil {
		return err
	}
	if len(changes) == 0 {
		return usageError("nothing to change is given")
	}
	cfg, err := c.client.Operator.Autopilot(ctx)
	if err != nil {
		return err
	}
	for _, change := range changes {
		change(&cfg)
	}
	ok, err := c.client.Operator.CASAutopilot(ctx, cfg)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("the configuration was changed by somebody else meanwhile: look at it with 'praetor operator autopilot get-config' and try again")
	}
	fmt.Fprintln(c.stdout, "Configuration updated!")
	return nil
}

var autopilotHealthCommand = command{
	name:     "operator autopilot health",
	usage:    "[options]",
	synopsis: "show how the servers are",
	about: `
Shows the leader's report on all servers: who is healthy and since when, how
long ago the leader heard each, and how far its log has come. Failure
tolerance is how many servers may fail before nothing can be written.

    $ praetor operator autopilot health
    Healthy: true
    Failure tolerance: 1

    Node  ID   Address        Gossip  Role    Healthy  Contact  Index  Since
    n1    1b6  10.0.0.1:8300  alive   leader  true     0s       4711   ...
    n2    7e2  10.0.0.2:8300  alive   voter   true     12ms     4711   ...

Exits with 2 when a server is not healthy.`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error { return autopilotHealth(ctx, c) }
	},
}

func autopilotHealth(ctx context.Context, c *invocation) error {
	if err := noArguments(c); err != nil {
		return err
	}
	h, err := c.client.Operator.Health(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Healthy: %v\nFailure tolerance: %d\n\n", h.Healthy, h.FailureTolerance)
	rows := [][]string{{"Node", "ID", "Address", "Gossip", "Role", "Healthy", "Contact", "Index", "Since"}}
	for _, s := range h.Servers {
		role := "learner"
		switch {
		case s.Leader:
			role = "leader"
		case s.Voter:
			role = "voter"
		}
		rows = append(rows, []string{
			s.Name, s.ID, s.Address, s.SerfStatus, role, strconv.FormatBool(s.Healthy),
			time.Duration(s.LastContact).Round(time.Millisecond).String(), strconv.FormatUint(s.LastIndex, 10),
			s.StableSince.Format(time.RFC3339),
		})
	}
	table(c.stdout, rows)
	if !h.Healthy {
		return errNothing
	}
	return nil
}
