package sim

import (
	"bytes"
	"fmt"
	"testing"
)

// TestSameSeedSameTrace: a run is a function of the scenario and the seed.
func TestSameSeedSameTrace(t *testing.T) {
	seeds := uint64(50)
	if testing.Short() {
		seeds = 5
	}
	for seed := uint64(1); seed <= seeds; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var hashes []string
			for range 2 {
				r, err := Random(seed).Play(Options{Seed: seed})
				if err != nil {
					t.Fatal(err)
				}
				if r.Failure != nil {
					t.Error(r.Failure)
				}
				hashes = append(hashes, r.Hash)
			}
			if hashes[0] != hashes[1] {
				t.Errorf("hash %s, then %s", hashes[0], hashes[1])
			}
		})
	}
}

// TestTheHashSeesWhatTheTraceDoesNotShow: another seed is another run, and
// whether anybody looks makes no difference.
func TestTheHashSeesWhatTheTraceDoesNotShow(t *testing.T) {
	s, err := Load("first-light")
	if err != nil {
		t.Fatal(err)
	}
	play := func(o Options) string {
		r, err := s.Play(o)
		if err != nil || r.Failure != nil {
			t.Fatal(err, r.Failure)
		}
		return r.Hash
	}
	quiet := play(Options{Seed: 1})
	if v := play(Options{Seed: 1, Out: &bytes.Buffer{}, Verbose: true}); v != quiet {
		t.Errorf("hash %s with a verbose trace, %s without", v, quiet)
	}
	if other := play(Options{Seed: 2}); other == quiet {
		t.Errorf("seeds 1 and 2 have the same hash %s", quiet)
	}
}

// TestStreamsAreIndependent: what one link draws has no effect on another.
func TestStreamsAreIndependent(t *testing.T) {
	a, b := stream(7, "link n1 n2"), stream(7, "link n2 n1")
	first := b.Uint64()
	for range 10 {
		a.Uint64()
	}
	if again := stream(7, "link n2 n1").Uint64(); again != first {
		t.Errorf("drew %d, then %d", first, again)
	}
	if stream(7, "link n1 n2").Uint64() == first || stream(8, "link n2 n1").Uint64() == first {
		t.Error("two streams are one")
	}
}
