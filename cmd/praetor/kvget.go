package main

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"strings"

	"praetor/api/client"
	"praetor/kv"
)

var kvGetCommand = command{
	name:     "kv get",
	usage:    "[options] [KEY_OR_PREFIX]",
	synopsis: "read a key, or all keys with a prefix",
	about: `
Prints the value of a key as it is.

    $ praetor kv get redis/config/connections
    5

With -recurse, all keys that begin with the prefix, and with -keys only
their names, by default down to the next slash.

    $ praetor kv get -recurse redis/
    redis/config/connections:5
    redis/config/memory:512

    $ praetor kv get -keys
    redis/`,
	options: func(fs *flag.FlagSet) action {
		var o kvGetOptions
		fs.BoolVar(&o.recurse, "recurse", false, "all keys that begin with the prefix")
		fs.BoolVar(&o.keys, "keys", false, "only the names of the keys that begin with the prefix")
		fs.StringVar(&o.separator, "separator", "/", "with -keys: cut names after the next separator;\n\"\" lists whole names")
		fs.BoolVar(&o.detailed, "detailed", false, "show indexes, flags and the session that holds the lock")
		fs.BoolVar(&o.base64, "base64", false, "show values in base64")
		stale := staleFlag(fs)
		return func(ctx context.Context, c *invocation) error {
			o.read = readOptions(*stale)
			return kvGet(ctx, c, o)
		}
	},
}

type kvGetOptions struct {
	recurse, keys, detailed, base64 bool
	separator                       string
	read                            client.QueryOptions
}

func kvGet(ctx context.Context, c *invocation, o kvGetOptions) error {
	key, err := keyArgument(c.args, o.recurse || o.keys)
	if err != nil {
		return err
	}
	switch {
	case o.keys:
		names, _, err := c.client.KV.Keys(ctx, key, o.separator, o.read)
		for _, name := range names {
			fmt.Fprintln(c.stdout, name)
		}
		return err
	case o.recurse:
		list, _, err := c.client.KV.List(ctx, key, o.read)
		for i, e := range list {
			switch {
			case !o.detailed:
				fmt.Fprintf(c.stdout, "%s:%s\n", e.Key, o.value(e))
				continue
			case i > 0:
				fmt.Fprintln(c.stdout)
			}
			o.printDetails(c, e)
		}
		return err
	}
	e, _, err := c.client.KV.Get(ctx, key, o.read)
	switch {
	case err != nil:
		return err
	case e == nil:
		return fmt.Errorf("No key exists at: %s", key)
	case o.detailed:
		o.printDetails(c, *e)
	default:
		fmt.Fprintln(c.stdout, o.value(*e))
	}
	return nil
}

// keyArgument returns the key that a command is given. A leading slash is a
// habit from file systems, and is dropped, as Consul does.
func keyArgument(args []string, optional bool) (string, error) {
	switch {
	case len(args) == 0 && optional:
		return "", nil
	case len(args) == 0 || args[0] == "" && !optional:
		return "", usageError("a key is needed")
	case len(args) > 1:
		return "", usageError(fmt.Sprintf("one key is expected, got %d: options stand before it", len(args)))
	}
	return strings.TrimPrefix(args[0], "/"), nil
}

func (o kvGetOptions) value(e kv.Entry) string {
	if o.base64 {
		return base64.StdEncoding.EncodeToString(e.Value)
	}
	return string(e.Value)
}

func (o kvGetOptions) printDetails(c *invocation, e kv.Entry) {
	session := e.Session
	if session == "" {
		session = "-"
	}
	for _, line := range []struct {
		name  string
		value any
	}{
		{"CreateIndex", e.CreateIndex}, {"Flags", e.Flags}, {"Key", e.Key}, {"LockIndex", e.LockIndex},
		{"ModifyIndex", e.ModifyIndex}, {"Session", session}, {"Value", o.value(e)},
	} {
		fmt.Fprintf(c.stdout, "%-16s %v\n", line.name, line.value)
	}
}
