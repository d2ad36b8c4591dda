package main

import (
	"context"
	"flag"
	"fmt"
)

var kvDeleteCommand = command{
	name:     "kv delete",
	usage:    "[options] KEY_OR_PREFIX",
	synopsis: "remove a key, or all keys with a prefix",
	about: `
Removes a key. It is no error if there is none.

    $ praetor kv delete redis/config/connections
    Success! Deleted key: redis/config/connections

With -recurse, removes every key that begins with the prefix. Mind the
slash at the end: "foo" begins "food" too.

    $ praetor kv delete -recurse redis/
    Success! Deleted keys with prefix: redis/`,
	options: func(fs *flag.FlagSet) action {
		recurse := fs.Bool("recurse", false, "remove all keys that begin with the prefix")
		cas := fs.Bool("cas", false, "remove only if the key's ModifyIndex is that of -modify-index")
		index := fs.Uint64("modify-index", 0, "the `index` for -cas, above 0")
		return func(ctx context.Context, c *invocation) error {
			return kvDelete(ctx, c, *recurse, *cas, *index)
		}
	},
}

func kvDelete(ctx context.Context, c *invocation, recurse, cas bool, index uint64) error {
	key, err := keyArgument(c.args, recurse && len(c.args) == 1)
	switch {
	case err != nil:
		return err
	case recurse && cas:
		return usageError("cannot specify both -cas and -recurse: a condition is on one key")
	case cas && index == 0:
		return usageError("-cas needs -modify-index, above 0")
	case recurse:
		if err := c.client.KV.DeleteTree(ctx, key); err != nil {
			return err
		}
		fmt.Fprintf(c.stdout, "Success! Deleted keys with prefix: %s\n", key)
		return nil
	case cas:
		ok, err := c.client.KV.DeleteCAS(ctx, key, index)
		if err == nil && !ok {
			err = fmt.Errorf("Did not delete key %s: CAS failed", key)
		}
		if err != nil {
			return err
		}
	default:
		if err := c.client.KV.Delete(ctx, key); err != nil {
			return err
		}
	}
	fmt.Fprintf(c.stdout, "Success! Deleted key: %s\n", key)
	return nil
}
