// Command praetor is the agent and the commands to talk to one.
//
//	praetor agent -dev           run an agent alone, in memory
//	praetor members              who is in the cluster
//	praetor kv put greeting hi   write a key
//	praetor kv get greeting      read it
//	praetor help kv get          what a command does, with an example
//
// Each command is one file: an entry of the table below and what it runs.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// commands is the table of all commands, in the order in which help lists them.
func commands() []command {
	return []command{
		agentCommand,
		membersCommand, joinCommand, leaveCommand, forceLeaveCommand, eventCommand,
		kvGetCommand, kvPutCommand, kvDeleteCommand,
		catalogDatacentersCommand, catalogNodesCommand, catalogServicesCommand,
		raftListPeersCommand, raftRemovePeerCommand, raftTransferLeaderCommand,
		autopilotGetCommand, autopilotSetCommand, autopilotHealthCommand,
		keygenCommand, keyringCommand, rttCommand,
		snapshotSaveCommand, snapshotRestoreCommand, snapshotInspectCommand,
		infoCommand, reloadCommand, validateCommand, versionCommand,
	}
}

// groups says what the commands that begin with a word have in common.
var groups = map[string]string{
	"kv":       "read and write the key/value store",
	"catalog":  "look at the catalog of nodes and services",
	"operator": "look after the servers",
	"snapshot": "save the state of the cluster, and restore it",

	"operator raft":      "see and change who replicates the log, and who leads",
	"operator autopilot": "see how the servers are, and how they are looked after",
}

// streams are what a command reads and writes.
type streams struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// The exit codes, which are Consul's.
const (
	exitOK      = 0
	exitFailed  = 1   // it did not work, or the command line is wrong
	exitNothing = 2   // it worked, and nothing matched
	exitUnknown = 127 // there is no such command
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// run runs the command that the arguments name and returns the exit code.
func run(ctx context.Context, args []string, s streams) int {
	switch {
	case len(args) == 0:
		fmt.Fprint(s.stderr, overview())
		return exitUnknown
	case isHelp(args[0]) && len(args) > 1: // praetor help kv get
		args = append(slices.Clone(args[1:]), "-h")
	case isHelp(args[0]):
		fmt.Fprint(s.stdout, overview())
		return exitOK
	case args[0] == "-v" || args[0] == "-version" || args[0] == "--version":
		args = []string{"version"}
	}
	if cmd, rest, ok := find(args); ok {
		return cmd.run(ctx, rest, s)
	}
	for words := min(2, len(args)); words > 0; words-- {
		group := strings.Join(args[:words], " ")
		if about, ok := groups[group]; ok {
			return runGroup(group, args[words:], about, s)
		}
	}
	fmt.Fprintf(s.stderr, "praetor has no command %q.%s\nRun 'praetor help' for the list.\n",
		args[0], didYouMean(args[0], topNames()))
	return exitUnknown
}

// find returns the command that the first arguments name, and the arguments
// after them.
func find(args []string) (cmd command, rest []string, ok bool) {
	for _, cmd := range commands() {
		words := strings.Fields(cmd.name)
		if len(args) >= len(words) && slices.Equal(args[:len(words)], words) {
			return cmd, args[len(words):], true
		}
	}
	return command{}, nil, false
}

// runGroup answers a group without one of its commands: its help if that was
// asked for, else what is wrong.
func runGroup(group string, args []string, about string, s streams) int {
	list := fmt.Sprintf("Usage: praetor %s COMMAND [options]\n\n  %s\n\nCommands:\n%s\nRun 'praetor %s COMMAND -h' for what it does, with an example.\n",
		group, about, listCommands(func(c command) bool { return strings.HasPrefix(c.name, group+" ") }), group)
	switch {
	case len(args) == 0:
		fmt.Fprint(s.stderr, list)
		return exitFailed
	case isHelp(args[0]):
		fmt.Fprint(s.stdout, list)
		return exitOK
	}
	var names []string
	for _, c := range commands() {
		if sub, ok := strings.CutPrefix(c.name, group+" "); ok {
			names = append(names, sub)
		}
	}
	fmt.Fprintf(s.stderr, "praetor %s has no command %q.%s\n\n%s", group, args[0], didYouMean(args[0], names), list)
	return exitUnknown
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

// overview is the text of 'praetor help'.
func overview() string {
	return "Usage: praetor COMMAND [options]\n\n" +
		"  Service discovery, health checks and a key/value store for a cluster.\n" +
		"  Begin with 'praetor agent -dev', which runs an agent alone and in memory.\n\n" +
		"Commands:\n" + listCommands(func(command) bool { return true }) +
		"\nRun 'praetor COMMAND -h' for what it does, with an example.\n"
}

// listCommands lists the chosen commands with their one-line descriptions.
func listCommands(chosen func(command) bool) string {
	var b strings.Builder
	for _, c := range commands() {
		if chosen(c) {
			fmt.Fprintf(&b, "  %-29s  %s\n", c.name, c.synopsis)
		}
	}
	return b.String()
}

// topNames are the names that may stand first on the command line.
func topNames() []string {
	var names []string
	for _, c := range commands() {
		if first := strings.Fields(c.name)[0]; !slices.Contains(names, first) {
			names = append(names, first)
		}
	}
	return names
}
