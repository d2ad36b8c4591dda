package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"

	"praetor/api/archive"
)

// maxState bounds the state in a snapshot, in bytes.
const maxState = 4 << 30

var snapshotSaveCommand = command{
	name:     "snapshot save",
	usage:    "[options] FILE",
	synopsis: "save the state of the cluster to a file",
	about: `
Saves all that the servers replicate, as of one moment, to a file: keys, the
catalog, the autopilot's configuration. The cluster works on meanwhile. The
file is verified before it gets its name, so a FILE that is there is whole.

    $ praetor snapshot save backup.snap
    Saved and verified snapshot to index 8419

It is a gzipped tar with checksums; 'praetor snapshot inspect' shows what it
is. With -stale any server does, even if there is no leader, and the state
may be a little old.`,
	options: func(fs *flag.FlagSet) action {
		stale := fs.Bool("stale", false, "let any server save its own state, even if there is no leader")
		return func(ctx context.Context, c *invocation) error {
			if len(c.args) != 1 {
				return usageError("the name of one file is needed")
			}
			return snapshotSave(ctx, c, c.args[0], *stale)
		}
	},
}

func snapshotSave(ctx context.Context, c *invocation, name string, stale bool) (err error) {
	f, err := os.OpenFile(name+".part", os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if err := c.client.Snapshot.Save(ctx, stale, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	meta, _, err := archive.Read(f, maxState)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Saved and verified snapshot to index %d\n", meta.Index)
	return nil
}

var snapshotRestoreCommand = command{
	name:     "snapshot restore",
	usage:    "[options] FILE",
	synopsis: "make the state of the cluster that of a file",
	about: `
Makes the state of the cluster that of a file that 'snapshot save' wrote, all
at once and while the cluster works: what was written since is gone, and what
was deleted is back. The servers stay as they are. Watchers wake, no index
moves backwards, and an error means that nothing has changed.

    $ praetor snapshot restore backup.snap
    Restored snapshot

Services come back as their agents have them: within a minute each agent
corrects what the catalog says of it. Locks are not restored, because the
sessions that held them are gone. A state has at most 256 MiB.`,
	options: func(*flag.FlagSet) action {
		return func(ctx context.Context, c *invocation) error {
			if len(c.args) != 1 {
				return usageError("the name of one file is needed")
			}
			f, err := os.Open(c.args[0])
			if err != nil {
				return err
			}
			defer f.Close()
			if err := c.client.Snapshot.Restore(ctx, f); err != nil {
				return err
			}
			fmt.Fprintln(c.stdout, "Restored snapshot")
			return nil
		}
	},
}

var snapshotInspectCommand = command{
	name:     "snapshot inspect",
	usage:    "FILE",
	synopsis: "show what is in a snapshot file",
	about: `
Verifies a snapshot file and shows what it is: as of which log entry, how
large, and who the servers were.

    $ praetor snapshot inspect backup.snap
    ID       2-8419
    Size     31415
    Index    8419
    Term     2
    Version  1
    Server   1b662d  10.0.0.1:8300  voter`,
	local: true,
	options: func(*flag.FlagSet) action {
		return func(_ context.Context, c *invocation) error {
			if len(c.args) != 1 {
				return usageError("the name of one file is needed")
			}
			return snapshotInspect(c, c.args[0])
		}
	},
}

func snapshotInspect(c *invocation, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	meta, _, err := archive.Read(f, maxState)
	if err != nil {
		return err
	}
	rows := [][]string{
		{"ID", meta.ID}, {"Size", strconv.FormatInt(meta.Size, 10)}, {"Index", strconv.FormatUint(meta.Index, 10)},
		{"Term", strconv.FormatUint(meta.Term, 10)}, {"Version", strconv.Itoa(meta.Version)},
	}
	for _, s := range meta.Configuration.Servers {
		kind := "voter"
		if s.Suffrage != 0 {
			kind = "learner"
		}
		rows = append(rows, []string{"Server", fmt.Sprintf("%s  %s  %s", s.ID, s.Address, kind)})
	}
	table(c.stdout, rows)
	return nil
}
