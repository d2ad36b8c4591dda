package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Focus is what the random faults of a search aim at.
type Focus uint8

// The focuses.
const (
	All     Focus = iota // any fault, any work
	Raft                 // a few servers, and what is hard for their log
	SWIM                 // many members, and what is hard for gossip
	KV                   // busy clients on few keys
	Catalog              // members and services that come and go
)

var focuses = []string{"all", "raft", "swim", "kv", "catalog"}

// focusNames lists the focuses for a reader.
var focusNames = strings.Join(focuses, ", ")

// String returns the name, as search -only takes it.
func (f Focus) String() string { return focuses[f] }

// parseFocus finds a focus by its name.
func parseFocus(name string) (Focus, error) {
	i := slices.Index(focuses, name)
	if i < 0 {
		return All, fmt.Errorf("sim: -only %s: it is one of %s", name, focusNames)
	}
	return Focus(i), nil
}

// scenario returns the name that sim run knows the random scenarios by.
func (f Focus) scenario() string {
	if f == All {
		return "random"
	}
	return "random-" + f.String()
}

// randomNamed returns the focus of the random scenarios of that name.
func randomNamed(name string) (Focus, bool) {
	for i := range focuses {
		if f := Focus(i); f.scenario() == name {
			return f, true
		}
	}
	return All, false
}
