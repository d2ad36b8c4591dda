// Package raft keeps one log the same on several servers, whatever crashes and
// whatever the network does, as long as a majority of them can talk.
//
// It is a core without edges. It has no clock, no goroutine, no socket and no
// file: the time and everything that happens come in as calls, and what is to
// be done comes out as [Effects]. The same code runs under a real driver and in
// a simulator; with the same calls and the same Config.Rand it does the same.
//
//	r, err := raft.New(now, raft.Config{ID: "n1", Rand: rnd}, stored)
//	for {
//		select { // the events
//		case <-timer at r.Deadline():  r.Tick(now)
//		case m := <-network:           r.Receive(now, m)
//		case id := <-disk:             r.Persisted(now, id)
//		case c := <-callers:           index, term, err := r.Propose(now, [][]byte{c})
//		}
//		e := r.Effects() // and what to do
//		send(e.Messages)              // may be lost
//		store(e.Write)                // then call Persisted with its ID
//		apply(e.Committed)            // each entry once, in order
//		answer(e.Reads)               // linearizable from this index on
//	}
//
// All that was proposed between two calls of Effects is one Write, one fsync,
// and one message to each follower. The core holds back what must not be said
// before a write is durable; a driver need not know the rules.
//
// # A worked example
//
// n1 leads n2 and n3 and is given a command x. Its log ends at 4 of term 2:
//
//	n1                          n2                    n3
//	Propose(x): 5/2
//	  write #7: 5/2 x  ------->
//	  append after 4/2: 5/2 x ->  write #4: 5/2 x
//	  append after 4/2: 5/2 x ----------------------->  write #9: 5/2 x
//	                              Persisted(4)
//	  <------------------ match 5
//	Persisted(7)
//	  5 is durable on n1 and n2: committed
//	  apply 5/2 x, answer
//	  append after 5/2 commit 5 -> apply
//	                                                    Persisted(9)
//
// The scripts in testdata play this and some sixty other stories, among them
// the paper's figures; each begins with a picture.
//
// # What holds
//
// What the paper promises (raft figure 3), and what the tests check after every
// step of random schedules; the first five also in every state that three
// servers can get into within small bounds (exhaustive_test.go):
//
//   - Election safety: at most one leader a term.
//   - Leader append-only: a leader never overwrites or removes entries of its log.
//   - Log matching: the same index and term means the same log up to there.
//   - Leader completeness: what is committed is in the log of every later leader.
//   - State machine safety: no two servers apply different entries at an index.
//   - Reads: a read sees all that was acknowledged before it began, be it by a
//     round of heartbeats or by the leader's lease.
//
// What holds inside one server, [Raft.Check] lists. What a driver must do:
// carry out writes in order, whole or not at all; call Persisted only for what
// a crash cannot take away; never start a server twice on one disk, nor an ID
// on another disk than its own. now counts from an arbitrary origin of each
// server and is not negative; the clocks of two servers may differ by anything,
// but not run apart by more than Config.LeaseMargin in an election timeout.
//
// # Where to find what
//
//	types.go          the words: terms, indexes, entries, effects
//	options.go        Config, its defaults, the errors
//	message.go        what servers say to each other      codec.go  as bytes
//	raft.go           the events: New, Bootstrap, Tick, Receive, Persisted
//	effects.go        what comes out                      disk.go   what must wait for the disk
//	election.go       candidates and votes                quorum.go majorities, also joint ones
//	leader.go         what only a leader knows and does   progress.go what it knows of a follower
//	replication.go    appends and their answers           log.go    the log in memory
//	read.go           linearizable reads                  lease.go  ... without a round
//	membership.go     changes of the members              configuration.go the set of members
//	transfer.go       handing the leadership over         snapshot.go for whom the log is gone
//	status.go         for people                          check.go  for tests
//
// # Formats
//
// Numbers are unsigned varints (uv) below 2^63 unless said otherwise, strings
// and bytes have their length before them (praetor/internal/wire). A message:
//
//	0         1        2
//	+---------+--------+----------+----------+------------+---------+------+
//	| version | kind   | from str | to str   | cluster uv | term uv | body |
//	| u8 = 1  | u8     | <= 255 B | <= 255 B | 64 bits    |         |      |
//	+---------+--------+----------+----------+------------+---------+------+
//
// The bodies, by kind; b is a byte 0 or 1:
//
//	 1 VoteRequest    last index, last term, b pre, b transfer
//	 2 VoteResponse   b pre, b granted
//	 3 AppendRequest  prev index, prev term, commit, count, entries
//	 4 AppendAccept   match
//	 5 AppendReject   prev index, hint term, hint index
//	 6 Heartbeat      round (64 bits), sent at, commit
//	 7 HeartbeatAck   round (64 bits), sent at
//	 8 SnapshotPart   meta, offset (64 bits), b last, bytes <= 4 MiB
//	 9 SnapshotAck    index, received (64 bits)
//	10 TimeoutNow
//	11 ReadRequest    seq (64 bits), mode
//	12 ReadResponse   seq (64 bits), index, b ok
//	13 StaleTerm
//
// An entry within a message has no index, which follows from its place, and
// only the difference of its term to the one before (the first one's, to prev
// term):
//
//	+---------+---------------+------------------------+
//	| kind u8 | term delta uv | data: bytes <= 8 MiB   |
//	+---------+---------------+------------------------+
//
// [AppendEntry], [AppendSnapshotMeta] and [AppendConfiguration] draw the rest.
//
// # Sources
//
// raft: D. Ongaro, J. Ousterhout, "In Search of an Understandable Consensus
// Algorithm (Extended Version)", 2014. thesis: D. Ongaro, "Consensus: Bridging
// Theory and Practice", 2014. The fix of single-server changes: D. Ongaro, "bug
// in single-server membership changes", raft-dev, 10 July 2015.
package raft
