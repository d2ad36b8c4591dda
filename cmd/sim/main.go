// Command sim plays whole clusters in one thread under a virtual clock: the
// scenarios of package sim, and random ones. Run it with -h for its use.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	"praetor/sim"
	"praetor/sim/bugs"
)

func main() {
	debug.SetGCPercent(800) // a world is small, and soon gone
	start := time.Now()
	c := sim.Command{
		Out:       os.Stdout,
		Progress:  terminal(os.Stderr),
		Now:       func() time.Duration { return time.Since(start) },
		ReadFile:  os.ReadFile,
		Spread:    spread,
		WriteFile: func(name string, b []byte) error { return os.WriteFile(name, b, 0o644) },
	}
	run := c.Run
	if len(os.Args) > 1 && os.Args[1] == "bugs" {
		run = func(args []string) error {
			return bugs.Command{Out: c.Out, Progress: c.Progress, Now: c.Now}.Run(context.Background(), args[1:])
		}
	}
	if err := run(os.Args[1:]); err != nil {
		if !errors.Is(err, sim.ErrFailed) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

// terminal returns f if somebody looks at it, else nil.
func terminal(f *os.File) io.Writer {
	if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
		return f
	}
	return nil
}
