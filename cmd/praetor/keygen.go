package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"

	"praetor/swim/keyring"
)

var keygenCommand = command{
	name:     "keygen",
	usage:    "",
	synopsis: "make a key that encrypts gossip",
	local:    true,
	about: `
Prints a new random key of 32 bytes, for AES-256, in base64. All agents of a
cluster get the same one, with -encrypt or better with "encrypt" in a
configuration file, which does not show in the list of processes.

    $ praetor keygen
    pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=

Each agent keeps its keys in DATA-DIR/serf/local.keyring. To change them while
the cluster runs, see 'praetor keyring -h'.`,
	options: func(*flag.FlagSet) action {
		return func(_ context.Context, c *invocation) error {
			if err := noArguments(c); err != nil {
				return err
			}
			var b [32]byte
			rand.Read(b[:]) // never fails
			key, err := keyring.NewKey(b[:])
			if err == nil {
				fmt.Fprintln(c.stdout, key.Encode())
			}
			return err
		}
	},
}
