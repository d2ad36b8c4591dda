package main

import (
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"

	"praetor/internal/agent/config"
)

var validateCommand = command{
	name:     "validate",
	usage:    "[options] FILE_OR_DIRECTORY ...",
	synopsis: "check configuration files",
	about: `
Reads configuration files as the agent would, in the order given, without
starting it. Give all the files that the agent will be given; only data_dir
may be missing, since it is often said on the command line.

    $ praetor validate /etc/praetor.d
    Configuration is valid!

    $ praetor validate broken.json
    Error! broken.json:3:13: ports.http: expected a number, found "8500"`,
	local: true,
	options: func(fs *flag.FlagSet) action {
		quiet := fs.Bool("quiet", false, "print nothing when all is well, warnings neither")
		return func(_ context.Context, c *invocation) error { return validate(c, *quiet) }
	},
}

func validate(c *invocation, quiet bool) error {
	if len(c.args) == 0 {
		return usageError("a file or a directory is needed")
	}
	// What is usually said on the command line may be missing in the files.
	args := []string{"-data-dir=" + os.TempDir()}
	for _, path := range c.args {
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return err
		case info.IsDir():
			args = append(args, "-config-dir="+path)
		default:
			args = append(args, "-config-file="+path)
		}
	}
	// Files are checked on other machines than the one they are for: which
	// addresses this one has is of no interest.
	env := config.OS()
	env.Addresses = func() ([]netip.Addr, error) { return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil }
	_, warnings, err := config.Load(args, env)
	if !quiet || err != nil {
		for _, w := range warnings {
			fmt.Fprintln(c.stderr, "Warning: "+w)
		}
	}
	if err != nil {
		return err
	}
	if !quiet {
		fmt.Fprintln(c.stdout, "Configuration is valid!")
	}
	return nil
}
