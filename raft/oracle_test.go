package raft

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// The fast code beside code that is slow and plainly right.

const oracleCases = 50_000

// randomQuorum returns a quorum of up to seven servers, often a joint one.
func randomQuorum(rnd *rand.Rand) quorum {
	var q quorum
	for i := range 7 {
		id := NodeID(fmt.Sprintf("n%d", i+1))
		switch rnd.IntN(4) {
		case 0:
			q.voters = append(q.voters, id)
		case 1:
			q.outgoing = append(q.outgoing, id)
		case 2:
			q.voters, q.outgoing = append(q.voters, id), append(q.outgoing, id)
		}
	}
	if rnd.IntN(2) == 0 {
		q.outgoing = nil
	}
	return q
}

// agrees reports whether more than half of the servers say yes, in both halves
// of the quorum.
func (q quorum) agrees(yes func(NodeID) bool) bool {
	most := func(ids []NodeID) bool {
		n := 0
		for _, id := range ids {
			if yes(id) {
				n++
			}
		}
		return 2*n > len(ids)
	}
	return most(q.voters) && (len(q.outgoing) == 0 || most(q.outgoing))
}

func TestReachedIsTheLargestValueThatAQuorumHas(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range oracleCases {
		q := randomQuorum(rnd)
		match := map[NodeID]Index{}
		for _, id := range slices.Concat(q.voters, q.outgoing) {
			match[id] = Index(rnd.IntN(10))
		}
		want := Index(0)
		for v := Index(1); v < 10; v++ {
			if len(q.voters) > 0 && q.agrees(func(id NodeID) bool { return match[id] >= v }) {
				want = v
			}
		}
		if got := reached(q, 0, func(id NodeID) Index { return match[id] }); got != want {
			t.Fatalf("%v with %v: reached %d, want %d", q, match, got, want)
		}
	}
}

func TestTallyAgreesWithCounting(t *testing.T) {
	rnd := rand.New(rand.NewPCG(2, 2))
	for range oracleCases {
		q := randomQuorum(rnd)
		votes := map[NodeID]bool{}
		for _, id := range slices.Concat(q.voters, q.outgoing) {
			if rnd.IntN(3) > 0 {
				votes[id] = rnd.IntN(2) == 0
			}
		}
		want := votePending
		switch {
		case len(q.voters) == 0:
			want = voteLost
		case q.agrees(func(id NodeID) bool { return votes[id] }):
			want = voteWon
		case !q.agrees(func(id NodeID) bool { granted, answered := votes[id]; return granted || !answered }):
			want = voteLost
		}
		if got := q.tally(votes); got != want {
			t.Fatalf("%v with %v: %d, want %d", q, votes, got, want)
		}
	}
}

// randomLogs returns two logs as servers of one cluster can have them: for any
// two servers, the same index and term mean the same log up to there.
func randomLogs(rnd *rand.Rand) (a, b log) {
	common := rnd.IntN(8)
	grow := func(l *log, from Term, step Term) {
		term := from
		for range rnd.IntN(12) {
			if rnd.IntN(3) == 0 || l.lastTerm() == from-step {
				term += step * Term(1+rnd.IntN(2))
			}
			l.append(Entry{Index: l.last() + 1, Term: max(term, l.lastTerm())})
		}
	}
	for i := range common {
		e := Entry{Index: Index(i + 1), Term: Term(i/3 + 1)}
		a.append(e)
		b.append(e)
	}
	// After the common part, a has even terms and b odd ones: no entry of one is the other's.
	base := Term(common/3+2) &^ 1
	grow(&a, base+2, 2)
	grow(&b, base+1, 2)
	return a, b
}

func TestConflictHintsFindWhereTheLogsAgreeInAsManyStepsAsTerms(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 3))
	for range oracleCases {
		leader, follower := randomLogs(rnd)
		agree := Index(0)
		for i := Index(1); i <= min(leader.last(), follower.last()); i++ {
			if leader.entries[i-1].Term == follower.entries[i-1].Term {
				agree = i
			}
		}
		terms := map[Term]bool{}
		for _, e := range follower.slice(agree+1, follower.last()) {
			terms[e.Term] = true
		}
		next, asked := leader.last()+1, 0
		for {
			term, _ := leader.term(next - 1)
			if follower.matches(next-1, term) {
				break
			}
			asked++
			after := leader.nextAfter(follower.reject(next - 1))
			if after >= next {
				t.Fatalf("leader %v, follower %v: after %d comes %d", leader.entries, follower.entries, next, after)
			}
			next = after
		}
		if next-1 > agree {
			t.Fatalf("leader %v, follower %v: agree up to %d, not %d", leader.entries, follower.entries, agree, next-1)
		}
		if asked > len(terms)+1 {
			t.Fatalf("leader %v, follower %v: %d questions for %d terms", leader.entries, follower.entries, asked, len(terms))
		}
	}
}

// TestLogAgreesWithAMap plays random appends, truncations and compactions on a
// log and on a map, and compares all that can be asked of them.
func TestLogAgreesWithAMap(t *testing.T) {
	rnd := rand.New(rand.NewPCG(4, 4))
	for range 60 {
		var l log
		terms := map[Index]Term{0: 0}
		last, base, shared := Index(0), Index(0), [][]Entry{}
		for range 100 {
			switch rnd.IntN(10) {
			case 0:
				if from := l.commit + 1 + Index(rnd.IntN(5)); from <= last {
					l.truncate(from)
					for ; last >= from; last-- {
						delete(terms, last)
					}
				}
			case 1:
				l.commit = min(last, l.commit+Index(rnd.IntN(3)))
				if to := base + Index(rnd.IntN(4)); to <= l.commit && to > base {
					l.compact(to)
					for ; base < to; base++ {
						delete(terms, base)
					}
				}
			default:
				last++
				terms[last] = max(1, l.lastTerm()+Term(rnd.IntN(2)))
				l.append(Entry{Index: last, Term: terms[last], Data: fmt.Append(nil, rnd.Uint32())})
				shared = append(shared, l.slice(base+1, last), slices.Clone(l.slice(base+1, last)))
			}
			compareLog(t, &l, terms, base, last)
		}
		for i := 0; i < len(shared); i += 2 {
			if fmt.Sprint(shared[i]) != fmt.Sprint(shared[i+1]) {
				t.Fatalf("entries that were given out changed from %v to %v", shared[i+1], shared[i])
			}
		}
	}
}

func compareLog(t *testing.T, l *log, terms map[Index]Term, base, last Index) {
	t.Helper()
	if l.base != base || l.last() != last || l.lastTerm() != terms[last] {
		t.Fatalf("log %d..%d/%d, want %d..%d/%d", l.base, l.last(), l.lastTerm(), base, last, terms[last])
	}
	for i := Index(0); i <= last+2; i++ {
		got, ok := l.term(i)
		if want, known := terms[i]; ok != known || got != want {
			t.Fatalf("term of %d: %d %v, want %d %v", i, got, ok, want, known)
		}
	}
	for term := Term(1); term <= terms[last]+1; term++ {
		for before := base + 1; before <= last+2; before++ {
			want := Index(0)
			for i := base; i < before; i++ {
				if have, ok := terms[i]; ok && have == term {
					want = i
				}
			}
			if got, ok := l.lastOfTerm(term, before); ok && got != want || !ok && want > base {
				t.Fatalf("last of term %d before %d: %d %v, want %d in %v", term, before, got, ok, want, terms)
			}
		}
	}
}
