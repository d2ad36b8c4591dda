package server

import (
	"errors"
	"fmt"
	"time"

	"praetor/internal/wire"
)

// AutopilotConfig says how the leader looks after the set of servers.
type AutopilotConfig struct {
	// CleanupDeadServers lets the leader take out servers that failed: see
	// (*Server).deadServer.
	CleanupDeadServers bool
	// LastContactThreshold is how long ago the leader may have heard a healthy
	// server.
	LastContactThreshold time.Duration
	// MaxTrailingLogs is how many entries a healthy server's log may be behind
	// the leader's.
	MaxTrailingLogs uint64
	// ServerStabilizationTime is how long a new server must have been healthy
	// before it gets a vote.
	ServerStabilizationTime time.Duration
	// MinQuorum is how many voters the cluster never falls below by
	// CleanupDeadServers. 0: the bound is the quorum alone.
	MinQuorum uint64
}

// DefaultAutopilot is what holds until somebody sets something else: the
// defaults of Consul.
var DefaultAutopilot = AutopilotConfig{
	CleanupDeadServers:      true,
	LastContactThreshold:    200 * time.Millisecond,
	MaxTrailingLogs:         250,
	ServerStabilizationTime: 10 * time.Second,
}

// Autopilot is an AutopilotConfig in the replicated state, with the log indexes
// at which it was set first and last; 0 and 0 if it never was.
type Autopilot struct {
	Config                   AutopilotConfig
	CreateIndex, ModifyIndex uint64
}

// AutopilotConfig returns what was set, or DefaultAutopilot.
func (v *View) AutopilotConfig() AutopilotConfig {
	if v.Autopilot.ModifyIndex == 0 {
		return DefaultAutopilot
	}
	return v.Autopilot.Config
}

// maxAutopilotTime bounds the durations of an AutopilotConfig.
const maxAutopilotTime = 30 * 24 * time.Hour

// Validate returns why c cannot be set, or nil.
func (c AutopilotConfig) Validate() error {
	switch {
	case c.LastContactThreshold <= 0 || c.LastContactThreshold > maxAutopilotTime:
		return fmt.Errorf("autopilot: LastContactThreshold %v: it must be above 0 and at most %v", c.LastContactThreshold, maxAutopilotTime)
	case c.ServerStabilizationTime < 0 || c.ServerStabilizationTime > maxAutopilotTime:
		return fmt.Errorf("autopilot: ServerStabilizationTime %v: it must be between 0 and %v", c.ServerStabilizationTime, maxAutopilotTime)
	case c.MaxTrailingLogs == 0:
		return errors.New("autopilot: MaxTrailingLogs 0: a server is always a little behind the leader, so none would be healthy")
	}
	return nil
}

// autopilotCommand sets the configuration. With cas it does so only if the
// ModifyIndex is still that of index.
type autopilotCommand struct {
	config AutopilotConfig
	cas    bool
	index  uint64
}

// SetAutopilotCommand encodes a change of the autopilot's configuration for
// the log.
func SetAutopilotCommand(c AutopilotConfig) []byte {
	return appendAutopilot(header(kindAutopilot, 40), autopilotCommand{config: c})
}

// CASAutopilotCommand is SetAutopilotCommand that changes nothing, and whose
// Result is not OK, unless the ModifyIndex is still the given one; 0: it was
// never set.
func CASAutopilotCommand(c AutopilotConfig, index uint64) []byte {
	return appendAutopilot(header(kindAutopilot, 40), autopilotCommand{config: c, cas: true, index: index})
}

// appendAutopilot appends the payload of a kindAutopilot:
//
//	| cas bool | index uv | configuration |
func appendAutopilot(dst []byte, c autopilotCommand) []byte {
	dst = wire.AppendUvarint(wire.AppendBool(dst, c.cas), c.index)
	return appendAutopilotConfig(dst, c.config)
}

func decodeAutopilot(b []byte) (autopilotCommand, error) {
	r := wire.NewReader(b)
	c := autopilotCommand{cas: r.Bool(), index: r.Uvarint(), config: readAutopilotConfig(r)}
	if err := r.Close(); err != nil {
		return c, fmt.Errorf("autopilot: decode command: %w", err)
	}
	return c, c.config.Validate()
}

// appendAutopilotConfig appends a configuration; times are in nanoseconds:
//
//	| cleanup bool | last contact uv | trailing uv | stabilization uv | quorum uv |
func appendAutopilotConfig(dst []byte, c AutopilotConfig) []byte {
	dst = wire.AppendBool(dst, c.CleanupDeadServers)
	dst = wire.AppendUvarint(dst, uint64(c.LastContactThreshold))
	dst = wire.AppendUvarint(dst, c.MaxTrailingLogs)
	dst = wire.AppendUvarint(dst, uint64(c.ServerStabilizationTime))
	return wire.AppendUvarint(dst, c.MinQuorum)
}

func readAutopilotConfig(r *wire.Reader) AutopilotConfig {
	return AutopilotConfig{
		CleanupDeadServers:      r.Bool(),
		LastContactThreshold:    time.Duration(r.Uvarint()),
		MaxTrailingLogs:         r.Uvarint(),
		ServerStabilizationTime: time.Duration(r.Uvarint()),
		MinQuorum:               r.Uvarint(),
	}
}

// apply runs a command as the log entry of that index, and reports whether its
// condition held.
func (a *Autopilot) apply(index uint64, c autopilotCommand) (ok bool) {
	if c.cas && c.index != a.ModifyIndex {
		return false
	}
	if a.CreateIndex == 0 {
		a.CreateIndex = index
	}
	a.Config, a.ModifyIndex = c.config, index
	return true
}
