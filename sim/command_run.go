package sim

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"praetor/sim/story"
)

// runFlags say how to play one scenario, and what to show of it.
type runFlags struct {
	seed    uint64
	verbose bool
	print   bool
	html    string // the file for the page, or ""
	svg     string // the file for the diagram, or ""
	window  story.Window
}

func (c Command) runFlags(args []string) (f runFlags, err error) {
	fs := flag.NewFlagSet("run", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	fs.Uint64Var(&f.seed, "seed", 1, "which of the possible runs")
	fs.BoolVar(&f.verbose, "v", false, "show each message, and the speed")
	fs.BoolVar(&f.print, "print", false, "show the text of the scenario instead")
	fs.StringVar(&f.html, "html", "", "write a page with a space-time diagram to this file")
	fs.StringVar(&f.svg, "svg", "", "write the diagram alone to this file")
	fs.DurationVar(&f.window.From, "from", 0, "draw from this time on")
	fs.DurationVar(&f.window.To, "to", 0, "draw up to this time; 0: draw what matters")
	err = fs.Parse(args)
	if f.draws() && c.WriteFile == nil {
		err = errors.New("sim run: files cannot be written from here")
	}
	return f, err
}

func (f *runFlags) draws() bool { return f.html != "" || f.svg != "" }

// run plays one scenario.
func (c Command) run(args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("sim run: which scenario? sim list shows them")
	}
	f, err := c.runFlags(args[1:])
	if err != nil {
		return err
	}
	s, err := c.load(args[0], f.seed)
	if err != nil {
		return err
	}
	if f.print {
		_, err := io.WriteString(c.Out, s.Text)
		return err
	}
	start := c.now()
	r, err := s.Play(Options{Seed: f.seed, Out: c.Out, Verbose: f.verbose, Record: f.draws()})
	if err != nil {
		return err
	}
	wall := c.now() - start
	if err := c.finish(s, f, r); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%d events, %.3f virtual s, %d messages, %d packets, %d syncs, %d crashes, %d writes, %d reads, %d lookups, %d false deaths\n",
		r.Counts.Events, r.Virtual.Seconds(), r.Counts.Messages, r.Counts.Packets, r.Counts.Syncs, r.Counts.Crashes, r.Counts.Writes, r.Counts.Reads, r.Counts.Lookups, r.Counts.FalseDeaths)
	if f.verbose {
		fmt.Fprintf(c.Out, "%v", &r.Ledger)
	}
	if f.verbose && c.Now != nil {
		fmt.Fprintf(c.Out, "%s\n", speed(r.Counts.Events, r.Virtual, wall))
	}
	fmt.Fprintf(c.Out, "trace hash %s\n", r.Hash)
	if r.Failure != nil {
		return ErrFailed
	}
	return nil
}

// finish explains a failure and draws what was asked for.
func (c Command) finish(s *Scenario, f runFlags, r Result) error {
	var x *story.Explanation
	if r.Failure != nil {
		var err error
		if x, r, err = s.explained(Options{Seed: f.seed}, r); err != nil {
			return fmt.Errorf("%w\n%w", r.Failure, err)
		}
		fmt.Fprintf(c.Out, "\nFAILED %v", x)
	}
	if f.svg != "" {
		if err := c.WriteFile(f.svg, story.SVG(r.Record, x, f.window)); err != nil {
			return fmt.Errorf("sim run: %w", err)
		}
	}
	if f.html == "" {
		return nil
	}
	page := story.Page{Title: s.Name, Subtitle: s.Title(), Seed: f.seed, Hash: r.Hash, Took: r.Virtual.Round(time.Millisecond)}
	b, err := page.HTML(r.Record, x, f.window)
	if err == nil {
		err = c.WriteFile(f.html, b)
	}
	if err != nil {
		return fmt.Errorf("sim run: %w", err)
	}
	return nil
}
