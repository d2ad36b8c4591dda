package raft

import (
	"fmt"
	"slices"
	"strings"
)

// This file searches every state that three servers can get into, within
// bounds, whatever the network, the disks, the timers and a crash do. It is
// model checking, but of the core itself instead of a model of it.
//
// Two facts make that cheap. The network is what everybody has ever said: a
// lost message is one that is not delivered any more, a repeated one is
// delivered again, and none ever needs to be taken out. And a core is a step
// function: in the same state a server does the same, whatever goes on
// elsewhere, so that it is asked once, and a state of the cluster is three
// numbers:
//
//	states of one server                     states of the cluster
//
//	#0 n1 follower in term 1                 (0, 1, 2)
//	#3 n1 times out in #0: campaigns         (3, 1, 2)
//	#4 n2 is asked in #1: votes for n1       (3, 4, 2)
//	#5 n1 gets the vote in #3: leads         (5, 4, 2)
//	#6 n3 is asked in #2: votes for n1       (3, 1, 6) (3, 4, 6) (5, 4, 6)
//
// What a server's state consists of is not kept, only the event that led to it
// first. To ask it something new, its story is played again.

// trioIDs are the servers of a search, in the order of their numbers in a state.
var trioIDs = [3]NodeID{"n1", "n2", "n3"}

// scope is where a search begins, and its bounds.
type scope struct {
	name  string
	disks [3]Stored
	last  Term   // nobody campaigns for a later term
	slow  bool   // writes take time: a crash may come before they are durable
	limit counts // of all three servers together
}

// state is a state of the cluster: the numbers of its servers' states.
type state [3]int32

// visit is a state of the cluster and how it was reached first.
type visit struct {
	state state
	from  int32 // the visit before
	who   int8
	by    happening
}

// explorer searches breadth first, so that no story of a failure is shorter
// than the one that it tells.
type explorer struct {
	scope   scope
	servers *servers
	visits  []visit
	seen    map[state]struct{}
	depth   int   // events that the furthest state is away
	failure error // the rule that the last visit broke, or nil
}

// explore searches until there are no more states, or limit of them, or one
// breaks a rule.
func explore(s scope, p plant, limit int) *explorer {
	x := &explorer{scope: s, servers: newServers(s, p), seen: map[state]struct{}{}}
	x.reach(x.servers.first(), -1, 0, 0)
	for done, level := 0, 1; done < len(x.visits) && len(x.visits) < limit && x.failure == nil; done++ {
		if done == level {
			x.depth, level = x.depth+1, len(x.visits)
		}
		x.expand(int32(done))
	}
	return x
}

// expand reaches every state that is one event away from a visited one.
func (x *explorer) expand(from int32) {
	s := x.visits[from].state
	for i, n := range s {
		for _, h := range x.servers.at(n).may {
			if x.within(s, h) {
				x.step(from, i, h)
			}
		}
		if x.servers.at(n).busy {
			continue
		}
		for j := range s {
			for _, h := range x.servers.at(s[j]).said {
				if x.servers.messages[h].To == trioIDs[i] {
					x.step(from, i, h)
				}
			}
		}
	}
}

// within reports whether the event stays within the search's bounds.
func (x *explorer) within(s state, h happening) bool {
	var n counts
	for _, i := range s {
		c := x.servers.at(i).counts
		n.Beats, n.Commands, n.Crashes = n.Beats+c.Beats, n.Commands+c.Commands, n.Crashes+c.Crashes
	}
	switch l := x.scope.limit; h {
	case beats:
		return n.Beats < l.Beats
	case proposes:
		return n.Commands < l.Commands
	case crashes:
		return n.Crashes < l.Crashes
	}
	return true
}

// step lets an event happen to server i in a visited state.
func (x *explorer) step(from int32, i int, h happening) {
	s := x.visits[from].state
	next := x.servers.after(s[i], h)
	if next == s[i] || x.failure != nil {
		return
	}
	s[i] = next
	x.reach(x.settle(s), from, i, h)
}

// settle forgets what can have no effect any more: once all servers are in the
// last term and cannot forget it, nobody heeds what was said in an earlier one,
// or that there is a later one.
func (x *explorer) settle(s state) state {
	for _, n := range s {
		if x.servers.at(n).term < x.scope.last {
			return s
		}
	}
	for i, n := range s {
		s[i] = x.servers.after(n, settles)
	}
	return s
}

// reach visits a state unless it was visited before, and looks at the rules.
func (x *explorer) reach(s state, from int32, who int, by happening) {
	if _, ok := x.seen[s]; ok {
		return
	}
	x.seen[s] = struct{}{}
	x.visits = append(x.visits, visit{s, from, int8(who), by})
	changed := x.servers.at(s[who])
	x.failure = changed.trouble
	for i, n := range s {
		if i != who && x.failure == nil {
			x.failure = breaks(&changed.view, &x.servers.at(n).view)
		}
	}
}

// story tells how the last visited state was reached.
func (x *explorer) story() string {
	var lines []string
	for v := x.visits[len(x.visits)-1]; v.from >= 0; v = x.visits[v.from] {
		if v.by >= 0 {
			lines = append(lines, x.servers.messages[v.by].String())
		} else {
			lines = append(lines, fmt.Sprintf("%s %s", trioIDs[v.who], v.by.label()))
		}
	}
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}
