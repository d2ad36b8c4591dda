// Package story tells what happened in a simulated run, and why.
//
// A [Record] is a run as a list of events, each with the one that brought it
// about. It knows nothing of the simulator that made it.
package story
