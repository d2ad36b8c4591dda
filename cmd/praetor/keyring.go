package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"

	"praetor/api"
)

var keyringCommand = command{
	name:     "keyring",
	usage:    "[options] -list | -install=KEY | -use=KEY | -remove=KEY",
	synopsis: "see and change the keys that encrypt gossip",
	about: `
Looks at or changes the keyrings of all live members at once. One key of a
ring is the primary: it encrypts. All of them decrypt. To change keys while
the cluster runs:

    $ praetor keyring -install=$NEW      all members can decrypt it
    $ praetor keyring -use=$NEW          all members encrypt with it
    $ praetor keyring -remove=$OLD       nobody takes the old one any more

Look with -list after each step whether all members are there; one that was
away meanwhile gets the new key with -install again. A key that somebody
does not have is not used, and the primary is not removed: nothing changes
then, and the exit code is 1.`,
	options: func(fs *flag.FlagSet) action {
		k := &keyringOptions{}
		fs.BoolVar(&k.list, "list", false, "list the keys, and on how many members each is installed")
		fs.StringVar(&k.install, "install", "", "add a `KEY`")
		fs.StringVar(&k.use, "use", "", "make an installed `KEY` the one that encrypts")
		fs.StringVar(&k.remove, "remove", "", "take a `KEY` out, never the one that encrypts")
		fs.Int("relay-factor", 0, "accepted for Consul's sake: answers need no relays here")
		return k.run
	},
}

// keyringOptions are what is asked for, of which there must be one.
type keyringOptions struct {
	list                 bool
	install, use, remove string
}

func (k *keyringOptions) run(ctx context.Context, c *invocation) error {
	if err := noArguments(c); err != nil {
		return err
	}
	asked := 0
	for _, given := range []bool{k.list, k.install != "", k.use != "", k.remove != ""} {
		if given {
			asked++
		}
	}
	if asked != 1 {
		return usageError("exactly one of -list, -install, -use and -remove is needed")
	}
	o := c.client.Operator
	switch {
	case k.install != "":
		fmt.Fprintln(c.stdout, "==> Installing new gossip encryption key...")
		return o.KeyringInstall(ctx, k.install)
	case k.use != "":
		fmt.Fprintln(c.stdout, "==> Changing primary gossip encryption key...")
		return o.KeyringUse(ctx, k.use)
	case k.remove != "":
		fmt.Fprintln(c.stdout, "==> Removing gossip encryption key...")
		return o.KeyringRemove(ctx, k.remove)
	}
	fmt.Fprintln(c.stdout, "==> Gathering installed encryption keys...")
	rings, err := o.Keyrings(ctx)
	for _, r := range rings {
		printKeyring(c, r)
	}
	return err
}

// printKeyring lists the keys of a pool, the primary ones first.
func printKeyring(c *invocation, r api.Keyring) {
	pool := r.Datacenter + " (LAN)"
	if r.WAN {
		pool = "WAN"
	}
	fmt.Fprintf(c.stdout, "\n%s:\n", pool)
	keys := slices.SortedFunc(maps.Keys(r.Keys), func(a, b string) int {
		if d := r.PrimaryKeys[b] - r.PrimaryKeys[a]; d != 0 {
			return d
		}
		return cmp.Compare(a, b)
	})
	for _, k := range keys {
		note := ""
		if n := r.PrimaryKeys[k]; n > 0 {
			note = fmt.Sprintf(", encrypts on %d", n)
		}
		fmt.Fprintf(c.stdout, "  %s [%d/%d]%s\n", k, r.Keys[k], r.NumNodes, note)
	}
}
