package sim

import (
	"testing"

	"praetor/sim/story"
)

// recorded plays a scenario and returns all that happened in it.
func recorded(t *testing.T, text string) *story.Record {
	t.Helper()
	s, err := Parse("recorded", text)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Play(Options{Seed: 1, Record: true})
	if err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
	return r.Record
}

const aWrite = "servers 3 expect=3\nexpect leader n1 within 5s\nexpect members 3 alive within 5s\nwait 1s\nput color red via n2\n"

// TestRecordingChangesNothing: a run that is recorded is the same run.
func TestRecordingChangesNothing(t *testing.T) {
	for seed := uint64(1); seed <= 3; seed++ {
		s := Random(seed)
		plain, err := s.Play(Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		kept, err := s.Play(Options{Seed: seed, Record: true})
		if err != nil || kept.Hash != plain.Hash || kept.Record == nil || plain.Record != nil {
			t.Errorf("seed %d: hash %s recorded, %s not (%v)", seed, kept.Hash, plain.Hash, err)
		}
	}
}

// TestEachEventComesAfterItsCause: numbers count up, times do not fall, and a
// cause is an earlier event; a message arrives where it was sent to.
func TestEachEventComesAfterItsCause(t *testing.T) {
	r := recorded(t, aWrite+"crash n1\nwait 5s\nrestart n1\ncut n2 n3\nwait 5s\n")
	seen := map[story.Kind]int{}
	for i, e := range r.Events {
		seen[e.Kind]++
		if e.ID != i+1 || e.Cause >= e.ID || i > 0 && e.At < r.Events[i-1].At {
			t.Fatalf("event %d is %+v", i+1, e)
		}
		if e.Kind == story.Receive || e.Kind == story.Drop {
			s := r.Event(e.Cause)
			if s.Kind != story.Send || e.Kind == story.Receive && (s.Peer != e.Host || s.Host != e.Peer) {
				t.Fatalf("%+v comes from %+v", e, *s)
			}
		}
	}
	for k := story.Step; k <= story.Answer; k++ {
		if seen[k] == 0 && k != story.Truncate && k != story.Stop && k != story.Snapshot && k != story.Heal && k != story.Yield {
			t.Errorf("nothing is recorded as %v", k)
		}
	}
}

// TestTheCausesOfAnAnswerLeadToItsRequest: from what a client is told the causes
// go back through the messages to what it asked for.
func TestTheCausesOfAnAnswerLeadToItsRequest(t *testing.T) {
	r := recorded(t, aWrite)
	answer := &r.Events[len(r.Events)-1]
	for answer.Kind != story.Answer {
		answer = r.Event(answer.ID - 1)
	}
	hops := map[story.Kind]int{}
	e := answer
	for e.Cause != 0 {
		e = r.Event(e.Cause)
		hops[e.Kind]++
	}
	if e.Kind != story.Step || hops[story.Ask] != 1 || hops[story.Receive] < 4 || hops[story.Sync] == 0 {
		t.Errorf("the answer goes back to %+v over %v", *e, hops)
	}
	if answer.About.Asked == 0 || r.Event(answer.About.Asked).Kind != story.Ask {
		t.Errorf("%+v answers no request", *answer)
	}
}
