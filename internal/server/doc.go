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
//	|     +----------->  duties       machine: kv, catalog, autopilot        |
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
// The duties of a leader are three: the catalog agrees with gossip
// (reconcile.go), the servers that vote are the right ones (voters.go,
// health.go), and what nobody needs any more is forgotten (duties.go,
// restore.go).
//
// An operator's command takes the way of a write, but the leader carries it out
// instead of writing it into the log (admin.go):
//
//	s.Submit(now, 2, server.TransferCommand("n2"))
//	e = s.Effects(now)       // e.Answers: {2, {OK: true}, nil}, once n2 leads
//
// What a command in the log is, command.go says; its kinds are those of kv and
// catalog, the autopilot's configuration (autopilot.go) and the parts of a saved
// state that is being restored (restore.go).
//
// Agents tell where they are in the network with Locate. A server gathers that
// and writes it in batches (places.go).
//
// A server that is to stop is told to Resign: it hands the leadership over and
// brings its writes to an end (resign.go).
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
//   - No voter is taken out, be it by the autopilot or by an operator, unless
//     those that are left and that answer are a quorum.
//   - A restore is one entry of the log: all of it is seen, or nothing.
//   - A server speaks only to servers of its own cluster, and only one server
//     ever writes the first configuration of a cluster.
package server
