// Package crowd plays large groups of gossip members, and nothing else: the
// production code of package swim, hundreds or thousands of times, on a
// network that delays and loses datagrams, in one thread and in virtual time.
// It is what the tables of SWIM's and Lifeguard's figures are measured with.
//
//	c := crowd.New(crowd.Config{Members: 1000, Seed: 1, Gossip: swim.DefaultLAN(), Loss: 0.01})
//	c.Run(30 * time.Second)
//	c.Kill(7)
//	c.Run(60 * time.Second)
//	// c.OnEvent was called with each member's view of what happened
//
// A crowd begins settled: everybody knows everybody, at incarnation 0, and the
// members' protocol periods begin at random times of the first one, as if they
// had been together for long. The same configuration gives the same run, to the
// datagram.
//
// The network takes Delay to Delay+Jitter for a datagram and loses a share
// Loss of them, each at its receiver. An exchange over a stream takes three
// times a datagram's delay, and is refused by who is down.
//
// A member may stall: for a time it gets no processor, or is slow with its
// messages only, and then runs for a moment, again and again. What arrives
// meanwhile waits for it in the buffer of its socket, and what is too much for
// that is lost.
//
// Package sim has the whole world: servers, disks, connections and faults. Its
// members cost more, so it plays dozens where this plays thousands.
package crowd
