package raft

import (
	"cmp"
	"fmt"
	"time"
)

// This file is one server's part in the exhaustive search: what can happen to
// it, and which of its states are the same.

// happening is one event of one server: the delivery of the message with that
// number or, below zero, one of the following.
type happening int32

const (
	persists happening = -1 - iota // its oldest write under way becomes durable
	expires                        // its election timer
	beats                          // its heartbeat timer
	proposes                       // a client gives it a command
	crashes                        // and starts again, on its disk
	settles                        // nothing: see explorer.settle
)

// label names the events that are no delivery.
func (h happening) label() string {
	return [...]string{"its write is durable", "times out", "beats", "is given a command", "crashes and restarts", "settles"}[-1-h]
}

// actor is a server that events happen to, with what the rules ask of its past
// and a crash does not undo.
type actor struct {
	*member
	plant   plant
	said    []Message // in the last event
	history []applied // every entry that it ever applied
	led     []Term    // every term that it ever led
	counts  counts
	trouble error // the first rule that it broke by itself
}

// counts are what the search bounds.
type counts struct{ Beats, Commands, Crashes int }

// applied is an entry and the term that the server was in when it applied it.
// A leader applies an entry as soon as it is committed, so that its term is the
// one that the entry was committed in.
type applied struct {
	entry Entry
	in    Term
}

// newActor returns a server on its disk. Time stands still in it but for one
// tick a heartbeat, since the search itself fires the timers. Each entry
// travels alone, so that it can be lost alone.
func newActor(id NodeID, disk Stored, slow bool, p plant) *actor {
	cfg := Config{DisablePreVote: true, DisableCheckQuorum: true, MaxAppendBytes: 1}
	a := &actor{member: newMember(id, cfg), plant: p}
	a.disk, a.slow = disk, slow
	a.state = encodeState([]Entry{{Index: disk.Snapshot.Index, Term: disk.Snapshot.Term}})
	a.restart()
	return a
}

func (a *actor) now() time.Duration { return time.Duration(a.counts.Beats) }

func (a *actor) restart() {
	if err := a.start(a.now(), 1); err != nil {
		panic(err) // a server must be able to read what it wrote
	}
}

// undergo lets an event happen and carries out its effects.
func (a *actor) undergo(h happening, m Message) {
	a.said = nil
	entries, led := a.raft.log.entries, a.leads()
	a.happen(h, m)
	a.plant.after(a.raft)
	a.carryOut()
	for !a.slow && len(a.writes) > 0 {
		a.persist(a.now())
		a.carryOut()
	}
	switch leads := a.leads(); {
	case leads > 0 && leads == led:
		a.report(appendOnly(a.id, entries, a.raft.log.entries))
	case leads > 0:
		a.led = append(a.led, leads)
	}
	a.report(a.raft.Check())
}

func (a *actor) happen(h happening, m Message) {
	switch h {
	case persists:
		a.persist(a.now())
	case expires:
		a.raft.election.due = a.now()
		a.raft.Tick(a.now())
	case beats:
		a.counts.Beats++
		a.raft.lead.heartbeat = a.now()
		a.raft.Tick(a.now())
	case proposes:
		a.counts.Commands++
		if _, _, err := a.raft.Propose(a.now(), [][]byte{fmt.Appendf(nil, "%s.%d", a.id, a.counts.Commands)}); err != nil {
			panic(err)
		}
	case crashes:
		a.counts.Crashes++
		a.crash()
		a.plant.restart(&a.disk)
		a.restart()
	case settles:
	default:
		a.raft.Receive(a.now(), a.plant.receive(a.raft, m))
	}
}

// may returns the events, but for deliveries, that may come next.
func (a *actor) may(last Term) []happening {
	can := []happening{crashes}
	if len(a.writes) > 0 {
		can = append(can, persists)
	}
	switch {
	case a.busy():
	case a.leads() > 0:
		can = append(can, beats, proposes)
	case a.raft.Term() < last:
		can = append(can, expires)
	}
	return can
}

// busy reports whether the server waits for its disk. A leader does not: it
// writes while its followers do (thesis 10.2.1).
func (a *actor) busy() bool { return len(a.writes) > 0 && a.leads() == 0 }

// carryOut does what the driver does. Writes stay under way.
func (a *actor) carryOut() {
	for a.raft.HasEffects() {
		e := a.drain(a.now())
		a.said = append(a.said, e.Messages...)
		for _, c := range e.Committed {
			i := int(c.Index - a.disk.Snapshot.Index - 1)
			if i < len(a.history) {
				a.report(sameEntry(a.id, a.history[i].entry, a.id, c))
				continue
			}
			a.history = append(a.history, applied{entry: c, in: a.raft.Term()})
		}
		if e.Write != nil && a.plant.lies {
			a.raft.Persisted(a.now(), e.Write.ID)
		}
	}
}

func (a *actor) report(err error) { a.trouble = cmp.Or(a.trouble, err) }

// leads returns the term that the server leads, or 0.
func (a *actor) leads() Term {
	if a.raft.Role() != Leader {
		return 0
	}
	return a.raft.Term()
}
