package coordinate

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"praetor/internal/wire"
)

// pair is two clients that measure a round trip to each other.
func pair(t *testing.T, rtt func(i int) time.Duration, rounds int) (a, b *Client) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	a, b = NewClient(rng), NewClient(rng)
	for i := range rounds {
		if err := a.Update("b", b.Coordinate(), rtt(i)); err != nil {
			t.Fatal(err)
		}
		if err := b.Update("a", a.Coordinate(), rtt(i)); err != nil {
			t.Fatal(err)
		}
	}
	return a, b
}

func steady(d time.Duration) func(int) time.Duration { return func(int) time.Duration { return d } }

// TestTwoMembersFindTheirDistance: two that start at the same point are pushed
// apart until the prediction is what they measure.
func TestTwoMembersFindTheirDistance(t *testing.T) {
	for _, rtt := range []time.Duration{0, 100 * time.Microsecond, 20 * time.Millisecond, 900 * time.Millisecond, maxRTT} {
		a, b := pair(t, steady(rtt), 400)
		got := a.DistanceTo(b.Coordinate())
		if off := (got - rtt).Abs(); off > max(rtt/50, 50*time.Microsecond) {
			t.Errorf("predicted %v for %v", got, rtt)
		}
		if e := a.Coordinate().Error; e > 0.05 && rtt > time.Millisecond {
			t.Errorf("the error after 400 rounds of %v is still %.3f", rtt, e)
		}
		if got != b.DistanceTo(a.Coordinate()) {
			t.Errorf("there and back differ: %v and %v", got, b.DistanceTo(a.Coordinate()))
		}
	}
}

// TestOneSlowAnswerCountsForNothing: the median of three.
func TestOneSlowAnswerCountsForNothing(t *testing.T) {
	calm, calmPeer := pair(t, steady(10*time.Millisecond), 100)
	odd, oddPeer := pair(t, func(i int) time.Duration {
		if i%7 == 3 {
			return 2 * time.Second
		}
		return 10 * time.Millisecond
	}, 100)
	if calm.Coordinate() != odd.Coordinate() || calmPeer.Coordinate() != oddPeer.Coordinate() {
		t.Errorf("one answer in seven of 2 s moved the coordinate:\n%+v\n%+v", calm.Coordinate(), odd.Coordinate())
	}
}

// TestTheSurerOneMovesLess: vivaldi 3.4, w = ei/(ei+ej).
func TestTheSurerOneMovesLess(t *testing.T) {
	a, _ := pair(t, steady(10*time.Millisecond), 200)
	before, stranger := a.Coordinate(), NewClient(rand.New(rand.NewPCG(3, 4)))
	was := stranger.Coordinate()
	stranger.Update("a", before, 50*time.Millisecond)
	a.Update("stranger", was, 50*time.Millisecond)
	mine, its := a.Coordinate(), stranger.Coordinate()
	_, moved := mine.from(&before)
	_, movedIt := its.from(&was)
	if moved*5 > movedIt {
		t.Errorf("the settled member moved %.6f s, the newcomer %.6f s", moved, movedIt)
	}
}

// TestWhatIsRefusedChangesNothing: neither the coordinate nor the samples.
func TestWhatIsRefusedChangesNothing(t *testing.T) {
	good := Origin()
	spoiled := func(change func(*Coordinate)) Coordinate { c := good; change(&c); return c }
	for name, u := range map[string]struct {
		place Coordinate
		rtt   time.Duration
	}{
		"a negative round trip": {good, -1},
		"one over 10 s":         {good, maxRTT + 1},
		"NaN in the point":      {spoiled(func(c *Coordinate) { c.Vec[3] = math.NaN() }), time.Millisecond},
		"an infinite height":    {spoiled(func(c *Coordinate) { c.Height = math.Inf(1) }), time.Millisecond},
		"a negative height":     {spoiled(func(c *Coordinate) { c.Height = -1 }), time.Millisecond},
		"a negative error":      {spoiled(func(c *Coordinate) { c.Error = -0.1 }), time.Millisecond},
		"an error of NaN":       {spoiled(func(c *Coordinate) { c.Error = math.NaN() }), time.Millisecond},
		"a huge adjustment":     {spoiled(func(c *Coordinate) { c.Adjustment = 1e300 }), time.Millisecond},
		"a point on the moon":   {spoiled(func(c *Coordinate) { c.Vec[0] = 1e308 }), time.Millisecond},
	} {
		a, _ := pair(t, steady(time.Millisecond), 3)
		before := a.Coordinate()
		if err := a.Update("c", u.place, u.rtt); err == nil {
			t.Errorf("%s was taken", name)
		}
		if a.Coordinate() != before || len(a.recent) != 1 {
			t.Errorf("%s changed something", name)
		}
	}
}

// TestLiarsDoNotDriveAMemberOutOfBounds: whatever valid places and round trips
// others claim, the own coordinate stays valid; where a step would lead out, it
// starts anew and that is counted.
func TestLiarsDoNotDriveAMemberOutOfBounds(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	c := NewClient(rng)
	for range 20000 {
		var liar Coordinate
		for i := range liar.Vec {
			liar.Vec[i] = farthest * (2*rng.Float64() - 1)
		}
		liar.Height, liar.Adjustment = farthest*rng.Float64(), farthest*(2*rng.Float64()-1)
		if err := c.Update("liar", liar, time.Duration(rng.Int64N(int64(maxRTT)))); err != nil {
			t.Fatal(err)
		}
		if !c.Coordinate().Valid() {
			t.Fatalf("led to %+v", c.Coordinate())
		}
	}
	if c.Resets() == 0 {
		t.Error("the lies were not large enough to test a reset")
	}
}

// TestForgottenPeersTakeNoMemory: what Forget is for.
func TestForgottenPeersTakeNoMemory(t *testing.T) {
	a, _ := pair(t, steady(time.Millisecond), 5)
	a.Forget("b")
	a.Forget("nobody")
	if len(a.recent) != 0 {
		t.Errorf("%d peers are still remembered", len(a.recent))
	}
}

// TestGravityHoldsTheCenter: members far from the origin come nearer, though
// their distances are right already.
func TestGravityHoldsTheCenter(t *testing.T) {
	a, b := pair(t, steady(500*time.Millisecond), 500)
	const drift = 20.0
	a.coord.Vec[0] += drift
	b.coord.Vec[0] += drift
	for range 2000 {
		a.Update("b", b.Coordinate(), 500*time.Millisecond)
		b.Update("a", a.Coordinate(), 500*time.Millisecond)
	}
	if x := a.Coordinate().Vec[0]; x > 0.9*drift {
		t.Errorf("after 2000 rounds still at %.2f", x)
	}
}

// FuzzDecode: no input panics, and what is decoded is valid and encodes to the
// same bytes.
func FuzzDecode(f *testing.F) {
	a, b := Origin(), Origin()
	a.Vec[0], b.Vec[7] = math.NaN(), -12.5
	for _, c := range []Coordinate{a, b} {
		f.Add(Append(nil, c))
	}
	f.Add(make([]byte, Size-1))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := wire.NewReader(in)
		c := Decode(r)
		if r.Close() != nil {
			return
		}
		if !c.Valid() {
			t.Fatalf("decoded %+v", c)
		}
		if out := Append(nil, c); string(out) != string(in) {
			t.Fatalf("%x became %x", in, out)
		}
	})
}
