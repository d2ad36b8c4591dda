package sim

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestAFifoIsAQueueInBoundedMemory compares it with a slice whose front is cut
// off, and sees that it does not grow with what has passed through it.
func TestAFifoIsAQueueInBoundedMemory(t *testing.T) {
	const most = 20
	rng := rand.New(rand.NewPCG(1, 2))
	var q fifo[int]
	var plain []int
	for i := range 10_000 {
		if push := rng.IntN(2) == 0; push && len(plain) < most || len(plain) == 0 {
			q.push(i)
			plain = append(plain, i)
		} else {
			if got := q.pop(); got != plain[0] {
				t.Fatalf("step %d: took %d, want %d", i, got, plain[0])
			}
			plain = plain[1:]
		}
		if !slices.Equal(q.all(), plain) || q.len() != len(plain) {
			t.Fatalf("step %d: holds %v, %d long, want %v", i, q.all(), q.len(), plain)
		}
	}
	if cap(q.list) > 4*most {
		t.Errorf("room for %d elements, though there never were more than %d", cap(q.list), most)
	}
}
