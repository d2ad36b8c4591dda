package sim

import "time"

// The bounds within which what is promised must come true once what stands in
// its way is gone. They begin when the faults end, and each allows for the one
// before it. They are wide: a run that needs them all is no failure, one that
// would never get there is.
const (
	// boundLeader: connections that a cut broke are known to be after
	// sendTimeout, and are made again within 2 s; after that an election timeout
	// is at most a few seconds, and a vote may be split some times over.
	boundLeader = 30 * time.Second

	// boundProgress: a write may wait for all of its server's HoldTimeout before
	// it ends in vain, at each server that is asked in turn.
	boundProgress = 60 * time.Second

	// boundGossip: who was taken for dead by all is looked for every 30 s, by one
	// of them; a server that starts asks those that it knew one after the other,
	// for 10 s each, and waits for up to joinLast between two rounds.
	boundGossip = 240 * time.Second

	// boundCatalog: the leader writes down what gossip says at once, and goes
	// over all of it every minute.
	boundCatalog = 90 * time.Second

	// boundCalm: a call of an agent to the servers that went wrong is known to
	// have after callTimeout, and is tried again 15 s later at the most; one that
	// came late and undid a newer one is found out by the next comparison of the
	// agent with the catalog, which comes within a minute and a half.
	boundCalm = 150 * time.Second

	// boundRetry: an agent waits for 15 s at the most before it repeats a call.
	boundRetry = 20 * time.Second

	// boundCall: an agent writes a change at once, behind the few that are under
	// way, and every server applies it a heartbeat after that.
	boundCall = 3 * time.Second
)
