// Package tidy checks what the rest of Praetor relies on and the compiler does
// not see: that arrows between packages point down, and that the cores are
// deterministic. Its test runs over the whole module.
//
//	cmd -> sim -> internal/agent -> api, dns -> internal/server
//	    -> raft/wal -> raft, swim, kv, catalog -> internal/radix, internal/wire, internal/reach
//
// A package may import what is to the right of it, and the packages beneath its
// own folder. A core may import only cores. Tests may import a little more; see
// [Imports].
//
// A core is a step function: the same calls give the same results, on any
// machine, in any run. So it reads no clock, draws no random numbers but from
// a generator that it was given, starts no goroutine, waits on no channel,
// touches no file or socket, and does not let the order of a map show. The last
// is the one that is easy to get wrong, and it is not always wrong; a loop over
// a map in a core says why it is not, in a comment at the loop:
//
//	for id := range s.votes { // unordered: counts
//		n++
//	}
//
// To collect the keys and sort them needs no comment.
//
// Every finding names the file, the line, the rule and the remedy:
//
//	raft/raft.go:41: core calls time.Now: take now, a time.Duration, as an argument
package tidy
