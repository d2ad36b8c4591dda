package sim

import "time"

// clock is how one server sees time. Each process counts from its own start,
// as a real one does with a monotonic clock, so nothing may rest on two
// servers' clocks showing the same; and it may run fast or slow.
type clock struct {
	start  time.Duration // when the process started, in the world's time
	offset time.Duration // what it showed then
	drift  ppm           // how much faster it runs; negative: slower
}

// skew is how the clock of a host is to be wrong, from the next start of its
// agent on.
type skew struct {
	offset  time.Duration // what it shows then
	drift   ppm           // how much faster it runs; negative: slower
	shifted *deed         // that set the offset, or nil
	drifted *deed         // that set the drift, or nil
}

const million = 1_000_000

// never is the deadline of who waits for nothing. It leaves room to calculate.
const never = time.Duration(1 << 60)

// local returns what the clock shows at a time of the world.
func (c clock) local(world time.Duration) time.Duration {
	d := int64(world - c.start)
	return c.offset + time.Duration(d+d/million*int64(c.drift)+d%million*int64(c.drift)/million)
}

// world returns the first time of the world at which the clock shows at least
// the local time.
func (c clock) world(local time.Duration) time.Duration {
	if local >= never {
		return never
	}
	rate := million + int64(c.drift)
	d := int64(local - c.offset)
	at := c.start + time.Duration(d/rate*million+d%rate*million/rate)
	for c.local(at) < local { // the divisions round down
		at++
	}
	return at
}
