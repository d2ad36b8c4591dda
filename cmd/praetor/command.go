package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"praetor/api/client"
)

// command is one entry of the table of commands.
type command struct {
	name     string // one word, or two
	usage    string // the arguments, such as "[options] KEY"
	synopsis string // one line, for the list
	about    string // what it does, with an example

	// options declares the command's own options and returns what to do when
	// they are parsed.
	options func(*flag.FlagSet) action

	// whole, if it is set, runs the command with its arguments as they are,
	// and options is not used.
	whole func(ctx context.Context, args []string, s streams) int
	// local commands do not talk to an agent and take no -http-addr.
	local bool
}

// action does a command's work, after its options are parsed.
type action func(ctx context.Context, c *invocation) error

// invocation is one run of a command.
type invocation struct {
	streams
	args   []string       // what follows the options
	client *client.Client // nil for a local command
}

// usageError is a wrong command line: what is wrong with it.
type usageError string

func (e usageError) Error() string { return string(e) }

// errNothing ends a command that worked, with the exit code for no match.
var errNothing = errors.New("nothing matched")

// run parses the arguments, runs the command and returns the exit code.
func (cmd command) run(ctx context.Context, args []string, s streams) int {
	if cmd.whole != nil {
		return cmd.whole(ctx, args, s)
	}
	fs := flag.NewFlagSet(cmd.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := cmd.options(fs)
	var conn connection
	if !cmd.local {
		conn.register(fs)
	}
	err := fs.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(s.stdout, cmd.help(fs))
		return exitOK
	case err != nil:
		return cmd.fail(usageError(err.Error()), conn, s)
	}
	in := &invocation{streams: s, args: fs.Args()}
	if !cmd.local {
		if in.client, err = conn.dial(); err != nil {
			return cmd.fail(usageError(err.Error()), conn, s)
		}
		conn.address = in.client.Address()
	}
	return cmd.fail(do(ctx, in), conn, s)
}

// fail reports an error, if there is one, and returns the exit code.
func (cmd command) fail(err error, conn connection, s streams) int {
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errNothing):
		return exitNothing
	case errors.As(err, &usage):
		fmt.Fprintf(s.stderr, "praetor %s: %v\nUsage: praetor %s %s\nRun 'praetor %s -h' for help.\n",
			cmd.name, err, cmd.name, cmd.usage, cmd.name)
		return exitFailed
	}
	fmt.Fprintf(s.stderr, "Error! %s\n", conn.explain(err))
	return exitFailed
}

// help is the text of -h.
func (cmd command) help(fs *flag.FlagSet) string {
	var options bytes.Buffer
	fs.SetOutput(&options)
	fs.PrintDefaults()
	text := fmt.Sprintf("Usage: praetor %s %s\n\n%s\n", cmd.name, cmd.usage, indent(cmd.about))
	if options.Len() > 0 {
		text += "\nOptions (one dash or two):\n" + options.String()
	}
	return text
}

// indent puts two spaces before every line that is not empty.
func indent(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	for i, l := range lines {
		if l != "" {
			lines[i] = "  " + l
		}
	}
	return strings.Join(lines, "\n")
}
