package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"
)

var raftListPeersCommand = command{
	name:     "operator raft list-peers",
	usage:    "[options]",
	synopsis: "list the servers that replicate the log",
	about: `
Lists the Raft configuration: the servers that hold the log, which of them
leads, and which have a vote. A server without a vote is catching up.

    $ praetor operator raft list-peers
    Node  ID      Address        State     Voter  RaftProtocol
    n1    1b662d  10.0.0.1:8300  leader    true   3
    n2    7e2c11  10.0.0.2:8300  follower  true   3
    n3    a90f4e  10.0.0.3:8300  follower  true   3

Without a leader this fails; -stale takes the word of the server that is
asked.`,
	options: func(fs *flag.FlagSet) action {
		stale := fs.Bool("stale", false, "let any server answer, even if there is no leader")
		return func(ctx context.Context, c *invocation) error { return raftListPeers(ctx, c, *stale) }
	},
}

func raftListPeers(ctx context.Context, c *invocation, stale bool) error {
	if err := noArguments(c); err != nil {
		return err
	}
	cfg, err := c.client.Operator.RaftConfiguration(ctx, stale)
	if err != nil {
		return err
	}
	rows := [][]string{{"Node", "ID", "Address", "State", "Voter", "RaftProtocol"}}
	for _, s := range cfg.Servers {
		state := "follower"
		if s.Leader {
			state = "leader"
		}
		rows = append(rows, []string{s.Node, s.ID, s.Address, state, strconv.FormatBool(s.Voter), s.ProtocolVersion})
	}
	table(c.stdout, rows)
	return nil
}

var raftRemovePeerCommand = command{
	name:     "operator raft remove-peer",
	usage:    "[options] -id=ID | -address=IP:PORT",
	synopsis: "take a server out of the Raft configuration",
	about: `
Takes a server that is gone for good out of the Raft configuration, so that
it no longer counts for the quorum. Returns when that is committed. It is
refused if the servers that are left could not form a quorum.

    $ praetor operator raft remove-peer -id=a90f4e
    Removed peer with id "a90f4e"

A server that still runs goes better with 'praetor leave'. If it is removed
while it runs, stop it: it is taken in again after a minute, or when it
comes back from a failure. A leader hands over before it goes.`,
	options: func(fs *flag.FlagSet) action {
		id := fs.String("id", "", "the server's `ID`, as 'operator raft list-peers' shows it")
		address := fs.String("address", "", "the server's `address`, IP:PORT, instead of its ID")
		return func(ctx context.Context, c *invocation) error { return raftRemovePeer(ctx, c, *id, *address) }
	},
}

func raftRemovePeer(ctx context.Context, c *invocation, id, address string) error {
	if err := noArguments(c); err != nil {
		return err
	}
	switch {
	case id == "" && address == "":
		return usageError("an -id or -address is needed")
	case id != "" && address != "":
		return usageError("-id and -address are given, and one of them is needed")
	case id != "":
		if err := c.client.Operator.RemovePeer(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "Removed peer with id %q\n", id)
		return nil
	}
	if err := c.client.Operator.RemovePeerAt(ctx, address); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Removed peer with address %q\n", address)
	return nil
}

var raftTransferLeaderCommand = command{
	name:     "operator raft transfer-leader",
	usage:    "[options] [-id=ID]",
	synopsis: "make another server the leader",
	about: `
Hands the leadership to another server: to the one with the -id, or to the
one that can lead soonest. Returns when it leads. Writes wait meanwhile,
which takes some milliseconds.

    $ praetor operator raft transfer-leader
    Success

A server that is stopped in good order does this by itself.`,
	options: func(fs *flag.FlagSet) action {
		id := fs.String("id", "", "the `ID` of the server that shall lead")
		return func(ctx context.Context, c *invocation) error {
			if err := noArguments(c); err != nil {
				return err
			}
			if err := c.client.Operator.TransferLeader(ctx, *id); err != nil {
				return err
			}
			fmt.Fprintln(c.stdout, "Success")
			return nil
		}
	},
}

// noArguments is for commands that take options only.
func noArguments(c *invocation) error {
	if len(c.args) > 0 {
		return usageError(fmt.Sprintf("no arguments are expected, got %q", c.args[0]))
	}
	return nil
}
