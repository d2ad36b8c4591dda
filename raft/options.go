package raft

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Config says how one server behaves. Zero fields take the default in their
// comment; ID and Rand must be given. All servers of a cluster must agree on
// ElectionTimeoutMin, which leases depend on.
type Config struct {
	ID NodeID

	// A follower that heard of no leader for a time drawn from [Min, Max)
	// campaigns. 250 ms and 500 ms.
	ElectionTimeoutMin time.Duration
	ElectionTimeoutMax time.Duration
	// HeartbeatInterval is how often a leader calls its followers; it must be
	// below ElectionTimeoutMin. 50 ms.
	HeartbeatInterval time.Duration
	// LeaseMargin is how far two servers' clocks may run apart in the course
	// of one ElectionTimeoutMin; a lease ends that much earlier. A tenth of it.
	LeaseMargin time.Duration

	// MaxAppendBytes bounds one AppendRequest; a larger entry goes alone. 256 KiB.
	MaxAppendBytes int
	// MaxInflight and MaxInflightBytes bound the AppendRequests that were sent
	// to one follower and not answered yet. 64 and 4 MiB.
	MaxInflight      int
	MaxInflightBytes int
	// MaxUncommittedBytes bounds what a leader's log holds that is not committed,
	// or not on its own disk; above it Propose returns ErrBusy. 64 MiB.
	MaxUncommittedBytes int
	// SnapshotPartBytes is how much of a snapshot one message carries, at most
	// MaxSnapshotPart. 256 KiB.
	SnapshotPartBytes int
	// KeepEntries is how many entries before a snapshot stay in the log, so
	// that a follower slightly behind needs no snapshot. 4096; -1 is none.
	KeepEntries int
	// KeepBytes bounds the size of the entries that stay, too. 32 MiB.
	KeepBytes int

	// For reproducing the paper's tables, which know neither. Without
	// CheckQuorum there are no leases.
	DisablePreVote     bool
	DisableCheckQuorum bool

	// Rand draws the election timeouts; the core is its only user.
	Rand *rand.Rand
	// Trace, if not nil, is called for each step that a reader wants to see.
	Trace func(TraceEvent)
}

// withDefaults returns the configuration with its zero fields filled in, or
// an error that names the first field that makes no sense.
func (c Config) withDefaults() (Config, error) {
	fill(&c.ElectionTimeoutMin, 250*time.Millisecond)
	fill(&c.ElectionTimeoutMax, 2*c.ElectionTimeoutMin)
	fill(&c.HeartbeatInterval, c.ElectionTimeoutMin/5)
	fill(&c.LeaseMargin, c.ElectionTimeoutMin/10)
	fill(&c.MaxAppendBytes, 256<<10)
	fill(&c.MaxInflight, 64)
	fill(&c.MaxInflightBytes, 4<<20)
	fill(&c.MaxUncommittedBytes, 64<<20)
	fill(&c.SnapshotPartBytes, 256<<10)
	fill(&c.KeepEntries, 4096)
	fill(&c.KeepBytes, 32<<20)
	c.KeepEntries = max(c.KeepEntries, 0)
	return c, c.validate()
}

func (c Config) validate() error {
	var reason string
	switch {
	case c.ID == "" || len(c.ID) > maxIDBytes:
		reason = fmt.Sprintf("ID must have 1 to %d bytes", maxIDBytes)
	case c.Rand == nil:
		reason = "Rand must be given"
	case c.ElectionTimeoutMin < 0 || c.ElectionTimeoutMax < c.ElectionTimeoutMin:
		reason = "ElectionTimeoutMax must be at least ElectionTimeoutMin, which must be positive"
	case c.HeartbeatInterval < 0 || c.HeartbeatInterval >= c.ElectionTimeoutMin:
		reason = "HeartbeatInterval must be positive and below ElectionTimeoutMin"
	case c.LeaseMargin < 0 || c.LeaseMargin >= c.ElectionTimeoutMin:
		reason = "LeaseMargin must be positive and below ElectionTimeoutMin"
	case min(c.MaxAppendBytes, c.MaxInflight, c.MaxInflightBytes, c.MaxUncommittedBytes, c.SnapshotPartBytes) < 0:
		reason = "bounds must be positive"
	case c.MaxAppendBytes > MaxEntryBytes || c.SnapshotPartBytes > MaxSnapshotPart:
		reason = "MaxAppendBytes or SnapshotPartBytes is more than a message may hold"
	default:
		return nil
	}
	return fmt.Errorf("raft: configure %q: %s", c.ID, reason)
}

// fill sets *field to def if it is zero.
func fill[T comparable](field *T, def T) {
	var zero T
	if *field == zero {
		*field = def
	}
}

// The errors that callers must tell apart.
var (
	ErrNotLeader      = errors.New("raft: this server does not lead")
	ErrLeadershipLost = errors.New("raft: the leader was lost before it could answer")
	ErrBusy           = errors.New("raft: too much is waiting already")
	ErrTransferring   = errors.New("raft: the leadership is being transferred")
	ErrTooLarge       = errors.New("raft: command is too large")
	ErrNotEmpty       = errors.New("raft: this server already belongs to a cluster")
	ErrChanging       = errors.New("raft: another membership change is under way")
	ErrNotReady       = errors.New("raft: the leader has committed nothing in its term yet")
	ErrConfiguration  = errors.New("raft: configuration makes no sense")
	ErrNotVoter       = errors.New("raft: not a voter")
	ErrSnapshotIndex  = errors.New("raft: no snapshot can be taken at this index")
)
