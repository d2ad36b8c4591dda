package server

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedForwardBack     = reach.New("server/forward-sent-back")
	reachedUndelivered     = reach.New("server/forward-undelivered")
	reachedPeerLost        = reach.New("server/forward-lost-with-its-connection")
	reachedRoundFails      = reach.New("server/read-round-failed")
	reachedReadWaits       = reach.New("server/read-waits-for-the-state")
	reachedReadExpires     = reach.New("server/read-expired")
	reachedNotFounder      = reach.New("server/gives-up-founding")
	reachedTakenIn         = reach.New("server/waits-to-be-taken-in")
	reachedRemovesNode     = reach.New("server/node-that-left-removed")
	reachedGrace           = reach.New("server/unknown-node-spared-at-first")
	reachedBecomesCritical = reach.New("server/node-becomes-critical")
	reachedNamePasses      = reach.New("server/name-passes-to-another-node")
	reachedFlying          = reach.New("server/correction-under-way")
	reachedMoved           = reach.New("server/server-moved")
	reachedLingers         = reach.New("server/lingers-after-handing-over")
)
