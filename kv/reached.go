package kv

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedCASRefused       = reach.New("kv/cas-refused")
	reachedSame             = reach.New("kv/write-changes-nothing")
	reachedDeleteCASRefused = reach.New("kv/delete-cas-refused")
	reachedReaped           = reach.New("kv/tombstone-reaped")
	reachedDeleteTree       = reach.New("kv/tree-deleted")
)
