package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"praetor/sim/story"
)

// waitForMoments lets steps wait for what happened before them instead of for
// a time. Of the moments that would do it keeps the one with which the rule
// breaks under the most other seeds: that one tells why the step matters.
func (s *shrinker) waitForMoments() {
	best := s.otherSeeds(s.lines, trialSeeds)
	for i := 0; i < len(s.lines) && !s.late(); i++ {
		if atOf(s.lines[i]) == 0 || !trappable(stepOf(s.lines[i])) {
			continue
		}
		var kept []string
		for _, lines := range s.trapped(i) {
			if s.late() {
				break
			}
			s.tries++
			if s.broken(lines) == nil {
				continue
			}
			if n := s.otherSeeds(lines, trialSeeds); n > best || n == best && kept == nil {
				best, kept = n, lines
			}
		}
		if kept != nil {
			s.try(kept)
			i = -1 // the lines have moved
		}
	}
}

// trialSeeds is how many other seeds a moment is tried with.
const trialSeeds = 8

// trappable reports whether a trap can do a step.
func trappable(step string) bool {
	st, err := parseStep(step)
	return err == nil && st.verb != "when" && (!verbs[st.verb].waits || st.named["nowait"] == "1")
}

// otherSeeds returns with how many of so many other seeds the rule breaks.
func (s *shrinker) otherSeeds(lines []string, n int) int {
	return s.count(n, func(i int) *Failure { return s.brokenWith(lines, s.seed+1+uint64(i), 2*s.until()) })
}

// count returns how many of n plays break the rule.
func (s *shrinker) count(n int, play func(i int) *Failure) (broken int) {
	s.spread(func(i int) func() bool {
		if i >= n || s.late() {
			return nil
		}
		f := play(i)
		return func() bool {
			s.tries++
			if f != nil {
				broken++
			}
			return true
		}
	})
	return broken
}

// trapped returns what becomes of the lines if line i waits for one of the
// moments that came before it.
func (s *shrinker) trapped(i int) (all [][]string) {
	sc, err := Parse("shrunk", strings.Join(s.lines, "\n"))
	if err != nil {
		return nil
	}
	r, err := sc.Play(Options{Seed: s.seed, sabotage: s.sabotage, Record: true})
	if err != nil {
		return nil
	}
	at, step := atOf(s.lines[i]), stepOf(s.lines[i])
	for _, m := range lastMoments(r.Record, at) {
		for _, after := range []time.Duration{0, (at - m.at).Round(time.Millisecond), at - m.at} {
			wait := ""
			if after > 0 {
				wait = fmt.Sprintf(", after %v", after)
			}
			lines := slices.Delete(slices.Clone(s.lines), i, i+1)
			trap := fmt.Sprintf("when %s%s: %s", m.condition, wait, m.step(step))
			all = append(all, slices.Insert(lines, s.setup(), trap))
		}
	}
	return all
}

// setup returns how many lines there are before time begins to pass.
func (s *shrinker) setup() int { return setupOf(s.lines) }

func setupOf(lines []string) int {
	n := slices.IndexFunc(lines, func(line string) bool {
		st, err := parseStep(line)
		return err != nil || st.at > 0 || verbs[st.verb].waits
	})
	if n < 0 {
		return len(lines)
	}
	return n
}

// waypoint is a moment of a run, as a condition.
type waypoint struct {
	at        time.Duration
	host      string
	condition string
	any       bool // it may be anybody's
}

// step returns what is to be done then: if the moment may be anybody's, to it.
func (m waypoint) step(step string) string {
	if m.any {
		return strings.ReplaceAll(step, m.host, "it")
	}
	return step
}

// lastMoments returns the last moment of each kind and host before a time, the
// latest first, at most ten.
func lastMoments(r *story.Record, until time.Duration) (out []waypoint) {
	counts := map[string]int{}
	latest := map[string]waypoint{}
	var order []string
	for _, e := range r.Events {
		if e.At > until {
			break
		}
		verb := momentWord(e.Kind)
		if verb == "" || e.Host == story.World {
			continue
		}
		name := r.HostName(e.Host)
		for _, who := range []string{name, "any"} {
			key := who + " " + verb
			counts[key]++
			w := waypoint{at: e.At, host: name, condition: key, any: who == "any"}
			if e.Kind == story.Append || e.Kind == story.Commit {
				w.condition = fmt.Sprintf("%s %d", key, e.About.Last)
			} else if counts[key] > 1 {
				w.condition = fmt.Sprintf("%s #%d", key, counts[key])
			}
			latest[key] = w
			order = append(slices.DeleteFunc(order, func(k string) bool { return k == key }), key)
		}
	}
	slices.Reverse(order)
	for _, key := range order[:min(10, len(order))] {
		out = append(out, latest[key])
	}
	return out
}

// momentWord returns the word of a "when" for an event, or "".
func momentWord(k story.Kind) string {
	switch k {
	case story.Lead, story.Vote, story.Append, story.Commit, story.Crash, story.Stop, story.Start, story.Yield, story.Truncate, story.Snapshot:
		i := slices.Index(kindOf[:], k)
		return momentNames[i]
	}
	return ""
}
