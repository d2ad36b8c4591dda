// Package server is the brain of one server: consensus, gossip, the stores and
// a leader's duties, put together as one pure core.
//
// Nothing in here knows of sockets, files, clocks or goroutines. A driver owns
// a [Server], tells it what happens, and does what its [Effects] say:
//
//	      datagrams, streams     peer messages      requests       fsyncs, time
//	             |                     |                |               |
//	+------------v---------------------v----------------v---------------v----+
//	|  swim.Pool        raft.Raft  <-------- writes, barriers                |
//	|     |   who is a       | committed entries                             |
//	|     |   server         v                                               |
//	|     +----------->  duties       machine: kv.State, catalog.State       |
//	|      (leader: catalog = gossip)     |                                  |
//	+------------+---------------------+--v-------------+---------------+----+
//	             |                     |  View          |               |
//	         Packets, Streams        Peers           Answers          Writes
//
// The real driver is in package agent; the simulated one is in package sim.
// Both run this very code, so whatever matters for correctness is here.
//
// A write:
//
//	s.Submit(now, 1, server.KVCommand(kv.Command{Key: "a", Value: v}))
//	e := s.Effects(now)      // e.Writes to the log, e.Peers to the others
//	...                      // fsync done, acknowledgements received
//	s.Persisted(now, w.ID)
//	s.ReceivePeer(now, "n2", body)
//	e = s.Effects(now)       // e.Answers: {1, {Index: 7, OK: true}, nil}
//
// Invariants:
//
//   - A write has exactly one answer. Success means that a quorum holds it
//     durably and that this server's View, or the leader's, has it. Any error
//     but ErrLeadershipLost and ErrTimeout means that it changed nothing, ever.
//   - View changes only in log order, whole batches at a time, and is published
//     before anybody is told of it.
//   - A Barrier that was answered without an error began its question to the
//     leader after it was asked for (thesis 6.4).
//   - The catalog's serfHealth checks are written by the leader alone, through
//     the log, and only when its View is current.
//   - A server speaks only to servers of its own cluster, and only one server
//     ever writes the first configuration of a cluster.
package server
