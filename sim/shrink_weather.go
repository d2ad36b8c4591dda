package sim

import (
	"regexp"
	"slices"
	"strings"
)

// mostStrokes is how many packets a scenario may name. What needs more of them
// is better told by a rate.
const mostStrokes = 5

// nameWeather puts the packets that were lost, doubled and late in the place of
// the rates, one a line, and drops those that do not matter: of a thousand
// packets one or two do. When too many are left it was the rate that mattered.
func (s *shrinker) nameWeather() {
	if s.rated || !slices.ContainsFunc(s.lines, hasRate) {
		return
	}
	lines, fail := s.lines, s.fail
	if !s.try(s.forecast()) {
		return
	}
	s.dropLines()
	if strokes(s.lines)-strokes(lines) > mostStrokes {
		s.lines, s.fail, s.rated = lines, fail, true
	}
}

// rateArgument is an argument of "network" or "link" that a named packet can
// stand for.
var rateArgument = regexp.MustCompile(` (loss|burst|duplicate|reorder|tail|flip)=[0-9.]+%`)

// emptyProfile is what is left of a step that set nothing but rates.
var emptyProfile = regexp.MustCompile(`^(network|link \S+( ->)? \S+)$`)

func hasRate(line string) bool { return rateArgument.MatchString(line) }

// strokes counts the lines that name a packet.
func strokes(lines []string) (n int) {
	for _, line := range lines {
		if st, err := parseStep(line); err == nil && weatherVerbs()[st.verb].do != nil {
			n++
		}
	}
	return n
}

// forecast returns the lines with what befell packets in the place of the rates,
// or nil if they cannot be played.
func (s *shrinker) forecast() []string {
	sc, err := Parse("shrunk", strings.Join(s.lines, "\n"))
	if err != nil {
		return nil
	}
	f := &forecast{counts: map[[3]string]int{}}
	if _, err := sc.Play(Options{Seed: s.seed, sabotage: s.sabotage, forecast: f}); err != nil {
		return nil
	}
	var calm []string
	for _, line := range s.lines {
		if line = rateArgument.ReplaceAllString(line, ""); !emptyProfile.MatchString(stepOf(line)) {
			calm = append(calm, line)
		}
	}
	before := calm[:setupOf(calm)]
	return slices.Concat(before, f.steps(before), calm[len(before):])
}

// steps returns the steps that do again what was done to packets between hosts
// that the lines make.
func (f *forecast) steps(lines []string) (steps []string) {
	p := &player{world: newWorld(1, "", nil, false), scenario: &Scenario{}}
	for _, line := range lines {
		if st, err := parseStep(line); err == nil {
			p.do(st)
		}
	}
	for _, d := range f.deliveries {
		if p.hostNamed(d.from) != nil && p.hostNamed(d.to) != nil {
			steps = append(steps, d.lines()...)
		}
	}
	return steps
}
