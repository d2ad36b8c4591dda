package coordinate

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"praetor/internal/wire"
)

const (
	// Dimensions of the space; more bring nothing (Ledlie 2007).
	Dimensions = 8
	// ErrorMax is the error of a coordinate that nothing is known of, and the
	// largest there is.
	ErrorMax = 1.5
	// HeightMin keeps heights from collapsing to zero, in seconds.
	HeightMin = 10e-6
	// Size of an encoded coordinate, in bytes.
	Size = 8 * (Dimensions + 3)

	// farthest bounds every component of a coordinate, in seconds: ten times
	// the longest round trip that is believed.
	farthest = 100.0
	// nothing is what counts as zero, in seconds.
	nothing = 1e-6
)

// Coordinate is the place of a member. It is a value: whoever has it may keep
// it. The field names and units are Consul's.
type Coordinate struct {
	Vec        [Dimensions]float64 // the point, in seconds
	Error      float64             // of its predictions, relative, 0..ErrorMax
	Adjustment float64             // added to its predictions, in seconds
	Height     float64             // of the access link, in seconds
}

// Origin is the place of a member that has measured nothing yet.
func Origin() Coordinate { return Coordinate{Error: ErrorMax, Height: HeightMin} }

// Valid reports whether every part of c is finite and within its bounds.
func (c Coordinate) Valid() bool {
	for _, v := range c.Vec {
		if !within(v, -farthest, farthest) {
			return false
		}
	}
	return within(c.Error, 0, ErrorMax) && within(c.Adjustment, -farthest, farthest) && within(c.Height, 0, farthest)
}

// within is false for NaN, too.
func within(v, low, high float64) bool { return v >= low && v <= high }

// DistanceTo returns the round trip between two members that their coordinates
// predict. Both must be Valid.
func (c Coordinate) DistanceTo(other Coordinate) time.Duration {
	d := c.raw(&other)
	if adjusted := d + c.Adjustment + other.Adjustment; adjusted > 0 {
		d = adjusted
	}
	return time.Duration(d * float64(time.Second))
}

// raw is the distance without the adjustments, in seconds (vivaldi 5.4).
func (c *Coordinate) raw(other *Coordinate) float64 {
	_, length := c.from(other)
	return length + c.Height + other.Height
}

// from returns the vector that leads from other to c, and its length.
func (c *Coordinate) from(other *Coordinate) (v [Dimensions]float64, length float64) {
	for i := range v {
		v[i] = c.Vec[i] - other.Vec[i]
	}
	return v, norm(&v)
}

func norm(v *[Dimensions]float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x * x)
	}
	return math.Sqrt(sum)
}

// Append appends the encoded form of c.
func Append(dst []byte, c Coordinate) []byte {
	for _, v := range c.Vec {
		dst = appendFloat(dst, v)
	}
	return appendFloat(appendFloat(appendFloat(dst, c.Error), c.Adjustment), c.Height)
}

func appendFloat(dst []byte, v float64) []byte {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(v))
}

// Decode reads what Append wrote. A coordinate that is not Valid fails r.
func Decode(r *wire.Reader) Coordinate {
	b := r.Take(Size)
	if r.Err() != nil {
		return Coordinate{}
	}
	next := func() float64 {
		v := math.Float64frombits(binary.BigEndian.Uint64(b))
		b = b[8:]
		return v
	}
	var c Coordinate
	for i := range c.Vec {
		c.Vec[i] = next()
	}
	c.Error, c.Adjustment, c.Height = next(), next(), next()
	if !c.Valid() {
		r.Fail(fmt.Errorf("%w: coordinate that is not finite or out of bounds", wire.ErrValue))
		return Coordinate{}
	}
	return c
}
