package raft

import (
	"strings"
	"testing"
)

// TestEachRuleCanBreak shows each rule two servers that break it, and two that
// nearly do.
func TestEachRuleCanBreak(t *testing.T) {
	log := func(terms ...Term) []Entry { return entries(2, terms...) }
	past := func(in Term, terms ...Term) (h []applied) {
		for _, e := range log(terms...) {
			h = append(h, applied{entry: e, in: in})
		}
		return h
	}
	other := log(2, 3)
	other[0].Data = []byte("z")
	for _, c := range []struct {
		name string
		a, b view
		rule string
	}{
		{"two led a term", view{led: []Term{2, 4}}, view{led: []Term{3, 4}}, "election safety"},
		{"each led another", view{led: []Term{2, 4}}, view{led: []Term{3, 5}}, ""},
		{"one entry, what is before it differs", view{entries: log(2, 3)}, view{entries: other}, "log matching"},
		{"the terms differ from some place on", view{entries: log(2, 2, 2)}, view{entries: log(2, 3, 3)}, ""},
		{"other entries were applied", view{history: past(3, 2, 3)}, view{history: past(3, 2, 2)}, "state machine safety"},
		{"one has applied more", view{history: past(3, 2, 3)}, view{history: past(3, 2)}, ""},
		{"a later leader lacks what was committed", view{leads: 4, entries: log(2)}, view{history: past(3, 2, 3)}, "leader completeness"},
		{"a later leader has another entry there", view{history: past(3, 2, 3)}, view{leads: 4, entries: log(2, 2)}, "leader completeness"},
		{"a leader of an earlier term may lack it", view{leads: 2, entries: log(2)}, view{history: past(3, 2, 3)}, ""},
	} {
		err := breaks(&c.a, &c.b)
		if c.rule == "" && err != nil || c.rule != "" && (err == nil || !strings.HasPrefix(err.Error(), c.rule)) {
			t.Errorf("%s: %v, expected %q", c.name, err, c.rule)
		}
	}
	for _, after := range [][]Entry{log(2), log(2, 2), nil} {
		if appendOnly("n1", log(2, 3), after) == nil {
			t.Errorf("a leader's log went from %v to %v, and no rule was broken", log(2, 3), after)
		}
	}
	if err := appendOnly("n1", log(2, 3), log(2, 3, 3)); err != nil {
		t.Error(err)
	}
}
