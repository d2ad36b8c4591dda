package swim

import "time"

// An awareness is the local health multiplier (lifeguard IV-A): a member's
// guess at its own slowness. Zero is healthy. The more often its probes fail,
// the longer it waits before it blames the others:
//
//	a probe was acked              -1
//	a probe failed                 +1
//	a probe missed a nack          +1
//	it had to refute a suspicion   +1
//
// A slow member that accuses a healthy one is the false positive that
// Lifeguard is about.
type awareness struct {
	score int // 0..max
	max   int
}

// add moves the multiplier by delta, within its bounds.
func (a *awareness) add(delta int) { a.score = min(max(a.score+delta, 0), a.max) }

// stretch returns d, multiplied by the score plus one.
func (a *awareness) stretch(d time.Duration) time.Duration {
	return d * time.Duration(a.score+1)
}
