package bugs

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// Command is "sim bugs", with all that it needs of the world outside.
type Command struct {
	Out      io.Writer
	Progress io.Writer            // shows how far it is; nil: nobody looks
	Now      func() time.Duration // the real clock
}

// cleanSeeds is how many seeds of each scope the simulator without a bug is
// played with before anything else. Besides, it is played with each seed that
// catches a bug.
const cleanSeeds = 20

// Run plants the bugs that the arguments name and prints the kill matrix. The
// error is that one cannot be built, or that the code without a bug fails; a
// bug that is not caught is none.
func (c Command) Run(ctx context.Context, args []string) error {
	fs := flag.NewFlagSet("bugs", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	seeds := fs.Uint64("seeds", 1000, "how many runs to look for each bug in")
	only := fs.String("only", "", "plant only this bug, or those of this scope")
	scenarios := fs.Bool("scenarios", true, "see which scenarios catch each bug, too")
	asJSON := fs.Bool("json", false, "print the matrix as JSON")
	md := fs.String("md", "", "write the matrix to this file, as Markdown")
	keep := fs.String("o", "", "only build the simulator with the bugs, to this file; "+switchEnv+" names the one that it has")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *keep != "" {
		return c.keep(ctx, *keep)
	}
	all, err := All()
	if err != nil {
		return err
	}
	if all = choose(all, *only); len(all) == 0 {
		return fmt.Errorf("bugs: there is no bug %q, nor a scope", *only)
	}
	m := Matrix{Limit: *seeds}
	if err := c.hunt(ctx, all, &m, *scenarios, *asJSON); err != nil {
		return err
	}
	if *md != "" {
		if err := os.WriteFile(*md, []byte(m.Markdown()), 0o644); err != nil {
			return fmt.Errorf("bugs: write the matrix: %w", err)
		}
	}
	if *asJSON {
		return json.NewEncoder(c.Out).Encode(m.report())
	}
	io.WriteString(c.Out, m.Checkers())
	fmt.Fprintln(c.Out, m.Summary())
	return nil
}

// keep builds the simulator with the bugs for whoever wants to look at one.
func (c Command) keep(ctx context.Context, file string) error {
	missing, err := Build(ctx, file)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%s has a bug if %s names it", file, switchEnv)
	for _, name := range missing {
		fmt.Fprintf(c.Out, "; %s is not in it", name)
	}
	fmt.Fprintln(c.Out)
	return nil
}

// choose returns the bugs with the name, or of the scope; "" is all.
func choose(all []Bug, only string) []Bug {
	var chosen []Bug
	for _, b := range all {
		if only == "" || b.Name == only || b.Scope == only {
			chosen = append(chosen, b)
		}
	}
	return chosen
}

// hunt fills the matrix, one bug after the other.
func (c Command) hunt(ctx context.Context, all []Bug, m *Matrix, scenarios, quiet bool) error {
	w, err := openWorkshop(ctx)
	if err != nil {
		return err
	}
	defer w.close()
	h := hunter{workshop: w, skip: !scenarios}
	c.progress("the code without a bug")
	if err := h.prepare(ctx, all); err != nil {
		return err
	}
	if !quiet {
		io.WriteString(c.Out, textHead)
	}
	for i, b := range all {
		c.progress("%d of %d: %s", i+1, len(all), b.Name)
		start := c.Now()
		k, err := h.kill(ctx, b, m.Limit)
		if err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
		k.Wall = c.Now() - start
		m.Kills = append(m.Kills, k)
		c.progress("")
		if !quiet {
			io.WriteString(c.Out, k.text())
		}
	}
	return nil
}

// progress shows what is under way, in the place of what was.
func (c Command) progress(format string, args ...any) {
	if c.Progress != nil {
		fmt.Fprintf(c.Progress, "\r\x1b[K"+format, args...)
	}
}
