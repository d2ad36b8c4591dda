package raft

import (
	"fmt"
	"slices"
)

// This file is what must hold in every state of the exhaustive search: the five
// properties of the paper's figure 3. What must hold inside of one server is
// looked at by Check when the server gets into a state for the first time.

// view is what the rules see of one server.
type view struct {
	id      NodeID
	leads   Term   // the term that it leads, or 0
	led     []Term // every term that it ever led
	entries []Entry
	history []applied
}

// view returns what the rules see of the server.
func (a *actor) view() view {
	return view{id: a.id, leads: a.leads(), led: a.led, entries: a.raft.log.entries, history: a.history}
}

// breaks returns which rule two servers break together, or nil.
func breaks(a, b *view) error {
	for _, rule := range [...]func(a, b *view) error{electionSafety, logMatching, stateMachineSafety, leaderCompleteness} {
		if err := rule(a, b); err != nil {
			return err
		}
	}
	return leaderCompleteness(b, a)
}

// electionSafety: "at most one leader can be elected in a given term".
func electionSafety(a, b *view) error {
	for _, t := range a.led {
		if slices.Contains(b.led, t) {
			return fmt.Errorf("election safety: %s and %s both led term %d", a.id, b.id, t)
		}
	}
	return nil
}

// appendOnly: "a leader never overwrites or deletes entries in its log; it only
// appends new entries".
func appendOnly(id NodeID, before, after []Entry) error {
	for i, e := range before {
		if i >= len(after) || !same(e, after[i]) {
			return fmt.Errorf("leader append-only: %s, a leader, had %v in its log", id, e)
		}
	}
	return nil
}

// logMatching: "if two logs contain an entry with the same index and term, then
// the logs are identical in all entries up through the given index".
func logMatching(a, b *view) error {
	agree := false
	for i := min(len(a.entries), len(b.entries)) - 1; i >= 0; i-- {
		agree = agree || a.entries[i].Term == b.entries[i].Term
		if agree && !same(a.entries[i], b.entries[i]) {
			return fmt.Errorf("log matching: %s has %v, %s has %v, and they agree there or later", a.id, a.entries[i], b.id, b.entries[i])
		}
	}
	return nil
}

// leaderCompleteness: "if a log entry is committed in a given term, then that
// entry will be present in the logs of the leaders for all higher-numbered
// terms".
func leaderCompleteness(leader, other *view) error {
	for i, c := range other.history {
		if leader.leads > c.in && (i >= len(leader.entries) || !same(leader.entries[i], c.entry)) {
			return fmt.Errorf("leader completeness: %s leads term %d without %v, which %s applied in term %d",
				leader.id, leader.leads, c.entry, other.id, c.in)
		}
	}
	return nil
}

// stateMachineSafety: "if a server has applied a log entry at a given index to
// its state machine, no other server will ever apply a different log entry for
// the same index".
func stateMachineSafety(a, b *view) error {
	for i := range min(len(a.history), len(b.history)) {
		if err := sameEntry(a.id, a.history[i].entry, b.id, b.history[i].entry); err != nil {
			return err
		}
	}
	return nil
}

func sameEntry(a NodeID, ea Entry, b NodeID, eb Entry) error {
	if !same(ea, eb) {
		return fmt.Errorf("state machine safety: %s applied %v, %s applied %v", a, ea, b, eb)
	}
	return nil
}

func same(a, b Entry) bool {
	return a.Index == b.Index && a.Term == b.Term && a.Kind == b.Kind && string(a.Data) == string(b.Data)
}
