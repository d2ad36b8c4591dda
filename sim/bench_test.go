package sim

import "testing"

// BenchmarkUnderLoad plays what the command bench plays.
func BenchmarkUnderLoad(b *testing.B) {
	s, err := Parse("bench", underLoad)
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, func(int) (*Scenario, uint64) { return s, 1 })
}

// BenchmarkRandom plays random scenarios, as a search does, the same ones each
// time: an operation is one scenario of 25.
func BenchmarkRandom(b *testing.B) {
	benchmark(b, func(i int) (*Scenario, uint64) {
		seed := uint64(i%25) + 1
		return Random(seed), seed
	})
}

// benchmark plays one scenario an operation, and tells how fast it went.
func benchmark(b *testing.B, next func(i int) (*Scenario, uint64)) {
	var events, virtual float64
	for i := 0; b.Loop(); i++ {
		s, seed := next(i)
		r, err := s.Play(Options{Seed: seed})
		if err != nil {
			b.Fatal(err)
		}
		if r.Failure != nil {
			b.Fatal(r.Failure)
		}
		events += float64(r.Counts.Events)
		virtual += r.Virtual.Seconds()
	}
	wall := b.Elapsed().Seconds()
	b.ReportAllocs()
	b.ReportMetric(events/wall, "events/s")
	b.ReportMetric(virtual/wall, "virtual-s/s")
}
