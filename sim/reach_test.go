package sim

import (
	"slices"
	"testing"

	"praetor/internal/reach"
)

// rare are the marks that only longer searches come by.
var rare = []string{"raft/snapshot-older-than-the-commit", "raft/snapshot-within-the-log", "wal/snapshot-overtaken"}

// TestEveryMarkIsVisited: the scenarios, a few random runs of each aim, and one
// that hits upon what is rare, come by every place of the cores that has a mark.
// One that they miss needs a scenario that goes there; one that nothing can
// reach marks dead code.
func TestEveryMarkIsVisited(t *testing.T) {
	play := func(s *Scenario, seed uint64) {
		t.Helper()
		if r, err := s.Play(Options{Seed: seed}); err != nil || r.Failure != nil {
			t.Errorf("%s, seed %d: %v %v", s.Name, seed, err, r.Failure)
		}
	}
	for _, name := range Scenarios() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		play(s, 1)
	}
	for f := range focuses {
		for seed := range uint64(8) {
			play(RandomOf(Focus(f), seed), seed)
		}
	}
	play(RandomOf(Raft, 93), 93)
	for _, name := range reach.Missed() {
		if !slices.Contains(rare, name) {
			t.Errorf("nothing has come by %s", name)
		}
	}
}
