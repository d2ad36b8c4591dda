package server

import (
	"errors"

	"praetor/catalog"
	"praetor/kv"
)

// View is the state of the cluster after one log entry: immutable, so whoever
// holds one reads without locks for as long as it likes.
type View struct {
	Index     uint64 // of the last entry that was applied
	Term      uint64 // of that entry
	KV        *kv.State
	Catalog   *catalog.State
	Autopilot Autopilot // zero: nobody has set it; read it with AutopilotConfig

	upload *upload // a saved state that is being restored, or nil
}

// index is that of v, 0 for none.
func (v *View) index() uint64 {
	if v == nil {
		return 0
	}
	return v.Index
}

// ReadMode says how new an answer must be.
type ReadMode uint8

const (
	// Default is linearizable while clocks run at nearly the same speed: the
	// leader answers under its lease, and other servers ask it for an index.
	Default ReadMode = iota
	// Consistent is linearizable without regard to clocks: the leader hears
	// from a quorum first (ReadIndex, thesis 6.4).
	Consistent
	// Stale answers from what this server has, however old.
	Stale
)

// Result is what applying a command gave.
type Result struct {
	Index uint64 // of the log entry
	OK    bool   // false: a condition (check-and-set) did not hold, and nothing changed
	Err   string // not "": the command was refused, and nothing changed
	Data  []byte // what a question that the leader answered came to, such as HealthCommand
}

// The errors of reads and writes. The API maps them to a status each.
var (
	// ErrNoLeader: no leader was found in time. Nothing was changed.
	ErrNoLeader = errors.New("No cluster leader")
	// ErrLeadershipLost: the leader changed while the write was under way. It
	// may or may not take effect.
	ErrLeadershipLost = errors.New("leadership lost while committing log")
	// ErrBusy: a bound on waiting requests is reached. Nothing was changed.
	ErrBusy = errors.New("too many requests are waiting, try again later")
	// ErrTimeout: no quorum confirmed the write in time. It may or may not
	// take effect.
	ErrTimeout = errors.New("timed out waiting for a quorum; the write may or may not take effect")
	// ErrTooLarge: the command is larger than the log takes. Nothing was changed.
	ErrTooLarge = errors.New("command is too large for the log")
)
