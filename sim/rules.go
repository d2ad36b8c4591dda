package sim

// A Rule is something that must hold in every run, whatever fails in it.
type Rule struct {
	Name    string // as the checker calls it, and as a Failure names it
	Section string // where it is promised: a paper and its section, or a part of this project
	File    string // of this package, where it is checked
	Says    string // the promise, in one sentence
}

// rules are all there are, those of one file together. A checker that breaks a
// rule names it; the tests ask that each name stands here, with its file.
var rules = []Rule{
	{"election safety", "raft 5.2", "check_leader.go",
		"At most one leader can be elected in a term, because a majority must vote for it and a server votes once a term."},

	{"state machine safety", "raft 5.4.3", "check_log.go",
		"If a server has applied an entry at an index, no other server ever applies a different one there."},
	{"only what is in the log is applied", "raft figure 2", "check_log.go",
		"A server applies the entries of its log up to its commit index, and nothing else."},

	{"only what conflicts is deleted", "raft figure 2, AppendEntries 3", "check_overwrites.go",
		"A follower deletes entries only where an existing one conflicts with a new one."},
	{"who is told to campaign has the whole log", "thesis 3.10", "check_transfer.go",
		"A leader brings the target of a transfer up to date before it tells it to campaign."},

	{"commitment only grows", "raft figure 2", "check_commit.go",
		"As long as a server runs, its commit index and its applied index never go backwards, and nothing is applied before it is committed."},

	{"an old entry is not committed by counting", "raft 5.4.2, figure 8", "check_commit.go",
		"A leader commits an entry of its own term once a majority has it, and older ones only together with it."},
	{"committed is what a majority has on disk", "raft 5.3", "check_commit.go",
		"An entry is committed once it is durable on a majority of the voters."},

	{"votes go to the up-to-date", "raft 5.4.1", "check_votes.go",
		"A voter denies its vote, and its pre-vote, if its own log is more up-to-date than the candidate's."},
	{"no term is raised in vain", "thesis 9.6", "check_votes.go",
		"A candidate raises its term only once a majority would vote for it, or its leader tells it to."},

	{"a leader without a majority steps down", "thesis 6.2", "check_contact.go",
		"A leader that hears from no majority for an election timeout leads no longer."},

	{"members change one at a time", "thesis 4.1; Ongaro, raft-dev, 10 July 2015", "check_config.go",
		"A leader changes the members only when the change before is committed, and with it an entry of its own term."},
	{"the members are those in the log", "thesis 4.1", "check_config.go",
		"A server uses the latest configuration in its log, and falls back to the one before if that is removed from the log."},
	{"a snapshot holds the members as of its end", "raft 7", "check_config.go",
		"A snapshot includes the latest configuration in the log as of its last index."},
	{"all servers agree on the members", "raft 6", "check_config.go",
		"A server uses the latest configuration in its log, so once nothing fails all use the same."},

	{"same index, same state", "raft 2", "check_state.go",
		"State machines are deterministic: those that applied the same log up to the same index are in the same state."},
	{"all servers catch up", "raft 5.3", "check_state.go",
		"The leader repeats its messages until every follower holds its log, so once nothing fails all servers are at the same index."},

	{"what was synced stays", "raft figure 2, persistent state", "check_disk.go",
		"Term, vote and log are on stable storage before a server answers, so a crash finds again all that was confirmed, and each write whole or not at all."},

	{"what is promised is durable", "raft figure 2", "check_promises.go",
		"Term, vote and log are on stable storage before a server says that it has them, or a crash would break its word."},

	{"what is acknowledged is committed", "raft 5.3", "check_writes.go",
		"The leader answers a client only after the entry is committed, with the index at which it stands."},
	{"what is acknowledged is never lost", "raft 5.4", "check_writes.go",
		"A committed entry is in the log of every later leader, so an acknowledged write is there for good."},
	{"a write takes effect once", "raft 8", "check_writes.go",
		"A request stands in the log at most once, also if its sender is not sure that it arrived."},
	{"a refused write changes nothing", "praetor, answers to clients", "check_writes.go",
		"A server says no only to a request that is not in the log and never will be."},

	{"a condition is judged on the key as it is", "Consul, KV store, cas", "check_writes.go",
		"A check-and-set writes if, and only if, the key's index is the one that it names when its turn in the log comes."},

	{"writes are linearizable", "raft 8", "check_reads.go",
		"Each write takes effect at one moment between its start and its end, after all that ended before it began."},
	{"reads are linearizable", "raft 8, thesis 6.4", "check_reads.go",
		"A read that is not stale sees at least what anybody was told before it began."},
	{"reads see what was written", "raft 8", "check_reads.go",
		"What a read returns is what some client wrote to that key."},
	{"each key is linearizable", "raft 8", "check_linear.go",
		"There is an order of all operations on a key, each at a moment between its start and its end, that explains what all clients were told."},
	{"a stale answer tells its age", "Consul, consistency modes", "check_stale.go",
		"A stale read tells how long ago its server heard from the leader, and no less than that."},
	{"who knows a leader keeps up", "raft 5.3", "check_stale.go",
		"A server that hears from a leader all the time lacks nothing that was committed long ago."},
	{"a server never goes back", "raft figure 2", "check_stale.go",
		"As long as a server runs, no answer of it is older than one that it gave before."},
	{"a list is one moment", "Consul, KV store, recurse", "check_lists.go",
		"A list shows all of its keys, and no others, as they were at one index of the log."},
	{"watches see every change", "Consul, blocking queries", "check_watches.go",
		"A read that waits is woken by every change of what it reads, as soon as its server has applied it."},
	{"watches sleep through other writes", "praetor, blocking queries", "check_watches.go",
		"A read that waits is woken by a change of what it reads, and by nothing else."},
	{"an index never goes back", "Consul, blocking queries", "check_watches.go",
		"The index of an answer is never 0, and not below one that was told for the same keys before."},

	{"the living are seen alive", "swim 4.2", "check_members.go",
		"A member that runs and can be reached refutes what is said against it, so in the end everybody takes it for alive."},
	{"the dead are seen dead", "swim 4.3", "check_members.go",
		"Strong completeness: the crash of a member is detected by all that are alive."},
	{"the catalog agrees with gossip", "praetor, reconciliation", "check_members.go",
		"The leader writes what gossip knows of each member into the catalog, until the two agree."},

	{"what was damaged on its way is refused", "praetor, formats", "datagram.go conn.go exchange.go",
		"Every message has a checksum, so one with a wrong bit is dropped whole, whatever the network beneath let through."},
	{"faults fire as configured", "praetor, the ledger", "ledger.go",
		"Each fault strikes about as often as it is configured, and one that must change something does: else a run shows nothing."},
	{"an agent knows what was registered with it", "praetor, local state", "check_services.go",
		"What was registered with an agent is there until somebody takes it back or its check asks for that, over restarts of the agent, too."},
	{"an agent knows how its services are", "praetor, local state", "check_services.go",
		"The status of a check follows what is true of the service, within its interval or TTL."},
	{"agent and catalog agree", "praetor, anti-entropy", "check_services.go",
		"The agent is the truth and the catalog the copy: what the catalog has of a node becomes what the node's agent has."},
	{"what is not written yet is written soon", "praetor, anti-entropy", "check_services.go",
		"An agent repeats a write to the catalog that failed, and goes on with what has changed while one was under way."},
	{"no agent deregisters a service that is registered with it", "praetor, anti-entropy", "check_services.go",
		"An agent takes a service out of the catalog only after it was taken back from the agent."},
	{"no flap deregisters a healthy service", "praetor, local state", "app.go",
		"A service is given up only if its check was critical for as long as its deregister_critical_service_after says."},

	{"only a member raises its incarnation", "swim 4.2", "check_gossip.go",
		"Only a member itself increments its incarnation, so nobody hears of one that it never had."},
	{"no member rises from the dead", "swim 4.2", "check_gossip.go",
		"A member that was dead or had left comes back with a higher incarnation, and one that was forgotten only if it lives."},
	{"an ack counts for the ping that it answers", "swim 3.1", "check_probes.go",
		"A probe ends well by an ack with its own sequence number, and by nothing else."},
	{"an answer has the number of its question", "swim 3.1", "check_probes.go",
		"Who pings in the place of another passes the ack on as the answer to what it was asked."},
	{"the health multiplier follows the probes", "lifeguard IV-A", "check_probes.go",
		"The local health multiplier rises with each probe that fails, nack that is missed and suspicion that is refuted, and falls with each ack."},
	{"each member is probed in turn", "swim 4.3", "check_probes.go",
		"Members are probed in the order of a shuffled list, so each has its turn in 2n-1 protocol periods."},
	{"a suspicion ends", "swim 4.2, lifeguard IV-B", "check_probes.go",
		"A suspect that does not refute is declared dead when its suspicion has lasted for its longest time."},
	{"a failure is found, or heard of", "swim 3.2, memberlist", "check_deaths.go",
		"A member is taken for failed when a suspicion ends or gossip says so, not by another's state, and not because it leaves."},
	{"who finds a death tells of it", "swim 3.2", "check_deaths.go",
		"The failure of a member is disseminated to the group."},
	{"no accuser counts twice", "lifeguard IV-B", "check_deaths.go",
		"Only independent suspicions shorten the time in which a member may refute."},

	{"nobody who is well is declared dead", "swim 4.2, lifeguard IV", "check_gossip.go",
		"In a network that loses nothing a member that runs is never declared dead."},
	{"the living are seen alive within the bound", "swim 4.3", "check_gossip.go",
		"Everybody learns of a member that starts."},
	{"the dead are seen dead within the bound", "swim 4.3", "check_gossip.go",
		"The time until a crash is detected by all is bounded: by the round of probes, the suspicion, and the spread of the news."},

	{"no live voter is taken out", "praetor, voters", "check_layers.go",
		"A leader takes only such a server out of the configuration as gossip has given up or as has left."},
	{"a node that has not left stays in the catalog", "praetor, reconciliation", "check_layers.go",
		"A node that failed is critical, with all that is on it, until it comes back or leaves or is taken out by somebody."},
	{"whom gossip has given up is critical in the catalog", "praetor, reconciliation", "check_layers.go",
		"A leader writes at once into the catalog that a member has failed."},

	{"DNS answers what the catalog says", "praetor, DNS", "check_dns.go",
		"An answer holds just those instances without a critical check, their own or their node's, that the server's catalog has."},
	{"DNS answers", "praetor, DNS", "check_dns.go",
		"As long as some server can be reached, each question has an answer."},
	{"DNS never answers a critical instance for long", "praetor, DNS", "check_dns.go",
		"An instance that is critical, was taken back or is on a dead host is in no answer once its check or gossip must have found out."},
	{"DNS answers every healthy instance", "praetor, DNS", "check_dns.go",
		"An instance that is registered and not critical is in every answer once its check must have found out."},

	{"a quorum elects a leader", "raft 2", "verbs_phases.go",
		"A majority of servers that run and reach each other is enough for everything, whatever has become of the others."},
	{"a quorum makes progress", "raft 2", "verbs_phases.go",
		"A majority of servers that run and reach each other commits what clients ask for."},
	{"a quorum sees itself alive", "swim 4.2", "verbs_phases.go",
		"Members that run and reach each other take each other for alive, whatever is rumoured elsewhere."},
	{"a quorum's catalog agrees", "praetor, reconciliation", "verbs_phases.go",
		"A leader writes into the catalog that those whom it sees alive are well."},

	{"no panic", "praetor, invariants", "world.go",
		"A panic is a broken invariant of the code itself."},
	{"messages decode", "praetor, wire formats", "conn.go",
		"What one server encodes another one decodes."},
	{"a server starts after any crash", "praetor, recovery", "host.go",
		"The log on a disk that lost power, but is not damaged, is recovered without help."},
	{"no server gives up", "praetor, errors", "process.go",
		"No message and no sequence of events brings a server to stop for good."},
	{"deadlines move", "praetor, cores", "process.go",
		"Handling a deadline moves it, so that a server cannot spin."},
	{"a request has one answer", "praetor, answers to clients", "process.go verbs_keys.go verbs_services.go",
		"Every request is answered, and once."},

	{"what the scenario expects", "the scenario", "expect.go verbs_keys.go verbs_services.go",
		"The scenario says what must come of it."},
	{"the scenario makes sense", "the scenario", "triggers.go play.go",
		"The step that a trap does is possible when the trap springs."},
}

// Rules returns all rules, those of one file together.
func Rules() []Rule { return append([]Rule(nil), rules...) }

// ruleNamed returns the rule with the name. One that is not in the table, which
// the tests do not let pass, has nothing but its name.
func ruleNamed(name string) Rule {
	for _, r := range rules {
		if r.Name == name {
			return r
		}
	}
	return Rule{Name: name}
}
