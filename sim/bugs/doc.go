// Package bugs shows what the simulator is worth: it plants a known slip into
// the production code, plays random scenarios until a checker sees it, and
// counts how many seeds that took.
//
//	NAME.txt    the slip: what it is, what it breaks, who should see it, old and new lines
//	   |  Plant; merge: all of them, each with a switch, so that one build will do
//	   v
//	go build -overlay    a simulator with the slips in it; no file of the project is touched
//	   |
//	   +-- sim run SCENARIO       does a scenario that comes with the simulator see it?
//	   +-- sim search -seeds N    and after how many seeds does a random one?
//	   |
//	   v
//	the kill matrix: bug, section, expected checker, who caught it, seeds, time
//
// The simplest use is
//
//	go run ./cmd/sim bugs -seeds 1000
//	go run ./cmd/sim bugs -only commits-an-old-term
//
// A slip is the kind that a programmer makes: a comparison off by one, a check
// forgotten, a step too early. The code with it works on a good day; a schedule
// has to be found that shows it. So a bug that nobody catches says that a fault,
// a workload or a checker is missing, and a checker that catches nothing alone
// says that nobody knows whether it works.
//
// A bug counts as caught only if the simulator without it plays the very same
// seed well. The score is that of the search; the scenarios, which were written
// by people who knew the bugs, are shown beside it.
//
// An edit whose old lines are not in the code exactly once fails the tests of
// this package, as does one that does not compile: who changes the code moves
// the bug along.
//
// # What is not here
//
// The bugs of sessions and locks come with sessions and locks. Some classics
// break no promise in this design:
//
//   - A follower that commits up to the end of its log, and not of what the
//     request checked: the leader's hints let it go on exactly where the logs
//     part, so that nothing of the old log is left behind a request. The same
//     slip in the heartbeat, which checks nothing, is here.
//   - Pings in the same order in each pass: the bound of 2n-1 periods holds.
//   - The term apart from the vote: both are one record on disk. That either
//     of them is not written is here.
//   - Votes that are delivered twice: a candidate keeps them by voter.
//   - Two voters changed at once without a joint configuration: the leader
//     never asks for more than one.
//   - A segment of the log that is dropped one entry too early: the snapshot
//     covers that entry, which was kept for slow followers only.
//   - A new segment before the old one is synced: only a crash in the middle of
//     that one operation shows it. The tests of package wal enumerate those; here,
//     crashes come between operations.
//   - A snapshot installed over a log that reaches further: a leader sends one
//     only to a server whose log ends, or differs, before it, and on a connection
//     that keeps the order nothing overtakes it.
//   - A joiner that keeps the incarnation which the group holds for dead: the same
//     answer that tells it so is taken for an accusation, and refuted.
//   - A snapshot that is older than what was committed: on a connection
//     that keeps the order none arrives.
package bugs
