package catalog

import "praetor/internal/reach"

// Places that a batch of random runs must have come by; see package reach.
var (
	reachedRename          = reach.New("catalog/node-renamed")
	reachedSkipNode        = reach.New("catalog/node-left-as-it-is")
	reachedSameService     = reach.New("catalog/service-unchanged")
	reachedSameCheck       = reach.New("catalog/check-unchanged")
	reachedCheckGoes       = reach.New("catalog/check-goes-with-its-service")
	reachedServiceReplaced = reach.New("catalog/service-replaced")
)
