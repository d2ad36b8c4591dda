package sim

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// situation is a scenario that comes with the program, up to a mark: a situation
// that random faults would need long to come to.
type situation struct {
	name    string // of the scenario and the mark
	lines   []string
	servers int
	changed bool // a server was added on the way
}

// situations returns all there are, in the order of their scenarios.
var situations = sync.OnceValue(func() (all []situation) {
	for _, name := range Scenarios() {
		s, err := Load(name)
		if err != nil {
			panic(err) // it comes with the program
		}
		so := situation{}
		for _, st := range s.steps {
			if st.verb == "mark" {
				at := so
				at.name, at.lines = name+" at "+st.args[0], append(slices.Clone(so.lines), st.text)
				all = append(all, at)
			}
			if m := serversLine.FindStringSubmatch(st.text); m != nil {
				fmt.Sscan(m[1], &so.servers)
			}
			so.changed = so.changed || st.verb == "server" || st.verb == "leave"
			so.lines = append(so.lines, st.text)
		}
	}
	return all
})

// startAtMark begins a random scenario at a mark instead of with a cluster of
// its own.
func (r *randomScenario) startAtMark() {
	s := pick(r, situations()...)
	r.servers = s.servers
	if s.changed {
		r.changes = 2
	}
	r.line("# It starts as %s.", s.name)
	r.line("%s", strings.Join(s.lines, "\n"))
}
