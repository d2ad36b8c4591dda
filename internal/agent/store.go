package agent

import (
	"context"
	"time"

	"praetor/api"
	"praetor/internal/server"
)

// store is the replicated state as this server's handlers reach it.
type store struct{ d *driver }

var _ api.Store = store{}

// View implements api.Store.
func (s store) View() *server.View { return s.d.server.View() }

// Barrier implements api.Store. On a leader whose lease holds it costs a look
// at the clock: the order matters, because what was committed before the lease
// was seen to hold is in any View that is loaded afterwards.
func (s store) Barrier(ctx context.Context, mode server.ReadMode) error {
	if mode == server.Stale {
		return nil
	}
	if mode == server.Default && s.d.server.Current(s.d.now()) {
		return nil
	}
	_, err := s.d.request(ctx, func(now time.Duration, id server.RequestID) { s.d.server.Barrier(now, id, mode) })
	return err
}

// Write implements api.Store.
func (s store) Write(ctx context.Context, cmd []byte) (server.Result, error) {
	a, err := s.d.request(ctx, func(now time.Duration, id server.RequestID) { s.d.server.Submit(now, id, cmd) })
	return a.Result, err
}

// Contact implements api.Store.
func (s store) Contact() (knownLeader bool, lastContact time.Duration) {
	return s.d.server.Status().Leader != "", s.d.server.LastContact(s.d.now())
}

// Leader implements api.Store.
func (s store) Leader() string { return s.d.server.Status().Address }

// Peers implements api.Store.
func (s store) Peers() []string {
	var addrs []string
	for _, p := range s.d.server.Status().Config.Voters {
		addrs = append(addrs, p.Addr)
	}
	return addrs
}
