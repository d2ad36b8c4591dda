package story

import (
	"slices"
	"time"
)

// axis maps time to a place on the picture, in pixels from the left. Where much
// happens it runs to scale, but for a least distance between two events; where
// nothing does that is drawn it has a break, which is marked as one.
type axis struct {
	times  []time.Duration // of which the place is known, in order
	xs     []float64
	breaks []gap
}

// gap is a break of the axis.
type gap struct {
	from, to time.Duration
	x        float64 // of its middle
}

const (
	axisStart  = 18.0 // before the first event
	axisFlight = 72.0 // for the time that a message takes
	axisLeast  = 5.0  // between two events that are not at the same time
	axisBreak  = 58.0 // for a break
)

// newAxis returns the axis on which the times have a place. What takes three
// times as long as a message is a break.
func newAxis(times []time.Duration, flight time.Duration) *axis {
	slices.Sort(times)
	a := &axis{times: slices.Compact(times)}
	x := axisStart
	for i, t := range a.times {
		if i > 0 {
			switch d := t - a.times[i-1]; {
			case d > 3*flight:
				a.breaks = append(a.breaks, gap{a.times[i-1], t, x + axisBreak/2})
				x += axisBreak
			default:
				x += max(axisLeast, axisFlight*float64(d)/float64(flight))
			}
		}
		a.xs = append(a.xs, x)
	}
	a.widen(min(2, axisFull/max(x, 1)))
	return a
}

// axisFull is the width that a picture of little is stretched to.
const axisFull = 1180.0

// widen stretches the axis.
func (a *axis) widen(by float64) {
	if by <= 1 {
		return
	}
	for i := range a.xs {
		a.xs[i] = axisStart + (a.xs[i]-axisStart)*by
	}
	for i := range a.breaks {
		a.breaks[i].x = axisStart + (a.breaks[i].x-axisStart)*by
	}
}

// x returns the place of a time.
func (a *axis) x(t time.Duration) float64 {
	i, ok := slices.BinarySearch(a.times, t)
	switch {
	case ok:
		return a.xs[i]
	case len(a.times) == 0:
		return axisStart
	case i == 0:
		return a.xs[0]
	case i == len(a.times):
		return a.xs[i-1]
	}
	part := float64(t-a.times[i-1]) / float64(a.times[i]-a.times[i-1])
	return a.xs[i-1] + part*(a.xs[i]-a.xs[i-1])
}

// broken reports whether there is a break between two times.
func (a *axis) broken(from, to time.Duration) bool {
	return slices.ContainsFunc(a.breaks, func(b gap) bool { return from <= b.from && b.to <= to })
}

// width returns how far the axis reaches.
func (a *axis) width() float64 {
	if len(a.xs) == 0 {
		return axisStart
	}
	return a.xs[len(a.xs)-1]
}
