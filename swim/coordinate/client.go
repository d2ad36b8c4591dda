package coordinate

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// The parameters, which are Serf's.
const (
	ce      = 0.25 // how much one measurement changes the error (vivaldi 3.4)
	cc      = 0.25 // how much of the spring's pull is given in to (vivaldi 3.4)
	window  = 20   // measurements that the adjustment is a mean of
	samples = 3    // of a peer, whose median is taken
	rho     = 150  // the radius, in seconds, at which gravity is strong
	maxRTT  = 10 * time.Second
)

var (
	errRTT   = errors.New("a round trip outside of 0 to 10 s")
	errPlace = errors.New("a coordinate that is not finite or out of bounds")
)

// Client is one member's part: it moves its own coordinate with each
// measurement. It is not safe for concurrent use.
type Client struct {
	coord  Coordinate
	rand   *rand.Rand
	recent map[string][]float64 // by peer: its last samples, oldest first; never ranged over

	residues [window]float64 // what the space did not express, in seconds
	next     int             // of residues to be replaced
	resets   uint64
}

// NewClient returns a Client at the origin. Two members at the same place push
// each other into a direction that rng chooses.
func NewClient(rng *rand.Rand) *Client {
	return &Client{coord: Origin(), rand: rng, recent: map[string][]float64{}}
}

// Coordinate returns the present place.
func (c *Client) Coordinate() Coordinate { return c.coord }

// DistanceTo returns the round trip to a place that the coordinates predict.
func (c *Client) DistanceTo(other Coordinate) time.Duration { return c.coord.DistanceTo(other) }

// Resets returns how often the own coordinate went out of bounds and was put
// back to the origin.
func (c *Client) Resets() uint64 { return c.resets }

// Peers returns of how many peers samples are kept.
func (c *Client) Peers() int { return len(c.recent) }

// Forget drops the samples of a peer that is no more.
func (c *Client) Forget(peer string) { delete(c.recent, peer) }

// Update takes in a measured round trip to a peer and the place that the peer
// says it is at. An error says why it was not used; then nothing has changed.
func (c *Client) Update(peer string, other Coordinate, rtt time.Duration) error {
	switch {
	case rtt < 0 || rtt > maxRTT:
		return fmt.Errorf("coordinate: update with %v to %s: %w", rtt, peer, errRTT)
	case !other.Valid():
		return fmt.Errorf("coordinate: update with the place of %s: %w", peer, errPlace)
	}
	seconds := max(c.median(peer, rtt.Seconds()), nothing)
	c.move(&other, seconds)
	c.adjust(&other, seconds)
	c.gravity()
	if !c.coord.Valid() {
		c.coord, c.residues = Origin(), [window]float64{}
		c.resets++
	}
	return nil
}

// median takes in a sample and returns the median of the last ones of the peer,
// so that a single slow answer counts for nothing (Ledlie 2007, 3.1).
func (c *Client) median(peer string, rtt float64) float64 {
	s := append(c.recent[peer], rtt)
	if len(s) > samples {
		s = slices.Delete(s, 0, 1)
	}
	c.recent[peer] = s
	sorted := slices.Sorted(slices.Values(s))
	return sorted[len(sorted)/2]
}

// move is the algorithm of vivaldi 3.4: a step along the spring, as long as is
// right for who is surer of its place.
func (c *Client) move(other *Coordinate, rtt float64) {
	distance := c.coord.DistanceTo(*other).Seconds()
	wrong := math.Abs(distance-rtt) / rtt
	weight := c.coord.Error / max(c.coord.Error+other.Error, nothing)
	share := float64(ce * weight)
	c.coord.Error = min(float64(share*wrong)+float64(c.coord.Error*(1-share)), ErrorMax)
	c.push(other, float64(cc*weight)*(rtt-distance))
}

// push moves the coordinate so many seconds away from other, or towards it if
// that is negative. Part of the way goes into the height (vivaldi 5.4).
func (c *Client) push(other *Coordinate, by float64) {
	away, length := c.coord.from(other)
	if length <= nothing {
		away = c.anywhere()
	} else {
		for i := range away {
			away[i] /= length
		}
		c.coord.Height = max(c.coord.Height+float64((c.coord.Height+other.Height)*by)/length, HeightMin)
	}
	for i := range away {
		c.coord.Vec[i] += float64(away[i] * by)
	}
}

// anywhere returns a unit vector in a random direction.
func (c *Client) anywhere() (v [Dimensions]float64) {
	for i := range v {
		v[i] = c.rand.Float64() - 0.5
	}
	length := norm(&v)
	if length <= nothing {
		return [Dimensions]float64{1}
	}
	for i := range v {
		v[i] /= length
	}
	return v
}

// adjust keeps the mean of what the space could not express. Each of two
// members adds half of it to a prediction (Lee 2010).
func (c *Client) adjust(other *Coordinate, rtt float64) {
	c.residues[c.next] = rtt - c.coord.raw(other)
	c.next = (c.next + 1) % window
	sum := 0.0
	for _, r := range c.residues {
		sum += r
	}
	c.coord.Adjustment = sum / (2 * window)
}

// gravity pulls the coordinate to the origin, a little near it and strongly far
// away, so that all of them together do not drift (Ledlie 2007, 4.2).
func (c *Client) gravity() {
	origin := Origin()
	d := c.coord.DistanceTo(origin).Seconds() / rho
	c.push(&origin, -float64(d*d))
}
