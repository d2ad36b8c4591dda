package raft

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/internal/script"
)

// The commands of the scripts, each with what it does and its arguments.

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

// withdraw n1: it leaves the founding of a cluster to somebody else.
func (c *scripted) withdraw(cmd script.Command) {
	m := c.member(cmd)
	m.raft.Withdraw(c.clock(m))
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
