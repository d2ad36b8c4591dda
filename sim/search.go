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

// search is one search for a run that breaks a rule: what the command line
// asked for, and what has come of it so far. Runs are independent, so several
// are played at once; their results are taken in one by one, in the order of
// the seeds, so that the outcome does not depend on how many.
type search struct {
	seeds, from uint64
	focus       Focus
	seconds     float64 // stop after so much real time; 0: do not
	twice       bool    // play each run again and compare
	keepGoing   bool    // a failure does not end the search
	json        bool
	workers     int

	seen       int // runs that were taken in
	virtual    time.Duration
	counts     Counts
	ledger     Ledger // of the faults of all runs
	mismatches int
	failures   []*Failure
	err        error // of a scenario that cannot be played
}

// search plays random scenarios until one fails or enough were played.
func (c Command) search(args []string) error {
	var s search
	fs := flag.NewFlagSet("search", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	fs.Uint64Var(&s.seeds, "seeds", 100, "how many runs")
	fs.Uint64Var(&s.from, "from", 1, "the first seed")
	fs.Float64Var(&s.seconds, "seconds", 0, "stop after so much real time; 0: do not")
	fs.BoolVar(&s.twice, "twice", false, "play each one twice")
	fs.BoolVar(&s.keepGoing, "keep-going", false, "go on after a failure")
	fs.BoolVar(&s.json, "json", false, "write the outcome as one JSON object")
	fs.IntVar(&s.workers, "workers", 0, "how many runs at once; 0: one for each core")
	only := fs.String("only", "all", "what the faults aim at: "+focusNames)
	if err := fs.Parse(args); err != nil {
		return err
	}
	var err error
	if s.focus, err = parseFocus(*only); err != nil {
		return err
	}
	start := c.now()
	s.run(c, start)
	if c.Progress != nil {
		fmt.Fprintln(c.Progress)
	}
	if s.err != nil {
		return s.err
	}
	return s.report(c, c.now()-start)
}

// run plays the seeds.
func (s *search) run(c Command, start time.Duration) {
	spread := c.Spread
	if spread == nil {
		spread = inTurn
	}
	spread(s.workers, func(i int) func() bool {
		if uint64(i) >= s.seeds || s.seconds > 0 && (c.now()-start).Seconds() > s.seconds {
			return nil
		}
		played := s.play(s.from + uint64(i))
		return func() bool {
			s.take(played)
			if c.Progress != nil {
				fmt.Fprintf(c.Progress, "\rseed %d: %d events, %d failures ", played.seed, s.counts.Events, len(s.failures))
			}
			return s.err == nil && (s.keepGoing || len(s.failures) == 0)
		}
	})
}

// inTurn is the Spread of a command that has only one goroutine.
func inTurn(_ int, play func(i int) func() bool) {
	for i := 0; ; i++ {
		if done := play(i); done == nil || !done() {
			return
		}
	}
}

// played is what came of one seed.
type played struct {
	seed     uint64
	result   Result
	mismatch bool // the second run was another
	err      error
}

// play plays one seed. It is called from several goroutines.
func (s *search) play(seed uint64) played {
	p := played{seed: seed}
	scenario := RandomOf(s.focus, seed)
	if p.result, p.err = scenario.Play(Options{Seed: seed}); p.err != nil {
		p.err = fmt.Errorf("seed %d: %w", seed, p.err)
	} else if s.twice {
		again, err := scenario.Play(Options{Seed: seed})
		p.mismatch = err != nil || again.Hash != p.result.Hash
	}
	return p
}

// take adds one run to the sum.
func (s *search) take(p played) {
	if s.err = p.err; p.err != nil {
		return
	}
	s.seen++
	s.virtual += p.result.Virtual
	s.counts.add(p.result.Counts)
	s.ledger.Add(p.result.Ledger)
	if p.result.Failure != nil {
		s.failures = append(s.failures, p.result.Failure)
	}
	if p.mismatch {
		s.mismatches++
	}
}
