package main

import (
	"context"
	"errors"
	"flag"
)

var validateCommand = command{
	name:     "validate",
	usage:    "FILE_OR_DIRECTORY ...",
	synopsis: "check configuration files",
	about: `
Reads configuration files as the agent would, without starting it.

    $ praetor validate /etc/praetor.d
    Configuration is valid!`,
	local: true,
	options: func(fs *flag.FlagSet) action {
		return func(_ context.Context, c *invocation) error {
			return errors.New("not yet")
		}
	},
}
