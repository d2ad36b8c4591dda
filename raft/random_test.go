package raft

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestRandomSchedules plays clusters of three and five through loss,
// repetition, reordering, slow disks, crashes, partitions, clocks that run at
// different speeds, snapshots, transfers and membership changes, and checks
// after every step what the paper promises (raft figure 3), and that reads are
// linearizable.
func TestRandomSchedules(t *testing.T) {
	seeds, steps := 60, 3000
	if testing.Short() {
		seeds = 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			w := newWorld(t, uint64(seed), 3+2*(seed%2))
			for w.step = range steps {
				w.act()
				w.checkAll()
			}
			w.heal()
		})
	}
}

// world is a cluster under a random schedule, and what must stay true of it.
type world struct {
	t       *testing.T
	rnd     *rand.Rand
	now     time.Duration // true time; every server has a clock of its own
	step    int
	all     []NodeID
	members []*worldMember
	network []Message
	cut     map[NodeID]bool // partitioned from those that are not

	leaders   map[Term]NodeID  // who led which term
	committed []Entry          // entry i+1, as the first server handed it out
	reads     map[ReadID]Index // what had been committed when the read began
	nextRead  ReadID
	proposed  int
	trace     []string
	answered  int
}

type worldMember struct {
	*member
	offset time.Duration
	rate   float64       // of its clock
	frozen time.Duration // it does nothing until this (true) time
	term   Term          // the last that it led, and
	last   Index         // how far its log went then
}

func (m *worldMember) leads() bool { return m.raft != nil && m.raft.Role() == Leader }

// clock returns the server's own time.
func (w *world) clock(m *worldMember) time.Duration {
	return m.offset + time.Duration(float64(w.now)*m.rate)
}

func newWorld(t *testing.T, seed uint64, n int) *world {
	w := &world{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), now: time.Second,
		cut: map[NodeID]bool{}, leaders: map[Term]NodeID{}, reads: map[ReadID]Index{}}
	for i := range n {
		w.all = append(w.all, NodeID(fmt.Sprintf("n%d", i+1)))
	}
	for _, id := range w.all {
		m := &worldMember{offset: time.Duration(w.rnd.Int64N(int64(time.Hour))), rate: 0.96 + 0.08*w.rnd.Float64()}
		m.member = newMember(id, Config{
			ElectionTimeoutMin: 100 * time.Millisecond,
			HeartbeatInterval:  20 * time.Millisecond,
			MaxInflight:        4,
			MaxAppendBytes:     100,
			SnapshotPartBytes:  64,
			KeepEntries:        5,
			DisablePreVote:     seed%3 == 2,
			Trace: func(e TraceEvent) {
				w.log("%s in %d %s", e.Node, e.Term, e.What)
			},
		})
		m.slow = true
		w.members = append(w.members, m)
		w.start(m)
	}
	return w
}

func (w *world) log(format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%6d %v ", w.step, w.now)+fmt.Sprintf(format, args...))
}

// fatal fails with the end of the trace.
func (w *world) fatal(format string, args ...any) {
	w.t.Helper()
	for _, m := range w.members {
		if m.raft != nil {
			w.t.Logf("%v\n%v", m.raft.Status(), m.raft.log.entries[max(0, len(m.raft.log.entries)-6):])
		}
	}
	for _, line := range w.trace[max(0, len(w.trace)-60):] {
		w.t.Log(line)
	}
	w.t.Fatalf("step %d: %s", w.step, fmt.Sprintf(format, args...))
}

func (w *world) start(m *worldMember) {
	w.log("%s starts", m.id)
	if err := m.start(w.clock(m), w.rnd.Uint64()); err != nil {
		w.fatal("%v", err)
	}
	if m == w.members[0] && m.raft.LastIndex() == 0 {
		if err := m.raft.Bootstrap(w.clock(m), 1, configOf(w.all...)); err != nil {
			w.fatal("%v", err)
		}
	}
}

// act makes one random step.
func (w *world) act() {
	w.now += time.Duration(w.rnd.Int64N(int64(time.Millisecond)))
	m := w.members[w.rnd.IntN(len(w.members))]
	switch p := w.rnd.IntN(1000); {
	case p < 550:
		w.deliver()
	case p < 750:
		w.up(m, func() {
			if len(m.writes) > 0 {
				m.persist(w.clock(m))
			}
		})
	case p < 850:
		for _, m := range w.members {
			w.up(m, func() { m.raft.Tick(w.clock(m)) })
		}
	case p < 900:
		w.propose()
	case p < 940:
		w.up(m, func() { w.read(m) })
	case p < 950:
		w.up(m, func() { w.compact(m) })
	case p < 953:
		w.crash(m)
	case p < 955:
		if i := slices.IndexFunc(w.members, (*worldMember).leads); i >= 0 {
			w.crash(w.members[i])
		}
	case p < 958:
		w.partition()
	case p < 959:
		w.up(m, func() { _ = m.raft.Transfer(w.clock(m), w.members[w.rnd.IntN(len(w.members))].id) })
	case p < 964:
		w.up(m, func() { w.change(m) })
	case p < 980:
		w.now += time.Duration(w.rnd.Int64N(int64(20 * time.Millisecond)))
	case p < 982:
		m.frozen = w.now + time.Duration(w.rnd.Int64N(int64(200*time.Millisecond)))
	}
}

// up does something on a server, unless it is down, and carries out what it
// leads to.
func (w *world) up(m *worldMember, f func()) {
	if m.raft == nil && w.rnd.IntN(4) == 0 {
		w.start(m)
	}
	if m.raft == nil || w.now < m.frozen {
		return
	}
	f()
	w.drain(m)
}

func (w *world) drain(m *worldMember) {
	for m.raft.HasEffects() {
		e := m.drain(w.clock(m))
		w.network = append(w.network, e.Messages...)
		for _, c := range e.Committed {
			w.commits(m, c)
		}
		for _, r := range e.Reads {
			w.answers(m, r)
		}
	}
}

// commits checks state machine safety: "if a server has applied a log entry at
// a given index to its state machine, no other server will ever apply a
// different log entry for the same index".
func (w *world) commits(m *worldMember, e Entry) {
	if int(e.Index) == len(w.committed)+1 {
		w.committed = append(w.committed, e)
	}
	if have := w.committed[e.Index-1]; have.Term != e.Term || string(have.Data) != string(e.Data) {
		w.fatal("%s applies %v, another applied %v", m.id, e, have)
	}
}

// answers checks that a read sees everything that was committed when it began.
func (w *world) answers(m *worldMember, r ReadResult) {
	before, ok := w.reads[r.ID]
	if !ok {
		w.fatal("%s answers read %d, which nobody waits for", m.id, r.ID)
	}
	delete(w.reads, r.ID)
	if r.Err == nil {
		w.answered++
		if r.Index < before {
			w.fatal("%s answers read %d at %d, %d was committed when it began", m.id, r.ID, r.Index, before)
		}
	}
}

func (w *world) deliver() {
	if len(w.network) == 0 {
		return
	}
	i := w.rnd.IntN(min(len(w.network), 12))
	m := w.network[i]
	if w.rnd.IntN(20) > 0 {
		w.network = slices.Delete(w.network, i, i+1) // else it stays, to come again
	}
	to := w.member(m.To)
	if w.rnd.IntN(30) == 0 || w.cut[m.From] != w.cut[m.To] || to.raft == nil || w.now < to.frozen {
		return
	}
	m, err := DecodeMessage(AppendMessage(nil, m))
	if err != nil {
		w.fatal("%v", err)
	}
	to.raft.Receive(w.clock(to), m)
	w.drain(to)
}

func (w *world) member(id NodeID) *worldMember {
	return w.members[slices.IndexFunc(w.members, func(m *worldMember) bool { return m.id == id })]
}

func (w *world) propose() {
	for _, m := range w.members {
		if !m.leads() || w.now < m.frozen {
			continue
		}
		var cmds [][]byte
		for range 1 + w.rnd.IntN(3) {
			w.proposed++
			cmds = append(cmds, fmt.Appendf(nil, "c%d", w.proposed))
		}
		_, _, _ = m.raft.Propose(w.clock(m), cmds)
		w.drain(m)
	}
}

func (w *world) read(m *worldMember) {
	w.nextRead++
	w.reads[w.nextRead] = Index(len(w.committed))
	if err := m.raft.Read(w.clock(m), w.nextRead, ReadMode(w.rnd.IntN(2))); err != nil {
		delete(w.reads, w.nextRead)
	}
}

func (w *world) compact(m *worldMember) {
	if len(m.writes) == 0 {
		_ = m.compact(w.clock(m)) // there may be nothing new
	}
}

func (w *world) crash(m *worldMember) {
	if m.raft != nil {
		w.log("%s crashes with %d writes under way", m.id, len(m.writes))
		m.crash()
	}
}

// partition cuts a random set of servers off, or heals the network.
func (w *world) partition() {
	heal := w.rnd.IntN(2) == 0
	for _, m := range w.members {
		w.cut[m.id] = !heal && w.rnd.IntN(2) == 0
	}
	w.log("cut off: %v", w.cut)
}

// change proposes a random configuration.
func (w *world) change(m *worldMember) {
	var c Configuration
	for _, m := range w.members {
		p := peersOf(m.id)[0]
		switch k := w.rnd.IntN(5); {
		case k < 3:
			c.Voters = append(c.Voters, p)
		case k < 4:
			c.Learners = append(c.Learners, p)
		}
	}
	if len(c.Voters) > 1 {
		_, _, _ = m.raft.ChangeMembers(w.clock(m), c)
	}
}
