package raft

import (
	"fmt"
	"slices"
)

// servers is the table of all states that single servers were found in, and of
// all messages.
type servers struct {
	scope    scope
	plant    plant
	table    []serverState
	byForm   map[string]int32
	messages []Message
	byBytes  map[string]happening
}

// serverState is a state of one server.
type serverState struct {
	from int32               // the state that it was reached from first, or -1
	by   happening           // the event; of a first state, whose it is
	next map[happening]int32 // what was asked so far

	may     []happening // can happen next, but for deliveries
	busy    bool        // nothing is delivered to it
	said    []happening // all that it ever said, sorted
	term    Term        // durable
	counts  counts
	view    view
	trouble error // the rule that it broke by itself
}

func newServers(s scope, p plant) *servers {
	return &servers{scope: s, plant: p, byForm: map[string]int32{}, byBytes: map[string]happening{}}
}

func (t *servers) at(n int32) *serverState { return &t.table[n] }

// first returns the state that the scope begins in.
func (t *servers) first() state {
	var s state
	for i := range trioIDs {
		s[i] = t.number(t.begin(i), serverState{from: -1, by: happening(i)})
	}
	return s
}

func (t *servers) begin(i int) *actor {
	return newActor(trioIDs[i], t.scope.disks[i], t.scope.slow, t.plant)
}

// after returns the state that follows on n when h happens.
func (t *servers) after(n int32, h happening) int32 {
	next, ok := t.table[n].next[h]
	if ok {
		return next
	}
	a := t.replay(n)
	t.undergo(a, h)
	said := t.table[n].said
	if h == settles {
		said = t.heeded(said)
	}
	for _, m := range a.said {
		said = insert(said, t.message(m))
	}
	next = t.number(a, serverState{from: n, by: h, said: said})
	t.table[n].next[h] = next
	return next
}

// replay returns a server in the state n.
func (t *servers) replay(n int32) *actor {
	s := t.table[n]
	if s.from < 0 {
		return t.begin(int(s.by))
	}
	a := t.replay(s.from)
	t.undergo(a, s.by)
	return a
}

func (t *servers) undergo(a *actor, h happening) {
	var m Message
	if h >= 0 {
		m = t.messages[h]
	}
	a.undergo(h, m)
}

// number returns the number of the state that the server is in, a new one if
// no server was in one like it before.
func (t *servers) number(a *actor, s serverState) int32 {
	form := fmt.Sprint(a.id, a.form(), s.said)
	if n, ok := t.byForm[form]; ok {
		return n
	}
	n := int32(len(t.table))
	t.byForm[form] = n
	s.next = map[happening]int32{}
	s.may, s.busy = a.may(t.scope.last), a.busy()
	s.term, s.counts, s.view, s.trouble = a.disk.Hard.Term, a.counts, a.view(), a.trouble
	t.table = append(t.table, s)
	return n
}

// message returns the number of a message.
func (t *servers) message(m Message) happening {
	key := string(AppendMessage(nil, m))
	h, ok := t.byBytes[key]
	if !ok {
		h = happening(len(t.messages))
		t.byBytes[key] = h
		t.messages = append(t.messages, m)
	}
	return h
}

// heeded returns the messages that somebody in the last term may heed.
func (t *servers) heeded(said []happening) []happening {
	return slices.DeleteFunc(slices.Clone(said), func(h happening) bool {
		m := t.messages[h]
		_, stale := m.Body.(StaleTerm)
		return stale || m.Term < t.scope.last
	})
}

// insert returns the sorted set with h, and leaves the set as it is.
func insert(set []happening, h happening) []happening {
	i, found := slices.BinarySearch(set, h)
	if found {
		return set
	}
	return slices.Insert(slices.Clone(set), i, h)
}
