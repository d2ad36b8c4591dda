// Package swim finds out who is in the group, who failed and who left: SWIM
// with the refinements of memberlist and Lifeguard, as a pure core.
//
// # Use
//
// A [Pool] is one member's part in the group. It has no clock, no socket and
// no goroutine. The driver tells it the time and what arrived, and carries out
// what it wants done:
//
//	cfg := swim.DefaultLAN()
//	cfg.Name, cfg.ID, cfg.Addr, cfg.Rand = "web-1", id, addr, rng
//	pool, err := swim.New(now, cfg)
//	pool.Join(now, seed)
//	for {
//		// A datagram came:        pool.Packet(now, from, b)
//		// a stream was opened:    pool.StreamRequest(now, from, b)
//		// a reply on a stream:    pool.StreamReply(now, id, b, err)
//		// it is pool.Deadline():  pool.Tick(now)
//		e := pool.Effects() // datagrams and streams to send, events to act on
//	}
//
// The example of Pool shows two members in one loop. The same seed and the same
// calls give the same effects, to the byte: all randomness is from Config.Rand,
// and nothing depends on the order of a map.
//
// # How it works
//
//	every ProbeInterval   ping the next member of a shuffled ring; no ack: ask k
//	                      others to ping it, and ping by stream; no ack by the
//	                      end of the interval: suspect it        probe.go, relay.go
//	while suspected       it may refute with a higher incarnation; else it is
//	                      declared dead; each accuser shortens the wait
//	                                                             suspicion.go
//	on every datagram     news rides along, least sent first     queue.go
//	every GossipInterval  the same news to a few at random       gossip.go
//	every PushPullInterval  all state to and from one at random  pushpull.go
//	now and then          the same with one that failed          pushpull.go
//	now and then          a user event is fired                  event.go
//	once                  join in two exchanges, leave in order  join.go, leave.go
//	on every direct ack   move this member's network coordinate  place.go
//
// What is heard is decided in hear.go, by the table in precedence.go. A member
// goes through its states so:
//
//	        no ack             no refutation         ReapAfter
//	[Alive] ------> [Suspect] ---------------> [Dead] ---------> forgotten
//	 |  ^  ^            |                       |  |                 ^
//	 |  |  +--refutes---+                       |  | ForceLeave      |
//	 |  |                                       |  v                 |
//	 |  +-- a higher incarnation ---------------+--[Left] -----------+
//	 |                                              ^  |  prune      |
//	 +----------------- Leave ----------------------+  +-> [Pruned] -+
//
// # Invariants
//
//   - Of two statements on a member the one of the higher incarnation counts,
//     within an incarnation the one of the later state. So all who hear the same
//     believe the same, in whatever order they hear it.
//   - Only the member itself raises its incarnation: to refute, to change its
//     tags, and to outlive an earlier life of the node. A restarted node may
//     start at incarnation 0: before anybody hears of it, its join tells it what
//     the group remembers.
//   - A name belongs to one node. A second that wants it, while the first is
//     live or failed less than ReclaimAfter ago, is not let in, and reported.
//     Where two came in all the same, in a group that was cut in two, each
//     member keeps the one that it knew first and reports the other: no view
//     flaps, what is said of one is not taken for the other, and when one of
//     them goes the other takes its place.
//     A node that comes back under its ID at another address has moved, unless
//     something there still answers to its name.
//   - What another believes dead is only suspected here, until it was given the
//     time to refute. What was forgotten is not learned again from others that
//     remember a little longer.
//   - Everything is bounded: members, names, tags, queued updates, relayed
//     pings, exchanges. What does not fit is dropped and counted in [Stats].
//
// # Formats
//
// Every message is a header and sections. A datagram is one message of at most
// MaxPacket bytes; on a stream a message is one frame each way, of at most
// MaxStream bytes. Lengths, counts, incarnations and sequence numbers are
// uvarints, a string is a length and its bytes, the rest is big-endian.
//
//	0         1                 5
//	+---------+-----------------+----------------+---------+---------+-----
//	| version | CRC-32C of what | label (string) | section | section | ...
//	|  = 1    | follows (u32)   |                |         |         |
//	+---------+-----------------+----------------+---------+---------+-----
//
//	section:
//	+-----------+--------+------ ... ------+
//	| kind (u8) | length | length bytes    |
//	+-----------+--------+------ ... ------+
//
// A section of an unknown kind is skipped by its length. A message with a
// malformed section is dropped as a whole. The kinds, and what is in them:
//
//	 1 ping       seq | name of who is meant
//	 2 ack        seq | coordinate of the sender, if it keeps one
//	 3 nack       seq
//	 4 ping-req   seq | name | address | wants a nack (0 or 1)
//	16 alive      description
//	17 suspect    incarnation | name | mark | accuser's name
//	18 dead       incarnation | name | mark | accuser's name
//	19 left       incarnation | name | mark | accuser's name
//	20 pruned     incarnation | name | mark | accuser's name
//	24 event      Lamport time | ID (16 bytes) | name | payload | node | service | tag
//	32 join       node                          (stream, asks for admission)
//	33 members    count | record ...            (stream, request and reply)
//	34 refusal    node, who has the name        (stream, reply to join)
//	35 clock      Lamport time                  (stream, request and reply)
//
//	mark:         CRC-32C of the member's ID (u32)
//	node:         name | ID | address
//	description:  incarnation | name | ID | address | protocols (2 x u8) | tags
//	record:       state (u8) | seconds since it ended | description |
//	              accuser's name, if the state is suspect
//	address:      4 or 16 | that many bytes of IP | port (u16)
//	coordinate:   88 bytes, see package coordinate
//	tags:         length in bytes | key | value | key | value ..., by key
//
// The first record of a members section is that of the sender. Beside it stand
// the clock of user events and the newest of those.
//
// # Sources
//
// swim: Das, Gupta, Motivala, "SWIM: Scalable Weakly-consistent
// Infection-style Process Group Membership Protocol", DSN 2002. lifeguard:
// Dadgar, Phillips, Currey, "Lifeguard: Local Health Awareness for More
// Accurate Failure Detection", 2017, arXiv 1707.00788. Push-pull, gossip
// beside probes, the fallback probe by stream and the reconnects are those of
// HashiCorp's memberlist and Serf.
package swim
