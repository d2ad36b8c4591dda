// Package reach names places in the cores that a test run must have come by:
// rare branches, where bugs hide. A batch of random runs that never took one
// has shown nothing about it, however many seeds it played.
//
//	var deniedBehind = reach.New("raft/vote-denied-behind")
//	...
//	if behind {
//		deniedBehind.Hit()
//		return deny
//	}
//
// A core only ever writes a mark, and nothing in it depends on one. A hit costs
// a load of one word that is hardly ever written, about a nanosecond.
package reach

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
)

// Mark is one named place.
type Mark struct {
	name string
	hit  atomic.Bool
}

// marks are all there are. They are made while packages are initialized, which
// happens on one goroutine, and only read after that.
var marks []*Mark

// New names a place. It is for package-level variables; a name is used once and
// begins with its package: "raft/vote-denied-behind".
func New(name string) *Mark {
	if slices.ContainsFunc(marks, func(m *Mark) bool { return m.name == name }) {
		panic(fmt.Sprintf("reach: two places are named %q", name))
	}
	m := &Mark{name: name}
	marks = append(marks, m)
	return m
}

// Hit notes that the place was reached. It may be called on any goroutine.
func (m *Mark) Hit() {
	if !m.hit.Load() { // to read a word that nobody writes is cheap on every core
		m.hit.Store(true)
	}
}

// Place is a mark, and whether the program has come by it.
type Place struct {
	Name string
	Hit  bool
}

// Visited returns all places, in the order of their names.
func Visited() []Place {
	list := make([]Place, len(marks))
	for i, m := range marks {
		list[i] = Place{m.name, m.hit.Load()}
	}
	slices.SortFunc(list, func(a, b Place) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Missed returns the names of the places that the program has not come by.
func Missed() []string {
	var names []string
	for _, p := range Visited() {
		if !p.Hit {
			names = append(names, p.Name)
		}
	}
	return names
}
