package swim

import (
	"fmt"
	"time"
)

// Stats are counters since the Pool was made, but for the gauges.
type Stats struct {
	Traffic Traffic
	Dropped Dropped
	Probes  Probes
	Places  Places
	Events  EventStats

	Suspicions uint64 // that began here, on own or others' word
	Refuted    uint64 // accusations of this member that it answered
	Failed     uint64 // members declared dead, here or by others
	Conflicts  uint64 // claims to a name that belonged to another
	PushPulls  uint64 // exchanges of all state that came to an end, as either side

	Queued int // gauge: updates that wait to be gossiped
	Health int // gauge: the local health multiplier, 0 is healthy
}

// Traffic counts what came and went, streams by their one frame each way.
type Traffic struct {
	PacketsIn, PacketsOut uint64
	BytesIn, BytesOut     uint64
	Streams               uint64 // exchanges begun here
	StreamErrors          uint64 // of those, that failed or timed out
}

// Dropped counts what was not used, by the reason.
type Dropped struct {
	Malformed   uint64 // damaged, truncated, or out of bounds
	Oversized   uint64 // messages over MaxPacket or MaxStream
	Version     uint64 // of a version that is not spoken here, or by a member that speaks none of ours
	Unmatched   uint64 // acks that no ping waits for: too late, or replayed
	Label       uint64 // of another group
	Misdirected uint64 // pings for another name
	Unknown     uint64 // sections of an unknown kind, skipped
	Full        uint64 // at a bound: members, updates, relays, exchanges
}

// Probes counts the failure detector's work.
type Probes struct {
	Sent     uint64 // direct pings of the own protocol periods
	Indirect uint64 // ping-reqs
	Streams  uint64 // pings by stream
	Relayed  uint64 // pings in another's place
	Failed   uint64 // periods that ended without an ack
	Nacks    uint64 // received
}

// EventStats counts user events.
type EventStats struct {
	Fired  uint64 // here
	Heard  uint64 // of others, each once
	Old    uint64 // not taken: from before this member joined, or too old to know whether they are new
	Queued int    // gauge: that wait to be gossiped
}

// Places counts the work on network coordinates.
type Places struct {
	Updates uint64 // round trips that moved this member's coordinate
	Refused uint64 // that did not: the sender's coordinate, or the time, was out of bounds
	Resets  uint64 // of this member's coordinate, which had gone out of bounds
}

// trace reports one step to the configured tracer.
func (p *Pool) trace(format string, args ...any) {
	if p.cfg.Trace != nil {
		p.cfg.Trace(TraceEvent{At: p.now, Node: p.self.Name, What: fmt.Sprintf(format, args...)})
	}
}

// Stats returns the counters.
func (p *Pool) Stats() Stats {
	s := p.stats
	s.Queued, s.Health = p.queue.len(), p.health.score
	s.Events.Queued = p.events.queue.len()
	s.Places.Resets = p.places.Resets()
	return s
}

// later returns a random time within the interval from now, so that members
// that started together do not act together.
func (p *Pool) later(interval time.Duration) time.Duration {
	if interval <= 0 {
		return Never
	}
	return p.now + time.Duration(p.cfg.Rand.Int64N(int64(interval))) + 1
}
