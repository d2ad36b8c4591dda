// Package local keeps what one agent wants the catalog to hold of its node: its
// services, their checks, and the state of those. It makes the catalog agree by
// anti-entropy. It is a pure core: time and results come in with every call,
// what to do goes out as [Effects].
//
// The agent is the truth and the catalog the copy. Whatever happens to the
// servers' data, an agent that still runs puts its own part back.
//
//	check results, TTL reports       definitions (files, HTTP)
//	            |                               |
//	            v                               v
//	+-----------------------------------------------------+
//	| State: services, checks; each with a generation and |
//	| whether the catalog holds just this (synced)        |
//	+-----------------------------------------------------+
//	     |   dirty items, one call       ^  answers: Fetched, Done
//	     v   at a time                   |
//	  Register, Deregister, Fetch  ->  a server
//
// # A worked example
//
//	s := local.New(now, local.Config{Node: node, Rand: rng})
//	s.AddService(now, web, false)
//	for _, call := range s.Effects(now).Calls {
//		go ask(call) // a Fetch at first; its answer goes to s.Fetched
//	}
//	s.SetCheck(now, "service:web", catalog.Passing, "HTTP GET ...: 200 OK")
//	// ... Effects now has a Register that carries web and its check.
//	// Call Tick when Deadline has come.
//
// # Anti-entropy
//
// A change is written at once; besides, a full sync compares all that the
// catalog has of this node with all that it should have, first when the agent
// starts and then about every minute, more rarely in a large cluster. One call
// is under way at a time. A failed call is tried again after 1 s, 2 s and so on
// up to 15 s, with jitter, and after a fresh comparison. A write that failed may
// still be under way and take effect late, on top of what was written since; so
// the catalog is compared once more when 20 s have passed.
//
// Nothing is written before the first comparison. So a restarted agent adopts
// what it finds instead of writing it all again: checks without a result go on
// with the status that they had, and tags that others may change (with
// EnableTagOverride) are not reset.
//
// What the catalog has on this node that the agent does not know is removed,
// with an [Event] which says so: to register something there for good, register
// it with the agent. The service "consul" and the check serfHealth are the
// leader's, and are never touched.
//
// # Invariants
//
//   - At most one call is under way, and each has one answer.
//   - An item is synced only if the catalog was seen to hold, or acknowledged,
//     its present generation.
//   - A removed item stays, as gone, until the catalog no longer has it.
//   - A check of a service exists only together with the service.
//   - With no changes and no failures, after two calls for each dirty group
//     everything is synced.
//
// Source: Consul's documentation of anti-entropy and of check definitions.
package local
