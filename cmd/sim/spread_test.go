package main

import (
	"strings"
	"testing"

	"praetor/sim"
)

// TestResultsComeInOrderUntilOneEndsIt: whatever the number of goroutines.
func TestResultsComeInOrderUntilOneEndsIt(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 7} {
		var got []int
		spread(workers, func(i int) func() bool {
			return func() bool {
				got = append(got, i)
				return i < 99
			}
		})
		for i, n := range got {
			if i != n {
				t.Fatalf("%d workers: result %d came in place of %d", workers, n, i)
			}
		}
		if len(got) != 100 {
			t.Errorf("%d workers: %d results, want 100", workers, len(got))
		}
	}
}

func TestAPlayThatIsNilEndsIt(t *testing.T) {
	n := 0
	spread(3, func(i int) func() bool {
		if i >= 5 {
			return nil
		}
		return func() bool { n++; return true }
	})
	if n != 5 {
		t.Errorf("%d results, want 5", n)
	}
}

// TestTheNumberOfWorkersChangesNothing: a search on many cores finds what it
// finds on one.
func TestTheNumberOfWorkersChangesNothing(t *testing.T) {
	var outputs []string
	for _, c := range []sim.Command{{}, {Spread: spread}} {
		var out strings.Builder
		c.Out = &out
		if err := c.Run(strings.Fields("search -seeds 6 -workers 3 -json")); err != nil {
			t.Fatal(err)
		}
		outputs = append(outputs, out.String())
	}
	if outputs[0] != outputs[1] {
		t.Errorf("in turn:\n%s\nat once:\n%s", outputs[0], outputs[1])
	}
}
