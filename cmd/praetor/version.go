package main

import (
	"context"
	"flag"
	"fmt"
	"runtime/debug"
)

// version is the release. Agents tell it each other in their build tag.
const version = "0.1.0"

// protocol is the version of what agents speak to each other.
const protocol = 1

var versionCommand = command{
	name:     "version",
	synopsis: "print the version",
	about:    `Prints the version, the revision it was built from, and the protocol.`,
	local:    true,
	options: func(*flag.FlagSet) action {
		return func(_ context.Context, c *invocation) error {
			fmt.Fprintf(c.stdout, "Praetor v%s\n", version)
			if r := revision(); r != "" {
				fmt.Fprintf(c.stdout, "Revision %s\n", r)
			}
			fmt.Fprintf(c.stdout, "Protocol %d\n", protocol)
			return nil
		}
	},
}

// revision is the commit that the program was built from, or "".
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
