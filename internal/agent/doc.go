// Package agent is the real driver: it gives the pure cores sockets, files, a
// clock and goroutines, and is otherwise as thin as it can be.
//
//	a, err := agent.Start(agent.Options{Config: cfg, Version: "1.0", Log: log})
//	...
//	err = a.Leave(ctx) // a good-bye, if the agent goes for good
//	a.Stop()           // a leader hands over first
//
// Every core is owned by one loop (loop.go): a goroutine that takes in events,
// ticks the core when its deadline has come, and carries out its effects.
// There are two:
//
//	HTTP, DNS handlers      gossip port (8301)      server port (8300)
//	     |    |             UDP, TCP: gossip.go     port.go, links.go
//	     |    |                   |                       |
//	     |    |  requests   +-----v-----------------------v-----+    +---------+
//	     |    +------------>|  driver: server.Server, or        |--->|  disk   |
//	     |                  |          server.Client            |<---|  fsync  |
//	     |                  +-----------------------------------+    +---------+
//	     |                              ^ writes, reads (servers.go, remote.go)
//	     |  definitions     +-----------+-----------------------+    +---------+
//	     +----------------->|  keeper: local.State              |<---|  checks |
//	                        +-----------------------------------+    +---------+
//
// A reader of the replicated state does not go through the loop at all: the
// core publishes each new View atomically, and under the leader's lease a read
// costs a look at the clock (store.go).
//
// On a client there is no state. Users' requests go whole, over HTTP/2, to a
// server that gossip knows (remote.go); the agent's own go the same way.
//
// Gossip is encrypted here, at the edge (guard.go): the cores do not know. A
// conversation about keys (control.go) goes to the same port, and to the guard.
//
// Invariants:
//
//   - With a key, nothing of gossip is parsed before it is authenticated, and no
//     key gets into a log or an error.
//   - A loop never waits: what it sends is queued, with a bound, and dropped or
//     reported as undelivered beyond it. So two loops cannot wait for each other.
//   - All ports are open before anything is told to anybody, and the data
//     directory is locked before anything in it is read.
//   - Persisted is called only after an fsync that covers the write, and never
//     again once one has failed: the agent stops then.
package agent
