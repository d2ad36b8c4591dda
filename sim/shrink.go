package sim

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Shrinking makes of a random run that fails a scenario that tells why: the
// fewest faults, servers and requests with which the same rule breaks. It works
// on the text. Each pass changes some lines, plays what comes of it, and keeps
// the change if the same rule still breaks:
//
//	cut the end      what comes after the failure has nothing to do with it
//	drop lines       halves, quarters, single ones (Zeller's delta debugging)
//	fewer servers    three instead of five
//	name packets     rates become the packets that they struck, a line each
//	name requests    the clients become the requests that they made, a line each
//	drop arguments   knobs, losses, delays
//	round values     5.113097s becomes 5s, drift goes
//	wait for moments at 5s becomes "when n2 leads", so that the story goes on
//	                 being told when something else changes the timing
//
// The passes are repeated until none helps.

// shrinker is a scenario that is being shrunk.
type shrinker struct {
	seed  uint64
	rule  string // that it must break
	lines []string
	fail  *Failure // of lines

	rated    bool // the rates of the network matter as such
	tries    int  // runs so far
	deadline time.Duration
	command  Command
	sabotage sabotage
	passed   sync.Map // of the texts that break no rule, as their sums
}

// shrink is the command: it shrinks the random run of a seed, or a scenario.
func (c Command) shrink(args []string) error {
	fs := flag.NewFlagSet("shrink", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	seed := fs.Uint64("seed", 1, "the run that fails")
	only := fs.String("only", "all", "what its faults aim at, as search had it: "+focusNames)
	file := fs.String("f", "", "shrink this scenario instead of a random one")
	out := fs.String("o", "", "write the scenario to this file")
	seconds := fs.Float64("seconds", 60, "stop after so much real time")
	if err := fs.Parse(args); err != nil {
		return err
	}
	focus, err := parseFocus(*only)
	if err != nil {
		return err
	}
	scenario := RandomOf(focus, *seed)
	if *file != "" {
		if scenario, err = c.load(*file, *seed); err != nil {
			return err
		}
	}
	s := &shrinker{seed: *seed, command: c, deadline: c.now() + time.Duration(*seconds*float64(time.Second))}
	if err := s.begin(scenario); err != nil {
		return err
	}
	s.shrink()
	text := s.scenario()
	if *out == "" || c.WriteFile == nil {
		_, err = fmt.Fprint(c.Out, text)
		return err
	}
	if err := c.WriteFile(*out, []byte(text)); err != nil {
		return err
	}
	fmt.Fprintf(c.Out, "%s: %s\nplay it with: go run ./cmd/sim run %s -seed %d\n", *out, s.size(), *out, s.seed)
	return nil
}

// begin plays the scenario as it is, to learn which rule it breaks.
func (s *shrinker) begin(scenario *Scenario) error {
	r, err := scenario.Play(Options{Seed: s.seed, sabotage: s.sabotage})
	if err != nil {
		return err
	}
	if r.Failure == nil {
		return fmt.Errorf("sim shrink: %s with seed %d breaks no rule", scenario.Name, s.seed)
	}
	s.rule, s.fail = r.Failure.Rule, r.Failure
	var origin time.Duration // of the times behind the marks so far
	marks := r.Marks
	for _, line := range strings.Split(scenario.Text, "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "" || line[0] == '#':
		case strings.HasPrefix(stepOf(line), "mark ") && len(marks) > 0:
			origin, marks = marks[0], marks[1:]
		case atOf(line) > 0:
			s.lines = append(s.lines, moved(line, origin+atOf(line)))
		default:
			s.lines = append(s.lines, line)
		}
	}
	return nil
}

// shrink does all passes until none helps or the time is over.
func (s *shrinker) shrink() {
	passes := []struct {
		name string
		do   func()
	}{
		{"cut the end", s.cutEnd},
		{"drop lines", s.dropLines},
		{"fewer servers", s.fewerServers},
		{"name packets", s.nameWeather},
		{"name requests", s.nameRequests},
		{"drop lines", s.dropLines},
		{"drop arguments", s.dropArguments},
		{"begin earlier", s.beginEarlier},
		{"round values", s.roundValues},
		{"wait for moments", s.waitForMoments},
	}
	for before := -1; before != s.weight() && !s.late(); {
		before = s.weight()
		for _, p := range passes {
			p.do()
			if s.command.Progress != nil {
				fmt.Fprintf(s.command.Progress, "%-16s %s after %d runs\n", p.name, s.size(), s.tries)
			}
		}
	}
}

// weight is what shrinking makes smaller: the length of the text counts less
// than the number of lines.
func (s *shrinker) weight() int { return 1000*len(s.lines) + len(strings.Join(s.lines, "")) }

// late reports whether the time is over.
func (s *shrinker) late() bool { return s.command.Now != nil && s.command.now() > s.deadline }

// broken plays a text, and returns how it breaks the rule, or nil. It is played
// for a while longer than the run that is known to break the rule, and no text
// is played twice.
func (s *shrinker) broken(lines []string) *Failure {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	if _, ok := s.passed.Load(sum); ok {
		return nil
	}
	f := s.brokenWith(lines, s.seed, s.until())
	if f == nil {
		s.passed.Store(sum, true)
	}
	return f
}

// until is when a run that has not broken the rule is given up.
func (s *shrinker) until() time.Duration {
	if s.fail == nil {
		return 0
	}
	return s.fail.At + s.fail.At/4 + 2*time.Second
}

func (s *shrinker) brokenWith(lines []string, seed uint64, until time.Duration) *Failure {
	sc, err := Parse("shrunk", strings.Join(lines, "\n"))
	if err != nil {
		return nil
	}
	r, err := sc.Play(Options{Seed: seed, sabotage: s.sabotage, until: until})
	if err != nil || r.Failure == nil || r.Failure.Rule != s.rule {
		return nil
	}
	return r.Failure
}

// first plays the candidates, several at once, and keeps the first one that
// breaks the rule. It reports whether there was one, and which.
func (s *shrinker) first(n int, candidate func(i int) []string) (kept int, ok bool) {
	s.spread(func(i int) func() bool {
		if i >= n || s.late() {
			return nil
		}
		lines := candidate(i)
		var f *Failure
		if lines != nil {
			f = s.broken(lines)
		}
		return func() bool {
			s.tries++
			if f != nil {
				s.lines, s.fail, kept, ok = lines, f, i, true
			}
			return f == nil
		}
	})
	return kept, ok
}

// spread plays several at once if the command can.
func (s *shrinker) spread(play func(i int) func() bool) {
	if s.command.Spread == nil {
		inTurn(0, play)
		return
	}
	s.command.Spread(0, play)
}

// try keeps a candidate if it breaks the rule, and reports whether it does.
func (s *shrinker) try(lines []string) bool {
	_, ok := s.first(1, func(int) []string { return lines })
	return ok
}

// cutEnd drops the steps that come after the failure, and waits for it instead.
// Those that look or ask for something may be what fails, and stay.
func (s *shrinker) cutEnd() {
	end := len(s.lines)
	for end > 0 && atOf(s.lines[end-1]) == 0 {
		end--
	}
	for end > 0 && atOf(s.lines[end-1]) > s.fail.At {
		end--
	}
	s.try(append(slices.Clone(s.lines[:end]), fmt.Sprintf("at %v wait 1s", s.fail.At.Truncate(time.Millisecond)+time.Second)))
}

// dropLines drops as many lines as possible: of halves, then of quarters, and
// so on to single lines (Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", TSE 2002).
func (s *shrinker) dropLines() {
	for size := len(s.lines) / 2; size > 0 && !s.late(); size = min(size/2, len(s.lines)/2) {
		for from := 0; from < len(s.lines); {
			lines := s.lines
			i, ok := s.first((len(lines)-from+size-1)/size, func(i int) []string {
				at := from + i*size
				return slices.Concat(lines[:at], lines[min(at+size, len(lines)):])
			})
			if !ok {
				break
			}
			from += i * size
		}
	}
}
