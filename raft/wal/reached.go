package wal

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedTornTail       = reach.New("wal/torn-tail-cut")
	reachedForeign        = reach.New("wal/garbage-behind-the-end-cut")
	reachedShortFile      = reach.New("wal/preallocation-lost")
	reachedRewrite        = reach.New("wal/end-of-the-log-written-anew")
	reachedTempRemoved    = reach.New("wal/unfinished-file-removed")
	reachedOlderSnapshot  = reach.New("wal/older-snapshot-used")
	reachedSegmentRemoved = reach.New("wal/segment-removed")
	reachedPoisoned       = reach.New("wal/failed-for-good")
	reachedRoll           = reach.New("wal/segment-rolled")
	reachedStraySnapshot  = reach.New("wal/stray-snapshot-removed")
	reachedOvertaken      = reach.New("wal/snapshot-overtaken")
)
