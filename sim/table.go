package sim

import (
	"fmt"
	"io"
)

// table is a published table that is measured again here.
type table struct {
	name, title string
	trials      int // a line, or what else the table counts
	write       func(w io.Writer, trials int)
}

// tables are all there are, in the order in which they are listed.
var tables = []table{
	{"raft-election", "how long Raft's elections take, beside the paper and the thesis", 1000, raftElection},
	{"vivaldi", "how well network coordinates predict round trips, beside Serf's bounds", 1000, vivaldi},
	{"swim-detection", "how long SWIM takes to detect a failure, beside its paper", 1000, swimDetection},
	{"swim-false-positives", "how often SWIM suspects the living when messages are lost, beside its paper", 10000, swimFalsePositives},
	{"lifeguard", "false positives when members are slow, beside the Lifeguard paper", 1, lifeguard},
	{"swim-load", "what SWIM costs, how fast news spreads, and who is left under loss", 50, swimLoad},
}

// table writes the table with the name; without one it lists them all.
func (c Command) table(args []string) error {
	if len(args) == 0 {
		for _, t := range tables {
			fmt.Fprintf(c.Out, "%-20s %s\n", t.name, t.title)
		}
		return nil
	}
	for _, t := range tables {
		if t.name == args[0] {
			t.write(c.Out, t.trials)
			return nil
		}
	}
	return fmt.Errorf("sim table: there is no table %q; sim table lists them", args[0])
}
