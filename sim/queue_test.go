package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestEventsComeInOrder compares the heap with a sorted list.
func TestEventsComeInOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var q queue
	var want []event
	for range 20_000 {
		if len(want) > 0 && r.IntN(5) < 2 {
			if at, ok := q.next(); !ok || at != want[0].at {
				t.Fatalf("next event at %v, want %v", at, want[0].at)
			}
			if e := q.take(); e.at != want[0].at || e.seq != want[0].seq {
				t.Fatalf("took %v/%d, want %v/%d", e.at, e.seq, want[0].at, want[0].seq)
			}
			want = want[1:]
			continue
		}
		at := time.Duration(r.IntN(50)) // many at the same time
		q.add(at, nil)
		e := event{at: at, seq: q.seq}
		i, _ := slices.BinarySearchFunc(want, e, func(a, b event) int {
			if a.before(b) {
				return -1
			}
			return 1
		})
		want = slices.Insert(want, i, e)
	}
}

func TestAClockShowsADeadlineNoEarlierThanItIs(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 100_000 {
		c := clock{
			start: time.Duration(r.Int64N(1e15)), offset: time.Duration(r.Int64N(1e12)),
			drift: ppm(r.Int64N(2*million) - million/2),
		}
		local := c.offset + time.Duration(r.Int64N(1e15))
		world := c.world(local)
		if c.local(world) < local || c.local(world-3) >= local {
			t.Fatalf("%+v: shows %v at %v, and %v 3 ns earlier; it should be the first time of %v", c, c.local(world), world, c.local(world-3), local)
		}
	}
	if (clock{drift: 500}).world(never+5) != never {
		t.Error("never has become a time")
	}
}
