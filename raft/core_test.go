package raft

import (
	"math/rand/v2"
	"testing"
	"time"
)

// core is one server whose effects a test looks at; its writes are durable when
// the test says so.
type core struct {
	*Raft
	t   *testing.T
	now time.Duration
}

// newCore returns n1 of three, on a log with entries of the terms (the first
// one is the configuration), in the last of these terms.
func newCore(t *testing.T, change func(*Config, *Stored), terms ...Term) *core {
	t.Helper()
	cfg := Config{
		ID:                 "n1",
		ElectionTimeoutMin: 100 * time.Millisecond,
		HeartbeatInterval:  20 * time.Millisecond,
		DisablePreVote:     true,
		Rand:               rand.New(rand.NewPCG(1, 1)),
	}
	var st Stored
	for i, term := range terms {
		e := Entry{Index: Index(i + 1), Term: term, Data: []byte("x")}
		if i == 0 {
			e.Kind, e.Data = EntryConfig, AppendConfiguration(nil, configOf("n1", "n2", "n3"))
		}
		st.Entries = append(st.Entries, e)
		st.Hard = HardState{Cluster: 1, Term: term}
	}
	if change != nil {
		change(&cfg, &st)
	}
	r, err := New(0, cfg, st)
	if err != nil {
		t.Fatal(err)
	}
	return &core{Raft: r, t: t, now: time.Second} // long after the start: it stands by nobody
}

// gets gives it a message of n2 in the term, and returns what it answers once
// its writes are durable.
func (c *core) gets(from NodeID, term Term, b Body) []Message {
	c.t.Helper()
	c.Receive(c.now, Message{From: from, To: "n1", Cluster: 1, Term: term, Body: b})
	return c.flush()
}

// flush makes all writes durable and returns what it says.
func (c *core) flush() []Message {
	c.t.Helper()
	var said []Message
	for c.HasEffects() {
		e := c.Effects()
		said = append(said, e.Messages...)
		if e.Write != nil {
			c.Persisted(c.now, e.Write.ID)
		}
	}
	if err := c.Check(); err != nil {
		c.t.Fatal(err)
	}
	return said
}

// leads makes it leader of the next term, with the term's entry on both others.
func (c *core) leads() *core {
	c.t.Helper()
	c.campaigns()
	c.gets("n2", c.Term(), VoteResponse{Granted: true})
	for _, id := range []NodeID{"n2", "n3"} {
		c.gets(id, c.Term(), AppendAccept{Match: c.LastIndex()})
	}
	if c.Role() != Leader || c.Committed() != c.LastIndex() {
		c.t.Fatalf("not leading:\n%v", c.Status())
	}
	return c
}

// campaigns lets its election timeout pass.
func (c *core) campaigns() []Message {
	c.t.Helper()
	c.now = max(c.now, c.Deadline())
	c.Tick(c.now)
	return c.flush()
}

// terms returns the terms of its log.
func (c *core) terms() []Term {
	var out []Term
	for _, e := range c.log.entries {
		out = append(out, e.Term)
	}
	return out
}

// entries returns entries of the terms from index on.
func entries(from Index, terms ...Term) []Entry {
	var out []Entry
	for i, term := range terms {
		out = append(out, Entry{Index: from + Index(i), Term: term, Data: []byte("y")})
	}
	return out
}
