package agent

import (
	"cmp"
	"context"
	"slices"
	"time"

	"praetor/api"
	"praetor/internal/server"
	"praetor/raft"
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

// RaftServers implements api.Operator.
func (s store) RaftServers() (servers []api.RaftServer, index uint64) {
	st := s.d.server.Status()
	names := map[string]string{}
	for _, m := range st.Members {
		names[m.ID] = m.Name
	}
	for _, p := range slices.Concat(st.Config.Voters, st.Config.Learners) {
		servers = append(servers, api.RaftServer{
			ID: string(p.ID), Node: names[string(p.ID)], Address: p.Addr,
			Leader: p.ID == st.Leader, Voter: st.Config.IsVoter(p.ID),
		})
	}
	slices.SortFunc(servers, func(a, b api.RaftServer) int { return cmp.Compare(a.ID, b.ID) })
	return servers, uint64(st.ConfigIndex)
}

// ServerHealth implements api.Operator.
func (s store) ServerHealth(ctx context.Context) (server.Health, error) {
	res, err := s.order(ctx, server.HealthCommand())
	if err != nil {
		return server.Health{}, err
	}
	return server.DecodeHealth(res.Data)
}

// Transfer implements api.Operator.
func (s store) Transfer(ctx context.Context, id string) error {
	_, err := s.order(ctx, server.TransferCommand(raft.NodeID(id)))
	return err
}

// RemovePeer implements api.Operator.
func (s store) RemovePeer(ctx context.Context, id, addr string) error {
	_, err := s.order(ctx, server.RemovePeerCommand(raft.NodeID(id), addr))
	return err
}

// order has the leader carry a command out.
func (s store) order(ctx context.Context, cmd []byte) (server.Result, error) {
	res, err := s.Write(ctx, cmd)
	if err == nil && res.Err != "" {
		err = api.Invalidf("%s", res.Err)
	}
	return res, err
}
