// Package coordinate tells how far apart members are without measuring every
// pair: network coordinates after Vivaldi, as a pure core.
//
// # Use
//
//	c := coordinate.NewClient(rng)
//	err := c.Update("n2", theirs, rtt)  // after each answered ping
//	mine := c.Coordinate()              // goes out with each answer
//	mine.DistanceTo(theirs)             // the round trip that it predicts
//
// # How it works
//
// Every member has a point in a space of eight dimensions. Whoever measures a
// round trip imagines a spring of that length between the two points. If the
// points are too close it pushes, if they are too far apart it pulls:
//
//	me                                   peer
//	 o------------ distance -------------o
//	 o------- measured round trip ---o
//	 o-->  the spring pulls me: I move a quarter of the error, less
//	       if I am surer of my place than the peer is of its own
//
// Nobody moves anybody else, and no measurement is made for the sake of the
// coordinates: the pings of the failure detector are enough (vivaldi 3).
//
//	Vec         the point. Distances between points obey the triangle inequality
//	Height      the way from the node up to its access link and down again, which
//	            every path has to take; it cannot be averaged away (vivaldi 5.4)
//	Error       how wrong the predictions are, relative; it weighs who moves
//	Adjustment  the mean of what the space cannot express, of the last twenty
//
// All but Error are seconds. The prediction for a and b is
//
//	|a.Vec - b.Vec| + a.Height + b.Height + a.Adjustment + b.Adjustment
//
// without the adjustments if they made it negative.
//
// # Invariants
//
//   - A Client's coordinate is always Valid: finite, and within bounds. If a
//     step led out of them it starts anew at the origin, which is counted.
//   - What a peer says that is not Valid changes nothing. So no NaN and no
//     infinity goes from one member to the next.
//   - A peer's samples are forgotten with Forget: memory is bounded by the peers
//     that the caller knows.
//   - Products are rounded before they are added, so that no compiler fuses the
//     two steps, and every machine computes the same bits.
//
// # Format
//
// A coordinate is eleven IEEE 754 doubles, big-endian, 88 bytes:
//
//	0               64      72          80       88
//	+------ ... ----+-------+-----------+--------+
//	| Vec, 8 times  | Error | Adjustm.  | Height |
//	+------ ... ----+-------+-----------+--------+
//
// # Sources
//
// vivaldi: Dabek, Cox, Kaashoek, Morris, "Vivaldi: A Decentralized Network
// Coordinate System", SIGCOMM 2004. The median filter and gravity: Ledlie,
// Gardner, Seltzer, "Network Coordinates in the Wild", NSDI 2007. The
// adjustment: Lee, Zhang, Sahu, Saha, Srinivasan, "On Suitability of Euclidean
// Embedding for Host-based Network Coordinate Systems", 2010. The parameters
// are those of HashiCorp's Serf.
package coordinate
