package sim

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// faultSteps are the steps that count as faults; what ends one does not.
var faultSteps = []string{"crash", "kill", "isolate", "cut", "disk", "clock", "network", "link", "wipe", "leave", "resign", "server", "partition", "clog", "pause", "cpu", "bounce", "move", "replace", "binary", "topology", "lose", "double", "delay"}

// Size is what is left of a failing scenario.
type Size struct{ Faults, Servers, Requests int }

// String names the parts.
func (s Size) String() string {
	return fmt.Sprintf("%d faults, %d servers, %d requests", s.Faults, s.Servers, s.Requests)
}

// size counts what the lines hold.
func (s *shrinker) size() (n Size) {
	for _, line := range s.lines {
		st, err := parseStep(line)
		if err != nil {
			continue
		}
		if st.trap != nil {
			st = st.trap.step
		}
		switch {
		case slices.Contains(faultSteps, st.verb):
			n.Faults++
		case slices.Contains(kindNames[:], st.verb):
			n.Requests++
		}
		if m := serversLine.FindStringSubmatch(line); m != nil {
			fmt.Sscan(m[1], &n.Servers)
		} else if st.verb == "server" {
			n.Servers++
		}
	}
	return n
}

// scenario returns the text of what is left, opened by a comment that tells
// what it shows and how firmly.
func (s *shrinker) scenario() string {
	s.deadline = math.MaxInt64 // what it says of other runs was played, however late it is
	law := s.fail.Law()
	var b strings.Builder
	comment := func(format string, args ...any) {
		for _, line := range strings.Split(fmt.Sprintf(format, args...), "\n") {
			b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
		}
	}
	comment("A run that breaks the rule %q.", s.rule)
	comment("")
	comment("%s: %s", law.Section, law.Says)
	comment("%s", s.fail.Detail)
	comment("")
	comment("Shrunk from a random run to %s. It breaks the rule with seed %d,", s.size(), s.seed)
	comment("with %d of %d other seeds, and with %d of %d slightly different latencies.",
		s.otherSeeds(s.lines, robustSeeds), robustSeeds, s.otherLatencies(), robustSeeds)
	if x, _, err := s.explain(); err == nil {
		comment("\n%s", strings.TrimSpace(x))
	}
	b.WriteString("\n" + strings.Join(s.lines, "\n") + "\n")
	return b.String()
}

// robustSeeds is how many other runs the result is tried with.
const robustSeeds = 20

// explain returns the short story of the failure.
func (s *shrinker) explain() (string, Result, error) {
	sc, err := Parse("shrunk", strings.Join(s.lines, "\n"))
	if err != nil {
		return "", Result{}, err
	}
	x, r, err := sc.Explain(Options{Seed: s.seed, sabotage: s.sabotage})
	if err != nil {
		return "", r, err
	}
	return x.Short(shortStory), r, nil
}

// otherLatencies returns with how many of the slightly different latencies the
// rule breaks: each packet takes between 1 and 20 % longer.
func (s *shrinker) otherLatencies() int {
	return s.count(robustSeeds, func(i int) *Failure {
		percent := time.Duration(101 + i)
		slower := fmt.Sprintf("network delay=%v jitter=%v", lan.delay*percent/100, lan.jitter*percent/100)
		return s.brokenWith(append([]string{slower}, s.lines...), s.seed, 2*s.until())
	})
}
