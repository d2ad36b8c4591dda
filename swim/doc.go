// Package swim is group membership and failure detection: a pure SWIM core
// with Lifeguard's refinements, as a step function. It has no clock, socket
// or goroutine; the driver feeds a [Pool] with the time, datagrams and
// stream messages, and carries out its [Effects].
package swim
