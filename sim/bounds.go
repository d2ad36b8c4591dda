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
)
