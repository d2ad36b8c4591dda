package sim

import (
	"fmt"
	"slices"
	"strings"
)

// nameRequests puts the requests that the clients made in their place, one a
// line, at its time: of a thousand requests two or three matter, and which they
// are is what the reader wants to know.
func (s *shrinker) nameRequests() {
	if slices.ContainsFunc(s.lines, startsClients) {
		s.try(s.named())
	}
}

// named returns the lines with the requests that the clients make in the place
// of the clients, or nil if they cannot be played.
func (s *shrinker) named() []string {
	sc, err := Parse("shrunk", strings.Join(s.lines, "\n"))
	if err != nil {
		return nil
	}
	var requests []*operation
	if _, err := sc.Play(Options{Seed: s.seed, sabotage: s.sabotage, requests: &requests}); err != nil {
		return nil
	}
	var named []string
	for _, op := range requests {
		named = append(named, fmt.Sprintf("at %v %s", op.begin, op.line()))
	}
	return merged(slices.DeleteFunc(slices.Clone(s.lines), startsClients), named)
}

func startsClients(line string) bool { return strings.HasPrefix(stepOf(line), "clients ") }

// merged puts the named requests among the lines, by their times. A line
// without a time stays behind the one before it.
func merged(lines, requests []string) []string {
	var out []string
	for _, line := range lines {
		if t := atOf(line); t > 0 {
			for len(requests) > 0 && atOf(requests[0]) <= t {
				out, requests = append(out, requests[0]), requests[1:]
			}
		}
		out = append(out, line)
	}
	return append(out, requests...)
}

// line returns the step of a scenario that makes the request, whatever comes of
// it.
func (o *operation) line() string {
	var more string
	switch {
	case o.kind == opPut:
		more = " " + o.value
	case o.kind == opCAS:
		more = fmt.Sprintf(" %s index=%d", o.value, o.want)
	case !o.kind.writes():
		more = " mode=" + modeNames[o.mode]
	}
	if o.past > 0 {
		more += fmt.Sprintf(" index=%d wait=%v", o.past, o.wait)
	}
	return fmt.Sprintf("%s %s%s via %s outcome=any nowait=1", kindNames[o.kind], o.key, more, o.via)
}
