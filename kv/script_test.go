package kv

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"praetor/internal/radix"
	"praetor/internal/script"
)

func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		p := &player{state: New()}
		return p.run
	})
}

// player runs the commands of a script on a store. Every write is one log
// entry; indexes count up from 1.
type player struct {
	state   *State
	index   uint64
	waiters []named
}

// named is a waiter of the script that has not fired yet.
type named struct {
	what string
	w    *radix.Waiter
}

var ops = map[string]Op{
	"set": OpSet, "cas": OpCAS, "delete": OpDelete, "delete-cas": OpDeleteCAS, "delete-tree": OpDeleteTree, "reap": OpReap,
}

func (p *player) run(c script.Command) string {
	if op, ok := ops[c.Verb]; ok {
		return p.write(Command{
			Op: op, Key: c.Arg(0), Value: []byte(c.Arg(1)),
			Flags: uint64(c.Int("flags", 0)), CAS: uint64(c.Int("index", 0)),
		})
	}
	switch c.Verb {
	case "get":
		e, index := p.state.Get(c.Arg(0), p.waiter(c))
		if e == nil {
			return fmt.Sprintf("absent\nindex %d", index)
		}
		return fmt.Sprintf("%s\nindex %d", render(e), index)
	case "list":
		entries, index := p.state.List(c.Arg(0), p.waiter(c))
		var b strings.Builder
		for _, e := range entries {
			b.WriteString(render(e) + "\n")
		}
		return fmt.Sprintf("%sindex %d", b.String(), index)
	case "keys":
		keys, index := p.state.Keys(c.Arg(0), c.Arg(1), p.waiter(c))
		return fmt.Sprintf("%s\nindex %d", strings.Join(keys, " "), index)
	case "restore":
		return p.restore()
	}
	return "unknown verb " + c.Verb
}

// write applies one command and reports who woke up.
func (p *player) write(c Command) string {
	p.index++
	txn := p.state.Txn()
	ok, err := txn.Apply(p.index, c)
	p.state = txn.Commit()
	txn.Notify()
	out := fmt.Sprintf("%d: %v", p.index, ok)
	if err != nil {
		out = fmt.Sprintf("%d: %v", p.index, err)
	}
	var asleep []named
	for _, n := range p.waiters {
		if n.w.Fired() {
			out += fmt.Sprintf("\nwakes %s", n.what)
			n.w.Stop()
		} else {
			asleep = append(asleep, n)
		}
	}
	p.waiters = asleep
	return out
}

// restore replaces the state with one that is loaded from its own snapshot.
func (p *player) restore() string {
	var b bytes.Buffer
	if err := p.state.Save(&b); err != nil {
		return err.Error()
	}
	loaded, err := Load(&b)
	if err != nil {
		return err.Error()
	}
	same := loaded.Hash() == p.state.Hash()
	p.state = loaded
	return fmt.Sprintf("same hash: %v", same)
}

// waiter returns a waiter if the command says wait.
func (p *player) waiter(c script.Command) *radix.Waiter {
	if last := len(c.Args) - 1; last < 0 || c.Args[last] != "wait" {
		return nil
	}
	w := radix.NewWaiter(nil)
	p.waiters = append(p.waiters, named{c.Verb + " " + c.Arg(0), w})
	return w
}

func render(e *Entry) string {
	s := fmt.Sprintf("%s = %q created %d modified %d", e.Key, e.Value, e.CreateIndex, e.ModifyIndex)
	if e.Flags != 0 {
		s += fmt.Sprintf(" flags %d", e.Flags)
	}
	return s
}
