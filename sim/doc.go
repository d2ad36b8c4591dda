// Package sim plays whole clusters in one thread, under a virtual clock, with
// every failure replayable from its seed. The servers in it are the very code
// that the agent runs; only what is around them is simulated:
//
//	            scenario: servers, faults, what clients do, what must come of it
//	                                   |
//	+----------------------------------v----------------------------------------+
//	| world: one queue of events, ordered by (virtual time, sequence)           |
//	|                                                                           |
//	|  host n1                    network                       host n2         |
//	|  +--------------------+     datagrams: lost, doubled,     +-------------+ |
//	|  | process:           |     late, overtaking              | process     | |
//	|  |   server.Server  <-+---> gossip exchanges          <---+->  ...      | |
//	|  |   wal.WAL          |     connections between servers:  |             | |
//	|  +---------+----------+     in order, stalled, reset      +------+------+ |
//	|            v                                                     v        |
//	|  sim/disk: loses, tears and reorders what was not synced       disk       |
//	+--------------+---------------------------------------------+--------------+
//	               v                                             v
//	     trace: a line for each event that              checkers: rules that are
//	     matters, and a hash of all                     looked at after every event
//
// The simplest use is
//
//	go run ./cmd/sim run first-light -seed 1
//
// and, from Go,
//
//	s, err := sim.Load("first-light")
//	r, err := s.Play(sim.Options{Seed: 1, Out: os.Stdout})
//	// r.Failure says which rule broke, or is nil
//
// # Determinism
//
// A run is a function of the scenario and the seed. There is one goroutine, no
// clock but the world's, and no random number but from the streams that
// are made from the seed, one for each link, disk, server and client, so that
// one more message on one link does not change what happens on the others.
// Every message, datagram and line goes into the trace's hash; two runs of one
// seed have the same.
//
// # What is simulated, and how faithfully
//
// A host has a disk and, while its agent runs, a process: a server, or a client
// agent, which has a place in gossip only. Each process has a clock of its own,
// which starts at zero with it and may drift. A crash cuts the power: the disk
// keeps, of what was not synced, what a real one might, and the process is gone.
// A kill ends the process alone; what it wrote stays with the system. Messages
// that were sent before either still arrive.
//
// A connection between two servers behaves as the real driver's does over TCP:
// connecting takes a round trip; a lost packet is sent again after 200 ms,
// then 400, and what is behind it waits; a cut stalls it, and when the cut
// heals within ten seconds all that waited arrives, late and in order; when it
// does not, or the other process has gone, the server is told, as
// server.PeerLost and server.Undelivered have it. See conn.go.
//
// Writes go to the real log, package wal, on the simulated disk: while one
// sync is under way the writes that come gather for the next one.
//
// # Agents and services
//
// Each process, of a server or a client, has the local state of the real agent
// (keeper.go): services and checks, in files that outlive it (kept.go), which
// anti-entropy brings into the catalog. A client's calls go to one server after
// the other as the real driver's do (request.go); one may come late, when its
// caller has long given up. On the hosts run apps (app.go), which are healthy or
// not, whatever agents and catalog believe: they are the truth that all is held
// against. Apps also ask for each other: the DNS of package dns answers from the
// catalog of the agent's server (lookup.go).
//
// # Faults
//
// faults.go lists all kinds of fault. A rate strikes with a probability
// whenever it could, and has a random stream of its own in each place, so that
// one kind that is switched on changes nothing about when the others strike. A
// deed is a step; one that is aimed at the leader waits until there is one. The
// [Ledger] counts of each kind how often it was configured, fired, and changed
// something, and a run in which a fault did not come as configured fails.
//
// What a rate of the network does can also be said packet by packet: "lose n1 ->
// n2 append #3" (weather.go). A random run has rates; what is shrunk has packets.
//
// Three of them need a word. A clock only ever leaps ahead, because a monotonic
// clock does; on a real machine that is a virtual machine moved while it runs.
// A follower whose clock leaps by more than the lease's margin may vote while
// the old leader still trusts its lease: leases rest on clocks that run almost
// alike (thesis 6.4.1), and random runs leap by less. A server whose disk was
// wiped must come back with a new ID, as the real agent does, whose ID is on
// that disk: Raft does not survive a voter that forgot. And a damaged message
// between servers, or a datagram, is refused by its checksum; requests that an
// agent forwards over HTTP/2 have none but TCP's, and are not damaged here.
//
// # Scenarios and traps
//
// [Scenario] describes the texts, sim -h lists their steps. A step may wait
// for a time ("at 5s crash leader") or for what happens to the servers ("when n2
// leads, after it appends 7: cut n2 -> n3"); the second kind goes on telling
// its story when an edit elsewhere moves the times (moments.go, triggers.go).
// [Random] makes a scenario from a seed, as a text too, so that a failing one
// can be printed, cut down by hand and kept.
//
// # Searching and shrinking
//
// A search plays random scenarios on all cores; the outcome does not depend on
// how many there are. Its faults are noise and plots: sequences that are shaped
// for one weak place of the protocols each. After the faults a quorum recovers
// and must do all that is promised while the others stay in trouble, and only
// then all recover (verbs_phases.go, bounds.go). [Focus] says what the faults
// aim at.
//
//	go run ./cmd/sim search -seeds 1000 -only raft
//	go run ./cmd/sim shrink -seed 407 -only raft -o found.txt
//
// What fails is shrunk: to few faults, few servers and single requests, which
// wait for moments instead of times where they can, and which say of themselves
// how firmly they fail (shrink.go).
//
// # Clients
//
// Clients read and write keys in every way that the API has: puts, conditional
// ones, deletions, reads in three modes, lists, and reads that wait for a change
// (client.go, client_mix.go). They lose patience, ask again, name indexes from
// before and forget what they knew. All that they do and are told is kept
// (history.go); truth.go makes of the committed log what the answers are held
// against, and package linear judges the history without it. Each operation is
// also a step of a scenario, with what must come of it (verbs_keys.go).
//
// # Rules
//
// Each is in a file check_*.go with its source. They see only what a driver
// sees: effects, views, disks and answers.
//
//	check_leader.go   at most one leader a term (raft 5.2)
//	check_promises.go what a server says, its disk holds (raft figure 2)
//	check_log.go      one entry an index, for all and for ever (raft 5.4.3)
//	check_commit.go   commitment only grows (raft figure 2)
//	check_state.go    same index, same state
//	check_disk.go     what was synced stays; no write is there by half
//	check_writes.go   acknowledged: there for good; refused: never; none twice
//	check_reads.go    no operation falls behind what anybody was told before
//	check_linear.go   each key is linearizable: some order explains all answers
//	check_lists.go    a list is one moment
//	check_stale.go    stale reads tell their age; no server goes back
//	check_watches.go  every change wakes who waits for it, and nothing else does
//	check_members.go  gossip, and the catalog, agree with the truth after quiet
//	check_gossip.go   no incarnation is made up, none rises from the dead; deaths
//	                  and lives are known within a bound (swim 4.2, 4.3)
//	check_layers.go   gossip, the configuration and the catalog tell one story
//	check_services.go agents know their services, and the catalog agrees
//	check_dns.go      DNS answers what is there, and nothing critical for long
//
// rules.go has a table of them, with where each is promised.
//
// planted_test.go plants a bug for each of them, and sees it caught.
//
// # Records, explanations and pictures
//
// With Options.Record a run keeps every event with its cause, which changes
// nothing in the run and costs nothing without it. [Scenario.Explain] plays a
// failing run again and tells what led to the failure; sim run -html draws a
// run. Both are the work of package story.
package sim
