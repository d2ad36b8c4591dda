package main

import (
	"context"
	"encoding/base64"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"praetor/kv"
)

var kvPutCommand = command{
	name:     "kv put",
	usage:    "[options] KEY [DATA]",
	synopsis: "write a key",
	about: `
Writes a key. The data is the argument, or the content of a file (@FILE), or
what comes in (-), or empty. A value has at most 512 KiB.

    $ praetor kv put redis/config/connections 5
    Success! Data written to: redis/config/connections

    $ praetor kv put redis/config/password @password.txt
    $ echo 5 | praetor kv put redis/config/connections -

Check-and-set: write only if nobody else has written since. The index is
what 'kv get -detailed' shows as ModifyIndex; 0 means that the key must not
exist.

    $ praetor kv put -cas -modify-index=456 redis/config/connections 10`,
	options: func(fs *flag.FlagSet) action {
		flags := fs.Uint64("flags", 0, "a `number` of your own to keep with the value")
		cas := fs.Bool("cas", false, "write only if the key's ModifyIndex is that of -modify-index")
		index := fs.Uint64("modify-index", 0, "the `index` for -cas; 0: the key must not exist")
		decode := fs.Bool("base64", false, "the data is base64: decode it before writing")
		return func(ctx context.Context, c *invocation) error {
			return kvPut(ctx, c, kv.Entry{Flags: *flags, ModifyIndex: *index}, *cas, *decode)
		}
	},
}

func kvPut(ctx context.Context, c *invocation, e kv.Entry, cas, decode bool) error {
	if len(c.args) > 2 {
		return usageError(fmt.Sprintf("a key and its data are expected, got %d arguments: quote data with spaces", len(c.args)))
	}
	var err error
	if e.Key, err = keyArgument(c.args[:min(len(c.args), 1)], false); err != nil {
		return err
	}
	if len(c.args) == 2 {
		if e.Value, err = readData(c.args[1], c.stdin); err != nil {
			return err
		}
	}
	if decode {
		if e.Value, err = base64.StdEncoding.DecodeString(string(e.Value)); err != nil {
			return fmt.Errorf("decode the data: %w", err)
		}
	}
	if cas {
		ok, err := c.client.KV.CAS(ctx, e)
		if err == nil && !ok {
			err = fmt.Errorf("Did not write to %s: CAS failed", e.Key)
		}
		if err != nil {
			return err
		}
	} else if err := c.client.KV.Put(ctx, e.Key, e.Value, e.Flags); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Success! Data written to: %s\n", e.Key)
	return nil
}

// readData returns what an argument stands for: @FILE a file's content, - all
// that comes in, and anything else itself. One byte more than a value may have
// is read at most: the agent refuses it.
func readData(arg string, stdin io.Reader) ([]byte, error) {
	name, isFile := strings.CutPrefix(arg, "@")
	switch {
	case isFile:
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, kv.MaxValue+1))
	case arg == "-":
		return io.ReadAll(io.LimitReader(stdin, kv.MaxValue+1))
	}
	return []byte(arg), nil
}
