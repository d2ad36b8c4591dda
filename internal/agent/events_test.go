package agent

import (
	"fmt"
	"testing"

	"praetor/api"
	"praetor/catalog"
)

// An event is for an agent if each filter that it has matches: the node's name,
// one service's name, one tag of a service whose name matches.
func TestEventFilters(t *testing.T) {
	services := []*catalog.Service{{Service: "web", Tags: []string{"v1", "blue"}}, {Service: "db", Tags: []string{"primary"}}}
	for _, c := range []struct {
		node, service, tag string
		want               bool
	}{
		{"", "", "", true},
		{"^n1$", "", "", true},
		{"n", "", "", true},
		{"^n$", "", "", false},
		{"", "web|api", "", true},
		{"", "^api", "", false},
		{"", "web", "blue", true},
		{"", "web", "primary", false}, // the tag is of another service
		{"", "web|db", "primary", true},
		{"n2", "web", "", false},
		{"[", "", "", false}, // from an agent that checks less
	} {
		e := api.UserEvent{NodeFilter: c.node, ServiceFilter: c.service, TagFilter: c.tag}
		if got := meant(e, "n1", services); got != c.want {
			t.Errorf("node %q service %q tag %q: %v", c.node, c.service, c.tag, got)
		}
	}
}

// An agent keeps the newest 256 events, and wakes who waits for one.
func TestEventLogKeepsTheNewest(t *testing.T) {
	l := newEventLog()
	_, more := l.newest()
	for i := range 300 {
		l.add(api.UserEvent{Name: fmt.Sprint(i)})
	}
	list, _ := l.newest()
	if len(list) != 256 || list[0].Name != "44" || list[255].Name != "299" {
		t.Errorf("%d events, from %s to %s", len(list), list[0].Name, list[len(list)-1].Name)
	}
	select {
	case <-more:
	default:
		t.Error("nobody was woken")
	}
}
