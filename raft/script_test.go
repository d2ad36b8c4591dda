package raft

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"praetor/internal/script"
)

func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		c := &scripted{t: t, members: map[NodeID]*member{}, ahead: map[NodeID]time.Duration{}}
		return c.run
	})
}

// scripted is a cluster that a script plays. Everything that a command makes
// the servers do is done by the time it ends, except for the delivery of
// messages and, on slow disks, writes: these wait for a command of their own.
type scripted struct {
	t       *testing.T
	now     time.Duration
	ahead   map[NodeID]time.Duration // how far a server's clock is before now
	order   []NodeID
	members map[NodeID]*member
	network []Message
	seeds   uint64
	out     strings.Builder
	quiet   bool
}

// run carries out one command and returns what happened.
func (c *scripted) run(cmd script.Command) string {
	c.out.Reset()
	c.quiet = cmd.Named["quiet"] == "yes"
	verb, ok := scriptVerbs[cmd.Verb]
	if !ok {
		c.t.Fatalf("%s: no such command: %s", cmd.Pos, cmd.Verb)
	}
	verb(c, cmd)
	for _, id := range c.order {
		c.drain(c.members[id])
	}
	return c.out.String()
}

var scriptVerbs = map[string]func(*scripted, script.Command){}

func init() {
	scriptVerbs = map[string]func(*scripted, script.Command){
		"nodes":     (*scripted).nodes,
		"bootstrap": (*scripted).bootstrap,
		"elect":     (*scripted).elect,
		"win":       (*scripted).win,
		"timeout":   (*scripted).timeout,
		"heartbeat": (*scripted).heartbeat,
		"impatient": (*scripted).impatient,
		"advance":   (*scripted).advance,
		"pass":      (*scripted).pass,
		"deliver":   (*scripted).deliver,
		"drop":      (*scripted).drop,
		"duplicate": (*scripted).duplicate,
		"settle":    (*scripted).settle,
		"persist":   (*scripted).persist,
		"slow":      (*scripted).slow,
		"propose":   (*scripted).propose,
		"read":      (*scripted).read,
		"change":    (*scripted).change,
		"transfer":  (*scripted).transfer,
		"compact":   (*scripted).compact,
		"crash":     (*scripted).crash,
		"restart":   (*scripted).restart,
		"logs":      (*scripted).logs,
		"roles":     (*scripted).roles,
		"status":    (*scripted).status,
		"lease":     (*scripted).lease,
		"applied":   (*scripted).applied,
		"network":   (*scripted).showNetwork,
	}
}

func (c *scripted) printf(format string, args ...any) {
	if !c.quiet {
		fmt.Fprintf(&c.out, format+"\n", args...)
	}
}

func (c *scripted) member(cmd script.Command) *member {
	m := c.members[NodeID(cmd.Arg(0))]
	if m == nil {
		c.t.Fatalf("%s: no server %q", cmd.Pos, cmd.Arg(0))
	}
	return m
}

// clock returns the server's own time.
func (c *scripted) clock(m *member) time.Duration { return c.now + c.ahead[m.id] }

// drain carries out a server's effects and prints them.
func (c *scripted) drain(m *member) {
	for m.raft != nil && m.raft.HasEffects() {
		e := m.drain(c.clock(m))
		for _, msg := range e.Messages {
			c.printf("  %v", msg)
		}
		c.network = append(c.network, e.Messages...)
		if e.Write != nil && m.slow {
			c.printf("  %s writes %s", m.id, describeWrite(e.Write))
		}
		if e.Restore != nil {
			c.printf("  %s restores %d/%d", m.id, e.Restore.Index, e.Restore.Term)
		}
		if len(e.Committed) > 0 {
			c.printf("  %s applies %s", m.id, describeEntries(e.Committed))
		}
		for _, read := range e.Reads {
			if read.Err != nil {
				c.printf("  %s read %d: %v", m.id, read.ID, read.Err)
			} else {
				c.printf("  %s read %d at %d", m.id, read.ID, read.Index)
			}
		}
		for len(m.writes) > 0 && !m.slow {
			m.persist(c.clock(m))
		}
	}
	m.check(c.t)
}

func describeWrite(w *Write) string {
	s := fmt.Sprintf("#%d", w.ID)
	if w.Hard != nil {
		s += fmt.Sprintf(" term %d vote %s", w.Hard.Term, orNone(w.Hard.Vote))
	}
	if w.Snapshot != nil {
		s += fmt.Sprintf(" snapshot %d/%d", w.Snapshot.Index, w.Snapshot.Term)
	}
	if len(w.Entries) > 0 {
		s += " entries " + describeEntries(w.Entries)
	}
	return s
}

func describeEntries(entries []Entry) string {
	var all []string
	for _, e := range entries {
		all = append(all, e.String())
	}
	return strings.Join(all, ", ")
}

func orNone(id NodeID) string {
	if id == "" {
		return "nobody"
	}
	return string(id)
}

// nodes n1 n2 ...: adds servers. log=1,1,2 gives them entries of these terms on
// disk, the first of them a configuration of all the servers (or voters=...);
// term=3 and vote=n2 the hard state.
func (c *scripted) nodes(cmd script.Command) {
	voters := ids(cmd.Args)
	if cmd.Has("voters") {
		voters = ids(strings.Split(cmd.Named["voters"], ","))
	}
	for _, id := range ids(cmd.Args) {
		m := newMember(id, Config{
			ElectionTimeoutMin:  100 * time.Millisecond,
			ElectionTimeoutMax:  200 * time.Millisecond,
			HeartbeatInterval:   20 * time.Millisecond,
			MaxAppendBytes:      cmd.Int("append", 0),
			MaxInflight:         cmd.Int("inflight", 0),
			SnapshotPartBytes:   cmd.Int("part", 0),
			KeepEntries:         cmd.Int("keep", 0),
			MaxUncommittedBytes: cmd.Int("uncommitted", 0),
			DisablePreVote:      cmd.Named["prevote"] == "off",
			DisableCheckQuorum:  cmd.Named["checkquorum"] == "off",
			Trace:               func(e TraceEvent) { c.printf("%s %s", e.Node, e.What) },
		})
		m.disk.Hard.Cluster = ClusterID(cmd.Int("cluster", 0))
		m.disk.Hard.Vote = NodeID(cmd.Named["vote"])
		for i, term := range strings.FieldsFunc(cmd.Named["log"], func(r rune) bool { return r == ',' }) {
			n, err := strconv.Atoi(term)
			if err != nil {
				c.t.Fatalf("%s: %v", cmd.Pos, err)
			}
			e := Entry{Index: Index(i + 1), Term: Term(n), Data: fmt.Appendf(nil, "x%d", i+1)}
			if i == 0 {
				e.Kind, e.Data = EntryConfig, AppendConfiguration(nil, configOf(voters...))
			}
			m.disk.Entries = append(m.disk.Entries, e)
			m.disk.Hard = HardState{Cluster: 1, Term: Term(cmd.Int("term", n)), Vote: NodeID(cmd.Named["vote"])}
		}
		c.order = append(c.order, id)
		c.members[id] = m
		c.start(m)
	}
}

func (c *scripted) start(m *member) {
	c.seeds++
	if err := m.start(c.clock(m), c.seeds); err != nil {
		c.t.Fatal(err)
	}
}

func ids(words []string) []NodeID {
	var out []NodeID
	for _, w := range words {
		if w != "" {
			out = append(out, NodeID(w))
		}
	}
	return out
}

// bootstrap n1 n2 n3: n1 starts a cluster of the three. voters=... names others.
func (c *scripted) bootstrap(cmd script.Command) {
	m := c.member(cmd)
	cluster := ClusterID(cmd.Int("cluster", 1))
	voters := cmd.Args
	if cmd.Has("voters") {
		voters = strings.Split(cmd.Named["voters"], ",")
	}
	if err := m.raft.Bootstrap(c.clock(m), cluster, configOf(ids(voters)...)); err != nil {
		c.printf("%v", err)
	}
}

// timeout n1: the clock moves to where n1's deadline, and the minimum election
// timeout of all, are over; only n1 notices.
func (c *scripted) timeout(cmd script.Command) {
	m := c.member(cmd)
	c.now = max(c.now+m.cfg.ElectionTimeoutMax, m.raft.Deadline()-c.ahead[m.id])
	m.raft.Tick(c.clock(m))
}

// heartbeat n1: the clock moves to n1's next deadline.
func (c *scripted) heartbeat(cmd script.Command) {
	m := c.member(cmd)
	c.now = max(c.now, m.raft.Deadline()-c.ahead[m.id])
	m.raft.Tick(c.clock(m))
}

// impatient n1: n1's clock alone jumps to its next deadline.
func (c *scripted) impatient(cmd script.Command) {
	m := c.member(cmd)
	c.ahead[m.id] += max(0, m.raft.Deadline()-c.clock(m))
	m.raft.Tick(c.clock(m))
}

// advance 10ms: the clock moves, and nobody notices.
func (c *scripted) advance(cmd script.Command) {
	d, err := time.ParseDuration(cmd.Arg(0))
	if err != nil {
		c.t.Fatalf("%s: %v", cmd.Pos, err)
	}
	c.now += d
}

// pass 300ms: time passes, everybody does what is due, and everything is
// delivered at once, quietly. without= and hold= as with settle.
func (c *scripted) pass(cmd script.Command) {
	d, err := time.ParseDuration(cmd.Arg(0))
	if err != nil {
		c.t.Fatalf("%s: %v", cmd.Pos, err)
	}
	c.quiet = true
	for end := c.now + d; c.now < end; {
		next := end
		for _, m := range c.running(script.Command{}) {
			if d := m.raft.Deadline(); d != Never {
				next = min(next, max(c.now, d-c.ahead[m.id]))
			}
		}
		c.now = next
		for _, m := range c.running(script.Command{}) {
			m.raft.Tick(c.clock(m))
			c.drain(m)
		}
		c.settle(cmd)
	}
	c.quiet = false
}

// elect n1: n1 times out, and then all that it leads to is delivered, quietly.
func (c *scripted) elect(cmd script.Command) {
	c.quiet = true
	c.timeout(cmd)
	c.settleAll()
	c.quiet = false
	m := c.member(cmd)
	c.printf("%s %s in term %d", m.id, m.raft.Role(), m.raft.Term())
}

// win n1 from=n2,n3: n1 times out and asks for votes, which only the named
// servers (or all) are given to answer. What it sends as leader waits.
func (c *scripted) win(cmd script.Command) {
	c.quiet = true
	m := c.member(cmd)
	c.timeout(cmd)
	c.drain(m)
	for asked := true; asked; {
		asked = false
		for _, msg := range c.takeVotes() {
			voter := msg.To
			if voter == m.id {
				voter = msg.From
			}
			if !cmd.Has("from") || slices.Contains(strings.Split(cmd.Named["from"], ","), string(voter)) {
				c.receive(msg)
				asked = true
			}
		}
	}
	c.quiet = false
	c.printf("%s %s in term %d", m.id, m.raft.Role(), m.raft.Term())
	c.quiet = true // what the leader sends
	c.drain(m)
	c.quiet = false
}

// takeVotes removes the messages of elections from the network.
func (c *scripted) takeVotes() (votes []Message) {
	c.network = slices.DeleteFunc(c.network, func(m Message) bool {
		switch m.Body.(type) {
		case VoteRequest, VoteResponse, StaleTerm:
			votes = append(votes, m)
			return true
		}
		return false
	})
	return votes
}

// matching splits the network into the messages that the command names and the
// others. "n1->n2" names a link, "n1->*" all that n1 sent, "*->n1" all to it,
// "n1" both; several of them, any. type=vote names those that begin with it.
func (c *scripted) matching(cmd script.Command) (named, others []Message) {
	for _, m := range c.network {
		ok := len(cmd.Args) == 0
		for _, a := range cmd.Args {
			from, to, arrow := strings.Cut(a, "->")
			if !arrow {
				ok = ok || string(m.From) == a || string(m.To) == a
				continue
			}
			ok = ok || (from == "*" || from == string(m.From)) && (to == "*" || to == string(m.To))
		}
		if ok && strings.HasPrefix(fmt.Sprint(m.Body), cmd.Named["type"]) {
			named = append(named, m)
		} else {
			others = append(others, m)
		}
	}
	return named, others
}

// deliver: gives the named messages to whom they are for, in order. With
// times=2 what they lead to as well, and so on.
func (c *scripted) deliver(cmd script.Command) {
	for range cmd.Int("times", 1) {
		var named []Message
		named, c.network = c.matching(cmd)
		for _, m := range named {
			c.receive(m)
		}
	}
}

func (c *scripted) receive(m Message) {
	to := c.members[m.To]
	if to == nil || to.raft == nil {
		return
	}
	to.raft.Receive(c.clock(to), m)
	c.drain(to)
}

// drop: the named messages are lost.
func (c *scripted) drop(cmd script.Command) {
	var named []Message
	named, c.network = c.matching(cmd)
	for _, m := range named {
		c.printf("lost: %v", m)
	}
}

// duplicate: the named messages are in the network once more.
func (c *scripted) duplicate(cmd script.Command) {
	named, _ := c.matching(cmd)
	c.network = append(c.network, named...)
}

// settle: delivers everything, and what it leads to, until nothing is left.
// With without=n3 (or n1->n3) such messages are lost instead; with
// hold=timeout-now those that begin with it stay in the network.
func (c *scripted) settle(cmd script.Command) {
	without := script.Command{Args: strings.Split(cmd.Named["without"], ",")}
	hold := script.Command{Named: map[string]string{"type": cmd.Named["hold"]}}
	var held []Message
	for len(c.network) > 0 {
		if cmd.Has("without") {
			_, c.network = c.matching(without)
		}
		if cmd.Has("hold") {
			var more []Message
			more, c.network = c.matching(hold)
			held = append(held, more...)
		}
		c.deliver(script.Command{})
	}
	c.network = held
}

func (c *scripted) settleAll() {
	for _, id := range c.order {
		c.drain(c.members[id])
	}
	c.settle(script.Command{})
}

// slow n1: writes wait for persist. slow n1 off: they are durable at once again.
func (c *scripted) slow(cmd script.Command) { c.member(cmd).slow = cmd.Arg(1) != "off" }

// persist n1: all writes of n1 under way are durable; n=1 only the first.
func (c *scripted) persist(cmd script.Command) {
	m := c.member(cmd)
	for range cmd.Int("n", len(m.writes)) {
		m.persist(c.clock(m))
	}
}

// propose n1 a b: proposes commands.
func (c *scripted) propose(cmd script.Command) {
	var cmds [][]byte
	for _, a := range cmd.Args[1:] {
		cmds = append(cmds, []byte(a))
	}
	m := c.member(cmd)
	if _, _, err := m.raft.Propose(c.clock(m), cmds); err != nil {
		c.printf("%v", err)
	}
}

// read n1 7: begins read 7. mode=lease.
func (c *scripted) read(cmd script.Command) {
	m := c.member(cmd)
	for _, a := range cmd.Args[1:] {
		id, _ := strconv.Atoi(a)
		mode := ReadQuorum
		if cmd.Named["mode"] == "lease" {
			mode = ReadLease
		}
		if err := m.raft.Read(c.clock(m), ReadID(id), mode); err != nil {
			c.printf("%v", err)
		}
	}
}

// change n1 voters=n1,n2 learners=n3: changes the members.
func (c *scripted) change(cmd script.Command) {
	m := c.member(cmd)
	target := configOf(ids(strings.Split(cmd.Named["voters"], ","))...)
	target.Learners = peersOf(ids(strings.Split(cmd.Named["learners"], ","))...)
	if _, _, err := m.raft.ChangeMembers(c.clock(m), target); err != nil {
		c.printf("%v", err)
	}
}

// transfer n1 n2: n1 hands the leadership over to n2.
func (c *scripted) transfer(cmd script.Command) {
	m := c.member(cmd)
	if err := m.raft.Transfer(c.clock(m), NodeID(cmd.Arg(1))); err != nil {
		c.printf("%v", err)
	}
}

// compact n1: n1 takes a snapshot of its state machine.
func (c *scripted) compact(cmd script.Command) {
	if err := c.member(cmd).compact(c.clock(c.member(cmd))); err != nil {
		c.printf("%v", err)
	}
}

// crash n1: n1 is gone, with all that was not durable.
func (c *scripted) crash(cmd script.Command) { c.member(cmd).crash() }

// restart n1: n1 starts on what its disk holds.
func (c *scripted) restart(cmd script.Command) {
	m := c.member(cmd)
	m.crash()
	c.start(m)
}

// running returns the servers that are named, or all, that are up.
func (c *scripted) running(cmd script.Command) []*member {
	var out []*member
	for _, id := range c.order {
		if m := c.members[id]; m.raft != nil && (len(cmd.Args) == 0 || slices.Contains(cmd.Args, string(id))) {
			out = append(out, m)
		}
	}
	return out
}

// logs: the terms of all logs, as the paper draws them, with a bar behind what
// is committed.
func (c *scripted) logs(cmd script.Command) {
	for _, m := range c.running(cmd) {
		var b strings.Builder
		if m.raft.log.base > 0 {
			fmt.Fprintf(&b, "(%d) ", m.raft.log.base)
		}
		for _, e := range m.raft.log.entries {
			fmt.Fprintf(&b, "%d", e.Term)
			if e.Index == m.raft.Committed() {
				b.WriteString("|")
			} else {
				b.WriteString(" ")
			}
		}
		c.printf("%s  %s", m.id, strings.TrimRight(b.String(), " "))
	}
}

// roles: a line for each server.
func (c *scripted) roles(cmd script.Command) {
	for _, m := range c.running(cmd) {
		r := m.raft
		c.printf("%s %s in term %d, voted for %s, leader %s, log to %d, committed to %d",
			m.id, r.Role(), r.Term(), orNone(r.hard.Vote), orNone(r.Leader()), r.LastIndex(), r.Committed())
	}
}

// status n1: what the server says of itself.
func (c *scripted) status(cmd script.Command) { c.printf("%v", c.member(cmd).raft.Status()) }

// lease n1: how much longer its lease holds.
func (c *scripted) lease(cmd script.Command) {
	m := c.member(cmd)
	if left := m.raft.LeaseUntil() - c.clock(m); left > 0 {
		c.printf("%v", left)
	} else {
		c.printf("none")
	}
}

// applied: what each state machine holds.
func (c *scripted) applied(cmd script.Command) {
	for _, m := range c.running(cmd) {
		var words []string
		for _, e := range m.applied {
			if e.Kind == EntryCommand {
				words = append(words, string(e.Data))
			}
		}
		c.printf("%s: %s", m.id, strings.Join(words, " "))
	}
}

// network: the messages that are on their way.
func (c *scripted) showNetwork(script.Command) {
	for _, m := range c.network {
		c.printf("%v", m)
	}
}
