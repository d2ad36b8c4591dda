package raft

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"praetor/internal/script"
)

func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		c := &scripted{t: t, members: map[NodeID]*member{}, ahead: map[NodeID]time.Duration{}}
		return c.run
	})
}

// scripted is a cluster that a script plays. Everything that a command makes
// the servers do is done by the time it ends, except for the delivery of
// messages and, on slow disks, writes: these wait for a command of their own.
type scripted struct {
	t       *testing.T
	now     time.Duration
	ahead   map[NodeID]time.Duration // how far a server's clock is before now
	order   []NodeID
	members map[NodeID]*member
	network []Message
	seeds   uint64
	out     strings.Builder
	quiet   bool
}

// run carries out one command and returns what happened.
func (c *scripted) run(cmd script.Command) string {
	c.out.Reset()
	c.quiet = cmd.Named["quiet"] == "yes"
	verb, ok := scriptVerbs[cmd.Verb]
	if !ok {
		c.t.Fatalf("%s: no such command: %s", cmd.Pos, cmd.Verb)
	}
	verb(c, cmd)
	for _, id := range c.order {
		c.drain(c.members[id])
	}
	return c.out.String()
}

var scriptVerbs = map[string]func(*scripted, script.Command){}

func init() {
	scriptVerbs = map[string]func(*scripted, script.Command){
		"nodes":     (*scripted).nodes,
		"bootstrap": (*scripted).bootstrap,
		"withdraw":  (*scripted).withdraw,
		"elect":     (*scripted).elect,
		"win":       (*scripted).win,
		"timeout":   (*scripted).timeout,
		"heartbeat": (*scripted).heartbeat,
		"impatient": (*scripted).impatient,
		"advance":   (*scripted).advance,
		"pass":      (*scripted).pass,
		"deliver":   (*scripted).deliver,
		"drop":      (*scripted).drop,
		"duplicate": (*scripted).duplicate,
		"settle":    (*scripted).settle,
		"persist":   (*scripted).persist,
		"slow":      (*scripted).slow,
		"propose":   (*scripted).propose,
		"read":      (*scripted).read,
		"change":    (*scripted).change,
		"transfer":  (*scripted).transfer,
		"compact":   (*scripted).compact,
		"crash":     (*scripted).crash,
		"restart":   (*scripted).restart,
		"logs":      (*scripted).logs,
		"roles":     (*scripted).roles,
		"status":    (*scripted).status,
		"lease":     (*scripted).lease,
		"applied":   (*scripted).applied,
		"network":   (*scripted).showNetwork,
	}
}

func (c *scripted) printf(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(&c.out, format+"\n", args...)
	}
}

func (c *scripted) member(cmd script.Command) *member {
	m := c.members[NodeID(cmd.Arg(0))]
	if m == nil {
		c.t.Fatalf("%s: no server %q", cmd.Pos, cmd.Arg(0))
	}
	return m
}

// clock returns the server's own time.
func (c *scripted) clock(m *member) time.Duration { return c.now + c.ahead[m.id] }

// drain carries out a server's effects and prints them.
func (c *scripted) drain(m *member) {
	for m.raft != nil && m.raft.HasEffects() {
		e := m.drain(c.clock(m))
		for _, msg := range e.Messages {
			c.printf("  %v", msg)
		}
		c.network = append(c.network, e.Messages...)
		if e.Write != nil && m.slow {
			c.printf("  %s writes %s", m.id, describeWrite(e.Write))
		}
		if e.Restore != nil {
			c.printf("  %s restores %d/%d", m.id, e.Restore.Index, e.Restore.Term)
		}
		if len(e.Committed) > 0 {
			c.printf("  %s applies %s", m.id, describeEntries(e.Committed))
		}
		for _, read := range e.Reads {
			if read.Err != nil {
				c.printf("  %s read %d: %v", m.id, read.ID, read.Err)
			} else {
				c.printf("  %s read %d at %d", m.id, read.ID, read.Index)
			}
		}
		for len(m.writes) > 0 && !m.slow {
			m.persist(c.clock(m))
		}
	}
	m.check(c.t)
}

func describeWrite(w *Write) string {
	s := fmt.Sprintf("#%d", w.ID)
	if w.Hard != nil {
		s += fmt.Sprintf(" term %d vote %s", w.Hard.Term, orNone(w.Hard.Vote))
	}
	if w.Snapshot != nil {
		s += fmt.Sprintf(" snapshot %d/%d", w.Snapshot.Index, w.Snapshot.Term)
	}
	if len(w.Entries) > 0 {
		s += " entries " + describeEntries(w.Entries)
	}
	return s
}

func describeEntries(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.String())
	}
	return strings.Join(all, ", ")
}

func orNone(id NodeID) string {
	if id == "" {
		return "nobody"
	}
	return string(id)
}
