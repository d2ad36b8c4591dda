package local

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedForeignService = reach.New("local/foreign-service-removed")
	reachedForeignCheck   = reach.New("local/foreign-check-removed")
	reachedStillThere     = reach.New("local/removed-service-still-there")
	reachedMissing        = reach.New("local/service-missing-in-the-catalog")
	reachedResumed        = reach.New("local/status-taken-from-the-catalog")
	reachedDoubt          = reach.New("local/failed-write-looked-for-again")
	reachedExpired        = reach.New("local/ttl-expired")
	reachedGivenUp        = reach.New("local/service-given-up")
	reachedHeldBack       = reach.New("local/result-held-back-by-a-threshold")
	reachedFailed         = reach.New("local/sync-failed")
)
