package swim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// The protocol's bounds. A message that breaks one is dropped and counted.
const (
	// ProtocolVersion is the newest version of the formats that this code
	// speaks, MinProtocol the oldest. Each member says its own in [Member].
	// A member that has no version in common with this one is not let in.
	ProtocolVersion, MinProtocol = 1, 1
	// MaxName bounds a member's name, MaxID its ID, MaxLabel the group's
	// label, all in bytes.
	MaxName, MaxID, MaxLabel = 128, 64, 64
	// MaxTags bounds the tags of a member as they travel, in bytes.
	MaxTags = 512
	// MaxPacket bounds a datagram, MinPacket is the least PacketSize that
	// holds a ping and the largest update beside it.
	MaxPacket, MinPacket = 16 << 10, 1200
	// MaxStream bounds a message on a stream; the driver must not read more.
	MaxStream = 64 << 20
	// MaxMembers bounds the members that a Pool knows, in whatever state.
	MaxMembers = 1 << 16
	// Never is the deadline of a Pool that waits for nothing.
	Never = time.Duration(1<<63 - 1)
)

// Config is what a [Pool] starts from. Take [DefaultLAN] or [DefaultWAN] and
// fill in Name, ID, Addr and Rand.
type Config struct {
	Name  string            // of this member, unique in the group
	ID    string            // of this node, for good: a UUID
	Addr  netip.AddrPort    // where the others reach it, by datagram and by stream
	Tags  map[string]string // what it tells the others of itself
	Label string            // of the group: messages of another label are dropped

	// Incarnation is the first to use. 0 will do even after a restart: a
	// join finds out what the group remembers, and goes above it.
	Incarnation Incarnation

	Timing
	Scale
	Disable Disable

	// FirstProbe is when the first protocol period begins, after the start.
	// 0: at a random time within ProbeInterval, so that those who start
	// together do not probe together.
	FirstProbe time.Duration

	Shared *Descriptions // of all Pools of this process; nil: this Pool keeps its own

	Rand  *rand.Rand       // the only source of randomness
	Trace func(TraceEvent) // may be nil
}

// Timing is how long things take. An interval of zero switches its duty off.
type Timing struct {
	ProbeInterval     time.Duration // the protocol period T' (swim 3.1): one probe in each
	ProbeTimeout      time.Duration // wait so long for a direct ack before asking others to ping
	GossipInterval    time.Duration // send news so often, beside what rides on probes
	GossipToDead      time.Duration // tell a dead member the news for so long, so that it may refute
	PushPullInterval  time.Duration // exchange all state so often, in a group of up to 32
	ReconnectInterval time.Duration // try to reach one of the failed members so often
	ReclaimAfter      time.Duration // another node may join under a failed member's name after this
	ReapAfter         time.Duration // forget a member that failed or left after this
	LeaveTimeout      time.Duration // leave after so long even if few have been told
	TCPTimeout        time.Duration // give up an exchange over a stream
}

// Scale is how many of each, and how the multiples grow with the group.
type Scale struct {
	IndirectChecks   int // k of swim 3.1: members asked to ping in one's place
	SuspicionMult    int // alpha of lifeguard IV-B: shortest suspicion = alpha * log10(n) * ProbeInterval
	SuspicionMaxMult int // beta of lifeguard IV-B: longest suspicion = beta * shortest
	RetransmitMult   int // lambda of swim 4.1: an update is sent lambda * log10(n+1) times
	GossipFanout     int // members told the news in one gossip interval
	AwarenessMax     int // the local health multiplier stays in 0..AwarenessMax
	PacketSize       int // datagrams are at most so many bytes
}

// Disable switches parts off, to measure what each is worth: all of
// Lifeguard's off is SWIM as in the 2002 paper.
type Disable struct {
	Health      bool // lifeguard IV-A: local health stretches interval and timeout; nacks
	Suspicion   bool // lifeguard IV-B: a long suspicion that confirmations shorten
	Buddy       bool // lifeguard IV-C: a ping to a suspect carries the suspicion
	StreamProbe bool // memberlist's probe by stream when a datagram got no ack
	Coordinates bool // network coordinates, which acks carry
}

// DefaultLAN returns the timing for members of one datacenter.
func DefaultLAN() Config {
	return Config{
		Timing: Timing{
			ProbeInterval:     time.Second,
			ProbeTimeout:      500 * time.Millisecond,
			GossipInterval:    200 * time.Millisecond,
			GossipToDead:      30 * time.Second,
			PushPullInterval:  30 * time.Second,
			ReconnectInterval: 30 * time.Second,
			ReclaimAfter:      30 * time.Second,
			ReapAfter:         72 * time.Hour,
			LeaveTimeout:      5 * time.Second,
			TCPTimeout:        10 * time.Second,
		},
		Scale: Scale{
			IndirectChecks:   3,
			SuspicionMult:    4,
			SuspicionMaxMult: 6,
			RetransmitMult:   4,
			GossipFanout:     3,
			AwarenessMax:     8,
			PacketSize:       1400,
		},
	}
}

// DefaultWAN returns the timing for members far from each other.
func DefaultWAN() Config {
	c := DefaultLAN()
	c.ProbeInterval = 5 * time.Second
	c.ProbeTimeout = 3 * time.Second
	c.GossipInterval = 500 * time.Millisecond
	c.GossipToDead = 60 * time.Second
	c.PushPullInterval = 60 * time.Second
	c.TCPTimeout = 30 * time.Second
	c.SuspicionMult = 6
	c.GossipFanout = 4
	return c
}

// check returns what is wrong with the configuration, or nil.
func (c *Config) check() error {
	var reason string
	switch {
	case c.Name == "" || len(c.Name) > MaxName:
		reason = fmt.Sprintf("a name of %d bytes, must have 1 to %d", len(c.Name), MaxName)
	case c.ID == "" || len(c.ID) > MaxID:
		reason = fmt.Sprintf("an ID of %d bytes, must have 1 to %d", len(c.ID), MaxID)
	case len(c.Label) > MaxLabel:
		reason = fmt.Sprintf("a label of %d bytes, may have %d", len(c.Label), MaxLabel)
	case !c.Addr.IsValid() || c.Addr.Port() == 0 || c.Addr.Addr().IsUnspecified():
		reason = fmt.Sprintf("address %v, which nobody can reach", c.Addr)
	case c.Incarnation > maxIncarnation:
		reason = fmt.Sprintf("incarnation %d, may be %d", c.Incarnation, uint64(maxIncarnation))
	case c.Rand == nil:
		reason = "no source of randomness"
	case c.ProbeTimeout <= 0 || c.ProbeInterval <= c.ProbeTimeout:
		reason = fmt.Sprintf("a probe timeout of %v in a probe interval of %v", c.ProbeTimeout, c.ProbeInterval)
	case c.TCPTimeout <= 0 || c.ReapAfter <= 0 || c.LeaveTimeout <= 0:
		reason = "a timeout that is not positive"
	case c.SuspicionMult < 1 || c.SuspicionMaxMult < 1 || c.RetransmitMult < 1:
		reason = "a multiplier below 1"
	case c.PacketSize < MinPacket || c.PacketSize > MaxPacket:
		reason = fmt.Sprintf("packets of %d bytes, must have %d to %d", c.PacketSize, MinPacket, MaxPacket)
	default:
		return nil
	}
	return errors.New("swim: configure: " + reason)
}
