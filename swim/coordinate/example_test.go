package coordinate_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"praetor/swim/coordinate"
)

// Two members measure 10 ms to each other, again and again. They begin at the
// same point, and the springs push them apart.
func ExampleClient() {
	rng := rand.New(rand.NewPCG(1, 2))
	a, b := coordinate.NewClient(rng), coordinate.NewClient(rng)
	for round := range 40 {
		a.Update("b", b.Coordinate(), 10*time.Millisecond)
		b.Update("a", a.Coordinate(), 10*time.Millisecond)
		if slices.Contains([]int{1, 2, 3, 5, 10, 20, 40}, round+1) {
			predicted := a.DistanceTo(b.Coordinate()).Seconds() * 1000
			fmt.Printf("%2d  predicted %5.2f ms, error %.2f\n", round+1, predicted, a.Coordinate().Error)
		}
	}
	// Output:
	//  1  predicted  2.78 ms, error 1.44
	//  2  predicted  4.82 ms, error 1.35
	//  3  predicted  6.30 ms, error 1.24
	//  5  predicted  8.18 ms, error 1.02
	// 10  predicted  9.88 ms, error 0.56
	// 20  predicted 10.42 ms, error 0.16
	// 40  predicted 10.01 ms, error 0.02
}
