package raft

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The rules of raft figure 2, in its order and its words.

func expect(t *testing.T, got []Message, want ...Body) {
	t.Helper()
	var bodies []Body
	for _, m := range got {
		bodies = append(bodies, m.Body)
	}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// RequestVote RPC, receiver implementation 1.
func TestRequestVoteReplyFalseIfTermIsLessThanCurrentTerm(t *testing.T) {
	c := newCore(t, nil, 1, 2)
	got := c.gets("n2", 1, VoteRequest{LastIndex: 9, LastTerm: 1})
	expect(t, got, StaleTerm{})
	if got[0].Term != 2 || c.hard.Vote != "" {
		t.Errorf("answered in term %d, voted for %q", got[0].Term, c.hard.Vote)
	}
}

// RequestVote RPC, receiver implementation 2.
func TestRequestVoteGrantVoteIfVotedForIsNullOrCandidateAndLogUpToDate(t *testing.T) {
	for _, tc := range []struct {
		vote      NodeID
		lastIndex Index
		lastTerm  Term
		want      bool
	}{
		{"", 3, 2, true},
		{"n2", 3, 2, true},
		{"n3", 3, 2, false},
		{"n1", 3, 2, false},
		{"", 2, 2, false},  // same term, shorter
		{"", 4, 2, true},   // same term, longer
		{"", 1, 3, true},   // later term, shorter
		{"", 99, 1, false}, // earlier term, longer
	} {
		c := newCore(t, func(_ *Config, st *Stored) { st.Hard.Term, st.Hard.Vote = 5, tc.vote }, 1, 2, 2)
		got := c.gets("n2", 5, VoteRequest{LastIndex: tc.lastIndex, LastTerm: tc.lastTerm})
		t.Logf("%+v", tc)
		expect(t, got, VoteResponse{Granted: tc.want})
	}
}

// AppendEntries RPC, receiver implementation 1.
func TestAppendEntriesReplyFalseIfTermIsLessThanCurrentTerm(t *testing.T) {
	c := newCore(t, nil, 1, 2)
	for _, b := range []Body{AppendRequest{PrevIndex: 2, PrevTerm: 2, Entries: entries(3, 1)}, Heartbeat{Commit: 2}, SnapshotPart{}} {
		expect(t, c.gets("n2", 1, b), StaleTerm{})
	}
	if c.Leader() != "" || c.LastIndex() != 2 || c.Committed() != 0 {
		t.Errorf("it follows a leader of the past:\n%v", c.Status())
	}
}

// AppendEntries RPC, receiver implementation 2.
func TestAppendEntriesReplyFalseIfLogDoesNotContainAnEntryAtPrevLogIndexWhoseTermMatches(t *testing.T) {
	for _, tc := range []struct {
		prev     Index
		prevTerm Term
		want     Body
	}{
		{5, 2, AppendReject{PrevIndex: 5, HintIndex: 5}},
		{4, 3, AppendReject{PrevIndex: 4, HintTerm: 2, HintIndex: 3}},
		{2, 2, AppendReject{PrevIndex: 2, HintTerm: 1, HintIndex: 1}},
		{4, 2, AppendAccept{Match: 4}},
		{0, 0, AppendAccept{Match: 0}},
	} {
		c := newCore(t, nil, 1, 1, 2, 2)
		t.Logf("%+v", tc)
		expect(t, c.gets("n2", 4, AppendRequest{PrevIndex: tc.prev, PrevTerm: tc.prevTerm}), tc.want)
		if want := []Term{1, 1, 2, 2}; !slices.Equal(c.terms(), want) {
			t.Errorf("log %v, want %v", c.terms(), want)
		}
	}
}

// AppendEntries RPC, receiver implementation 3 and 4.
func TestAppendEntriesDeleteAConflictingEntryAndAllThatFollowItAndAppendNewOnes(t *testing.T) {
	for _, tc := range []struct {
		prev     Index
		prevTerm Term
		new      []Term
		want     []Term
	}{
		{4, 2, []Term{3}, []Term{1, 1, 2, 2, 3}},
		{3, 2, []Term{3}, []Term{1, 1, 2, 3}},          // replaces 4
		{1, 1, []Term{3, 3}, []Term{1, 3, 3}},          // replaces all behind 1
		{2, 1, []Term{2, 2, 3}, []Term{1, 1, 2, 2, 3}}, // 3 and 4 are there already
		{2, 1, []Term{2}, []Term{1, 1, 2, 2}},          // a prefix: nothing is deleted
	} {
		c := newCore(t, nil, 1, 1, 2, 2)
		t.Logf("%+v", tc)
		got := c.gets("n2", 4, AppendRequest{PrevIndex: tc.prev, PrevTerm: tc.prevTerm, Entries: entries(tc.prev+1, tc.new...)})
		expect(t, got, AppendAccept{Match: tc.prev + Index(len(tc.new))})
		if !slices.Equal(c.terms(), tc.want) {
			t.Errorf("log %v, want %v", c.terms(), tc.want)
		}
	}
}

// AppendEntries RPC, receiver implementation 5.
func TestAppendEntriesSetCommitIndexToTheLesserOfLeaderCommitAndIndexOfLastNewEntry(t *testing.T) {
	for _, tc := range []struct {
		commit, want Index
		new          []Term
	}{
		{2, 2, nil}, {4, 2, nil}, {9, 3, []Term{3}}, {1, 1, []Term{3}}, {0, 0, []Term{3}},
	} {
		c := newCore(t, nil, 1, 1, 2, 2)
		c.gets("n2", 4, AppendRequest{PrevIndex: 2, PrevTerm: 1, Commit: tc.commit, Entries: entries(3, tc.new...)})
		if c.Committed() != tc.want {
			t.Errorf("leader's commit %d, entries %v: committed %d, want %d", tc.commit, tc.new, c.Committed(), tc.want)
		}
	}
	c := newCore(t, nil, 1, 1, 2, 2)
	c.gets("n2", 4, AppendRequest{PrevIndex: 4, PrevTerm: 2, Commit: 4})
	c.gets("n2", 4, AppendRequest{PrevIndex: 2, PrevTerm: 1, Commit: 2})
	if c.Committed() != 4 {
		t.Errorf("an old message took the commit index back to %d", c.Committed())
	}
}

// Rules for all servers 2. A pre-vote and its answer are about a term that
// nobody is in (thesis 9.6).
func TestAllServersIfRPCContainsANewerTermConvertToFollower(t *testing.T) {
	for _, m := range messages() {
		for _, role := range []Role{Follower, Candidate, Leader} {
			c := newCore(t, nil, 1)
			switch role {
			case Candidate:
				c.campaigns()
			case Leader:
				c.leads()
			}
			if _, ok := m.Body.(VoteRequest); ok && role == Leader {
				continue // a leader with a majority is deaf to candidates (thesis 4.2.3)
			}
			want, wantRole := Term(9), Follower
			switch b := m.Body.(type) {
			case VoteRequest:
				if b.Pre {
					want, wantRole = c.Term(), role
				}
			case VoteResponse:
				want, wantRole = c.Term(), role
			case AppendRequest:
				m.Body = AppendRequest{}
			case TimeoutNow:
				want, wantRole = 10, Candidate // it follows, and does what it is told
			}
			c.gets("n2", 9, m.Body)
			if c.Term() != want || c.Role() != wantRole {
				t.Errorf("%s, %T: %s in term %d, want %s in %d", role, m.Body, c.Role(), c.Term(), wantRole, want)
			}
		}
	}
}

// Rules for followers 2.
func TestFollowersIfElectionTimeoutElapsesConvertToCandidate(t *testing.T) {
	c := newCore(t, nil, 1)
	c.Tick(c.Deadline() - 1)
	if c.Role() != Follower {
		t.Fatal("it campaigns before its deadline")
	}
	c.Tick(c.Deadline())
	if c.Role() != Candidate {
		t.Fatal("it does not campaign at its deadline")
	}
}

// The same: "without receiving AppendEntries RPC from current leader or
// granting vote to candidate".
func TestFollowersStayWhileTheyHearFromALeaderOrGrantAVote(t *testing.T) {
	for _, b := range []Body{AppendRequest{}, Heartbeat{}, SnapshotPart{Meta: SnapshotMeta{Index: 9, Term: 1}}, VoteRequest{LastIndex: 1, LastTerm: 1}} {
		c := newCore(t, nil, 1)
		before := c.Deadline()
		c.now = before - 1
		c.gets("n2", 2, b)
		if c.Deadline() < before-1+c.cfg.ElectionTimeoutMin {
			t.Errorf("%T: the deadline moves from %v to %v only", b, before, c.Deadline())
		}
	}
	c := newCore(t, nil, 1)
	before := c.Deadline()
	c.now = before - 1
	if c.gets("n2", 2, VoteRequest{}); c.Deadline() != before {
		t.Error("a candidate that gets no vote puts off the election")
	}
}

// Rules for candidates 1.
func TestCandidatesIncrementTermVoteForSelfResetTimerAndSendRequestVoteToAll(t *testing.T) {
	c := newCore(t, nil, 1, 2)
	got := c.campaigns()
	want := VoteRequest{LastIndex: 2, LastTerm: 2}
	expect(t, got, want, want)
	if c.hard.Vote != "n1" || c.Term() != 3 {
		t.Errorf("voted for %q in term %d", c.hard.Vote, c.Term())
	}
	if wait := c.Deadline() - c.now; wait < c.cfg.ElectionTimeoutMin || wait >= c.cfg.ElectionTimeoutMax {
		t.Errorf("the next election is due in %v", wait)
	}
}

// Rules for candidates 2.
func TestCandidatesIfVotesFromMajorityBecomeLeader(t *testing.T) {
	for _, tc := range []struct {
		name string
		yes  []NodeID
		no   []NodeID
		want Role
	}{
		{"its own vote", nil, nil, Candidate},
		{"one more", []NodeID{"n2"}, nil, Leader},
		{"of a stranger", []NodeID{"n9"}, nil, Candidate},
		{"one more, one refused", []NodeID{"n2"}, []NodeID{"n3"}, Leader},
		{"refused twice", nil, []NodeID{"n2", "n3"}, Follower},
		{"refused twice by one", nil, []NodeID{"n2", "n2"}, Candidate},
	} {
		c := newCore(t, nil, 1)
		c.campaigns()
		for _, id := range tc.no {
			c.gets(id, 2, VoteResponse{})
		}
		for _, id := range tc.yes {
			c.gets(id, 2, VoteResponse{Granted: true})
		}
		if c.Role() != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, c.Role(), tc.want)
		}
	}
}

// Rules for candidates 3 and 4.
func TestCandidatesFollowANewLeaderOrTimeOutAgain(t *testing.T) {
	c := newCore(t, nil, 1)
	c.campaigns()
	c.campaigns()
	if c.Role() != Candidate || c.Term() != 3 {
		t.Fatalf("%s in term %d", c.Role(), c.Term())
	}
	c.gets("n3", 3, Heartbeat{})
	if c.Role() != Follower || c.Leader() != "n3" || c.hard.Vote != "n1" {
		t.Errorf("%s of %q, voted for %q", c.Role(), c.Leader(), c.hard.Vote)
	}
}

// Rules for leaders 1: "upon election: send initial empty AppendEntries RPCs to
// each server; repeat during idle periods".
func TestLeadersSendAtOnceAndDuringIdlePeriods(t *testing.T) {
	c := newCore(t, nil, 1)
	c.campaigns()
	got := c.gets("n2", 2, VoteResponse{Granted: true})
	want := AppendRequest{PrevIndex: 1, PrevTerm: 1, Entries: []Entry{{Index: 2, Term: 2, Kind: EntryNoop}}}
	expect(t, got, want, want)
	for round := range uint64(3) {
		c.now = c.Deadline()
		c.Tick(c.now)
		beat := Heartbeat{Round: round + 1, SentAt: c.now}
		expect(t, c.flush(), beat, beat)
	}
}

// Rules for leaders 2: "respond after entry applied to state machine", which
// the caller does when Effects hands it out; here, that it does so after a
// majority, and only once.
func TestLeadersHandOutAnEntryOnceAMajorityHasIt(t *testing.T) {
	c := newCore(t, nil, 1).leads()
	first, term, err := c.Propose(c.now, [][]byte{[]byte("a"), []byte("b")})
	if first != 3 || term != 2 || err != nil {
		t.Fatal(first, term, err)
	}
	c.flush()
	if c.Committed() != 2 {
		t.Fatalf("committed %d with no answer", c.Committed())
	}
	c.Receive(c.now, Message{From: "n3", To: "n1", Cluster: 1, Term: 2, Body: AppendAccept{Match: 3}})
	if got := c.Effects().Committed; len(got) != 1 || got[0].Index != 3 {
		t.Fatalf("handed out %v", got)
	}
	c.gets("n2", 2, AppendAccept{Match: 3})
	if c.Committed() != 3 {
		t.Errorf("committed %d", c.Committed())
	}
}

// Rules for leaders 4 (and 5.4.2).
func TestLeadersCommitOnlyEntriesOfTheirTermByCounting(t *testing.T) {
	c := newCore(t, nil, 1, 1, 2)
	c.campaigns()
	c.gets("n2", 3, VoteResponse{Granted: true})
	c.gets("n2", 3, AppendAccept{Match: 3})
	c.gets("n3", 3, AppendAccept{Match: 3})
	if c.Committed() != 0 {
		t.Fatalf("committed %d, all of older terms", c.Committed())
	}
	c.gets("n3", 3, AppendAccept{Match: 4})
	if c.Committed() != 4 {
		t.Errorf("committed %d, want 4", c.Committed())
	}
}

// Section 5.2: "election timeouts are chosen randomly from a fixed interval".
func TestElectionTimeoutsAreSpreadOverTheInterval(t *testing.T) {
	c := newCore(t, nil, 1)
	var buckets [10]int
	for range 10000 {
		c.drawElectionTimeout()
		wait := c.election.due - c.Raft.now
		buckets[int((wait-100*time.Millisecond)/(10*time.Millisecond))]++
	}
	for i, n := range buckets {
		if n < 850 || n > 1150 {
			t.Errorf("%d of 10000 in tenth %d of the interval: %v", n, i, buckets)
		}
	}
}

// Section 5.5: "Raft RPCs are idempotent". Whatever a follower gets twice
// changes nothing the second time.
func TestMessagesAreIdempotent(t *testing.T) {
	for _, b := range []Body{
		AppendRequest{PrevIndex: 2, PrevTerm: 2, Commit: 2, Entries: entries(3, 2, 3)},
		Heartbeat{Round: 1, Commit: 2},
		VoteRequest{LastIndex: 2, LastTerm: 2},
		SnapshotPart{Meta: SnapshotMeta{Index: 7, Term: 2, Config: configOf("n1")}, Last: true},
	} {
		c := newCore(t, nil, 1, 2)
		first := fmt.Sprint(c.gets("n2", 3, b))
		before := fmt.Sprint(c.Status())
		second := fmt.Sprint(c.gets("n2", 3, b))
		if first != second || before != fmt.Sprint(c.Status()) {
			t.Errorf("%T:\n%s\n%s\n%s\n%v", b, first, second, before, c.Status())
		}
	}
}
