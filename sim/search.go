package sim

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"time"
)

// verbOrder returns the names of the steps, sorted.
func verbOrder() []string { return slices.Sorted(maps.Keys(verbs)) }

// search plays random scenarios until one fails or enough were played.
func (c Command) search(args []string) error {
	fs := flag.NewFlagSet("search", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	seeds := fs.Uint64("seeds", 100, "how many runs")
	from := fs.Uint64("from", 1, "the first seed")
	seconds := fs.Float64("seconds", 0, "stop after so much real time; 0: do not")
	twice := fs.Bool("twice", false, "play each one twice")
	if err := fs.Parse(args); err != nil {
		return err
	}
	t, start := tally{}, c.now()
	for seed := *from; seed < *from+*seeds; seed++ {
		if *seconds > 0 && (c.now()-start).Seconds() > *seconds {
			break
		}
		if err := t.play(seed, *twice); err != nil {
			return err
		}
		if c.Progress != nil {
			fmt.Fprintf(c.Progress, "\rseed %d: %d events, %d failures ", seed, t.counts.Events, len(t.failures))
		}
		if len(t.failures) > 0 {
			break
		}
	}
	if c.Progress != nil {
		fmt.Fprintln(c.Progress)
	}
	return t.report(c, c.now()-start)
}

// tally sums up a search.
type tally struct {
	seeds      int
	virtual    time.Duration
	counts     Counts
	mismatches int
	failures   []*Failure
}

// play plays one seed.
func (t *tally) play(seed uint64, twice bool) error {
	s := Random(seed)
	r, err := s.Play(Options{Seed: seed})
	if err != nil {
		return fmt.Errorf("seed %d: %w", seed, err)
	}
	t.seeds++
	t.virtual += r.Virtual
	t.counts.add(r.Counts)
	if r.Failure != nil {
		t.failures = append(t.failures, r.Failure)
	}
	if twice {
		again, err := s.Play(Options{Seed: seed})
		if err != nil || again.Hash != r.Hash {
			t.mismatches++
		}
	}
	return nil
}

// report writes what failed and the sum.
func (t *tally) report(c Command, wall time.Duration) error {
	for _, f := range t.failures {
		fmt.Fprintf(c.Out, "FAILED %v\n", f)
	}
	virtual := t.virtual.Seconds()
	fmt.Fprintf(c.Out, "%d seeds, %d events, %.0f virtual s in %.1f wall s (%.0fx), %d mismatches, %d failures\n",
		t.seeds, t.counts.Events, virtual, wall.Seconds(), virtual/max(wall.Seconds(), 1e-9), t.mismatches, len(t.failures))
	if len(t.failures) > 0 || t.mismatches > 0 {
		return ErrFailed
	}
	return nil
}

// bench plays three servers and three clients without faults.
func (c Command) bench() error {
	s, err := Parse("bench", "servers 3 expect=3\nexpect leader within 5s\nclients 3 think=10ms\nwait 60s\nquiet 10s\n")
	if err != nil {
		return err
	}
	start := c.now()
	r, err := s.Play(Options{Seed: 1})
	if err != nil {
		return err
	}
	if r.Failure != nil {
		return r.Failure
	}
	fmt.Fprintf(c.Out, "%d events, %.0f virtual s, %s\n", r.Counts.Events, r.Virtual.Seconds(), speed(r.Counts.Events, r.Virtual, c.now()-start))
	return nil
}
