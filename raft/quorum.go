package raft

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// quorum is the arithmetic of decisions: who must agree. It is a majority of
// voters and, during joint consensus, also a majority of outgoing (raft 6).
//
// One question is asked of it everywhere: given a value for each voter, which
// is the largest value that a quorum has reached?
//
//	value of a voter               what the answer means
//	last index known durable       may be committed (raft 5.3)
//	last heartbeat round answered  the leadership was confirmed as of it (thesis 6.4)
//	send time of that heartbeat    a lease may run from then (thesis 6.4.1)
//	time it was last heard from    the leader has a majority behind it (thesis 6.2)
//
// While a cluster is being founded a decision needs all voters; see propose.
type quorum struct {
	voters, outgoing []NodeID
	all              bool
}

// reached returns the largest v such that the value of a majority of the
// voters, and of the outgoing voters if there are any, is at least v. With no
// voters at all nothing is ever reached: it returns none.
func reached[T cmp.Ordered](q quorum, none T, value func(NodeID) T) T {
	if len(q.voters) == 0 {
		return none
	}
	if q.all {
		return allReached(q.voters, value)
	}
	v := majorityReached(q.voters, value)
	if len(q.outgoing) > 0 {
		v = min(v, majorityReached(q.outgoing, value))
	}
	return v
}

// allReached returns the least of the voters' values.
func allReached[T cmp.Ordered](ids []NodeID, value func(NodeID) T) T {
	v := value(ids[0])
	for _, id := range ids[1:] {
		v = min(v, value(id))
	}
	return v
}

// majorityReached sorts the values of n voters; all from the (n/2+1)th largest
// on down have been reached by a majority.
func majorityReached[T cmp.Ordered](ids []NodeID, value func(NodeID) T) T {
	var space [7]T // rarely are there more voters; this keeps the sort off the heap
	vs := space[:0]
	for _, id := range ids {
		vs = append(vs, value(id))
	}
	slices.Sort(vs)
	return vs[(len(vs)-1)/2]
}

// outcome is how an election stands, and how one vote counts in it.
type outcome int8

const (
	voteLost    outcome = iota - 1 // refused; of an election: a majority can no longer be had
	votePending                    // not answered yet
	voteWon
)

// tally counts votes; who has not answered is absent from the map. The
// election is won once a quorum has reached "granted", and lost once one can
// at most reach "refused".
func (q quorum) tally(votes map[NodeID]bool) outcome {
	return reached(q, voteLost, func(id NodeID) outcome {
		granted, answered := votes[id]
		switch {
		case granted:
			return voteWon
		case answered:
			return voteLost
		}
		return votePending
	})
}

// contains reports whether id has a vote in the quorum.
func (q quorum) contains(id NodeID) bool {
	return slices.Contains(q.voters, id) || slices.Contains(q.outgoing, id)
}

// isOnly reports whether id alone is a quorum.
func (q quorum) isOnly(id NodeID) bool {
	return len(q.voters) == 1 && q.voters[0] == id && (len(q.outgoing) == 0 || len(q.outgoing) == 1 && q.outgoing[0] == id)
}

// describe draws the voters' values as a bar chart and what is reached:
//
//	       idx
//	xx>    2   n1
//	xxxxx> 5   n2
//	>      0   n3
//	reached 2
func (q quorum) describe(value func(NodeID) Index) string {
	ids := slices.Concat(q.voters, q.outgoing)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	values := make([]Index, len(ids))
	for i, id := range ids {
		values[i] = value(id)
	}
	order := slices.Clone(values)
	slices.Sort(order)
	order = slices.Compact(order)

	var b strings.Builder
	fmt.Fprintf(&b, "%s idx\n", strings.Repeat(" ", len(ids)+1))
	for i, id := range ids {
		bar, _ := slices.BinarySearch(order, values[i])
		fmt.Fprintf(&b, "%-*s %-3d %s\n", len(ids)+1, strings.Repeat("x", bar)+">", values[i], id)
	}
	fmt.Fprintf(&b, "reached %d", reached(q, 0, value))
	return b.String()
}
