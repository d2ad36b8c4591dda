package server

import (
	"net/netip"
	"time"

	"praetor/swim"
	"praetor/swim/coordinate"
)

// member is an agent's place in the gossip pool, and what the driver tells it:
// the same for a Server and a Client.
type member struct {
	pool *swim.Pool
}

// ReceivePacket takes in a gossip datagram.
func (m member) ReceivePacket(now time.Duration, from netip.AddrPort, b []byte) {
	m.pool.Packet(now, from, b)
}

// ServeStream answers another member's gossip exchange.
func (m member) ServeStream(now time.Duration, from netip.AddrPort, b []byte) ([]byte, error) {
	return m.pool.StreamRequest(now, from, b)
}

// StreamReply ends an exchange that this agent asked for in Effects.Streams.
func (m member) StreamReply(now time.Duration, id swim.StreamID, b []byte, err error) {
	m.pool.StreamReply(now, id, b, err)
}

// Join asks the agent at addr for its members. The outcome comes in
// Effects.Joins.
func (m member) Join(now time.Duration, addr netip.AddrPort) { m.pool.Join(now, addr) }

// Leave tells the group that this agent goes for good; the leader takes it out
// of the catalog, and a server out of the cluster. Effects.Left says when that
// is told.
func (m member) Leave(now time.Duration) { m.pool.Leave(now) }

// ForceLeave turns a failed member into one that has left, or with prune
// one that nobody lists any more.
func (m member) ForceLeave(now time.Duration, name string, prune bool) error {
	return m.pool.ForceLeave(now, name, prune)
}

// Fire sends a user event to the group. It comes back in Effects.UserEvents.
func (m member) Fire(now time.Duration, e swim.UserEvent) (swim.UserEvent, error) {
	return m.pool.Fire(now, e)
}

// GossipStats returns the gossip pool's counters.
func (m member) GossipStats() swim.Stats { return m.pool.Stats() }

// Coordinate returns this agent's place in the network, and whether places are
// kept at all.
func (m member) Coordinate() (coordinate.Coordinate, bool) { return m.pool.Coordinate() }

// Members returns the gossip pool as this agent sees it, by name.
func (m member) Members() []swim.Member { return m.pool.Members() }

// Member returns what this agent knows of the member with the name, if anything.
func (m member) Member(name string) (swim.Member, bool) { return m.pool.Member(name) }

// Self returns this agent as the gossip pool has it.
func (m member) Self() swim.Member { return m.pool.Self() }
