package swim

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"
)

// A group is a set of Pools on a simulated network in virtual time: one heap
// of events, one source of randomness, no clock. The same seed and the same
// calls give the same run.
type group struct {
	t     testing.TB
	now   time.Duration
	zero  time.Duration // scripts count from here
	heap  eventHeap
	seq   int
	rng   *rand.Rand
	nodes []*node // in the order of their start, without those replaced
	hosts map[int]*node
	conf  func(*Config)

	latency, jitter time.Duration
	loss            float64                 // of datagrams, on the way
	cut             func(from, to int) bool // by host number; nil: none
	datagramsOnly   bool                    // the cut spares streams

	sent   int // datagrams
	events []string
	traces bool
	onSent func(from, to netip.AddrPort, b []byte)
	onEv   func(n *node, e Event)
	onWhat func(n *node, what string)
	onUser func(n *node, e UserEvent)
}

// A node is a process of the group.
type node struct {
	name, id string
	host     int // number of its address
	pool     *Pool
	up       bool
	left     bool
	wake     time.Duration // when the next Tick is on the heap
	slow     time.Duration // added to whatever it receives
	stall    stall
	joins    []JoinResult
	heard    []UserEvent
}

// A stall is a process that gets no processor for blocked, runs for awake, and
// so on from since: lifeguard's anomaly.
type stall struct{ blocked, awake, since time.Duration }

// until returns when a process that is blocked now goes on, or now.
func (s stall) until(now time.Duration) time.Duration {
	if s.blocked == 0 {
		return now
	}
	if phase := (now - s.since) % (s.blocked + s.awake); phase < s.blocked {
		return now - phase + s.blocked
	}
	return now
}

type groupEvent struct {
	at  time.Duration
	seq int
	do  func()
}

type eventHeap []groupEvent

func (h eventHeap) Len() int { return len(h) }
func (h eventHeap) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].seq < h[j].seq
}
func (h eventHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *eventHeap) Push(x any)   { *h = append(*h, x.(groupEvent)) }
func (h *eventHeap) Pop() any {
	old := *h
	e := old[len(old)-1]
	old[len(old)-1] = groupEvent{}
	*h = old[:len(old)-1]
	return e
}

func newGroup(t testing.TB, seed uint64) *group {
	return &group{t: t, hosts: map[int]*node{}, rng: rand.New(rand.NewPCG(seed, seed)), latency: time.Millisecond}
}

func hostAddr(host int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(host >> 8), byte(host)}), 8301)
}

func hostOf(a netip.AddrPort) int {
	b := a.Addr().As4()
	return int(b[2])<<8 | int(b[3])
}

// start starts a process; one of the same name is replaced if it is down, and
// keeps running beside if it is up.
func (g *group) start(name, id string, host int, conf ...func(*Config)) *node {
	c := DefaultLAN()
	c.Name, c.ID, c.Addr = name, id, hostAddr(host)
	c.Rand = rand.New(rand.NewPCG(g.rng.Uint64(), g.rng.Uint64()))
	if g.conf != nil {
		g.conf(&c)
	}
	for _, f := range conf {
		f(&c)
	}
	n := &node{name: name, id: id, host: host, up: true, wake: Never}
	if g.traces || g.onWhat != nil {
		c.Trace = func(e TraceEvent) {
			if g.traces {
				g.logf("%s: %s", n.name, e.What)
			}
			if g.onWhat != nil {
				g.onWhat(n, e.What)
			}
		}
	}
	p, err := New(g.now, c)
	if err != nil {
		g.t.Fatal(err)
	}
	n.pool = p
	g.nodes = slices.DeleteFunc(g.nodes, func(o *node) bool { return o.name == name && !o.up })
	g.nodes = append(g.nodes, n)
	g.hosts[host] = n
	g.serve(n)
	return n
}

// startAll starts n members, all joining through the first.
func (g *group) startAll(n int) {
	for i := 1; i <= n; i++ {
		m := g.start(fmt.Sprintf("n%d", i), fmt.Sprintf("id%d", i), i)
		if i > 1 {
			g.join(m, 1)
		}
	}
}

func (g *group) join(n *node, host int) {
	n.pool.Join(g.now, hostAddr(host))
	g.serve(n)
}

func (g *group) node(name string) *node {
	for _, n := range slices.Backward(g.nodes) {
		if n.name == name {
			return n
		}
	}
	g.t.Fatalf("no node %q", name)
	return nil
}

// at returns the process at a host, or nil if none is up there.
func (g *group) at(host int) *node {
	if n := g.hosts[host]; n != nil && n.up {
		return n
	}
	return nil
}

func (g *group) logf(format string, args ...any) {
	g.events = append(g.events, fmt.Sprintf("%8.3fs ", g.now.Seconds())+fmt.Sprintf(format, args...))
}

func (g *group) schedule(after time.Duration, do func()) {
	g.seq++
	heap.Push(&g.heap, groupEvent{g.now + after, g.seq, do})
}

// run lets time pass.
func (g *group) run(d time.Duration) {
	g.runUntil(d, func() bool { return false })
}

// settled starts n members and runs until all are known to all.
func (g *group) settled(n int) {
	g.t.Helper()
	g.startAll(n)
	for range 300 {
		if g.run(200 * time.Millisecond); g.agree() {
			return
		}
	}
	g.t.Fatalf("a group of %d does not settle in a minute", n)
}

// runUntil lets time pass until the condition holds, at most d, and reports
// whether it does.
func (g *group) runUntil(d time.Duration, ok func() bool) bool {
	end := g.now + d
	for !ok() {
		if len(g.heap) == 0 || g.heap[0].at > end {
			g.now = end
			return ok()
		}
		e := heap.Pop(&g.heap).(groupEvent)
		g.now = e.at
		e.do()
	}
	return true
}

// serve carries out the effects of n and puts its next Tick on the heap.
func (g *group) serve(n *node) {
	for n.pool.HasEffects() {
		e := n.pool.Effects()
		for _, pk := range e.Packets {
			g.packet(n, pk)
		}
		for _, s := range e.Streams {
			g.stream(n, s)
		}
		for _, ev := range e.Events {
			g.event(n, ev)
		}
		n.joins = append(n.joins, e.Joins...)
		for _, u := range e.UserEvents {
			n.heard = append(n.heard, u)
			if g.onUser != nil {
				g.onUser(n, u)
			}
		}
		if e.Left {
			n.left, n.up = true, false
		}
	}
	checkPool(g.t, n.pool)
	if due := n.pool.Deadline(); n.up && due < n.wake {
		n.wake = due
		g.schedule(max(0, due-g.now), func() { g.tick(n, due) })
	}
}

func (g *group) tick(n *node, due time.Duration) {
	if !n.up || n.wake != due {
		return
	}
	if until := n.stall.until(g.now); until > g.now {
		g.schedule(until-g.now, func() { g.tick(n, due) })
		return
	}
	n.wake = Never
	n.pool.Tick(g.now)
	if d := n.pool.Deadline(); d <= g.now && !n.pool.HasEffects() {
		// Several duties may be due at once, but each Tick must take some off.
		n.pool.Tick(g.now)
		if n.pool.Deadline() == d {
			g.t.Fatalf("%s: deadline %v stays due at %v", n.name, d, g.now)
		}
	}
	g.serve(n)
}

func (g *group) event(n *node, ev Event) {
	if g.onEv != nil {
		g.onEv(n, ev)
	}
	if !g.traces {
		g.logf("%s: %v", n.name, describe(ev))
	}
}

func describe(ev Event) string {
	if ev.Kind == Conflict {
		return fmt.Sprintf("conflict: %s is %s at %v, also claimed by %s at %v", ev.Member.Name, ev.Other.ID, ev.Other.Addr.Addr(), ev.Member.ID, ev.Member.Addr.Addr())
	}
	return fmt.Sprintf("%s %v", ev.Member.Name, ev.Kind)
}

// agree reports whether each node that is up sees exactly those that are up as live.
func (g *group) agree() bool {
	up := 0
	for _, n := range g.nodes {
		if n.up {
			up++
		}
	}
	for _, n := range g.nodes {
		if !n.up {
			continue
		}
		if n.pool.Alive() != up {
			return false
		}
		for _, m := range g.nodes {
			v, ok := n.pool.Member(m.name)
			if m.up && (!ok || !v.State.live() || v.Addr != hostAddr(m.host)) {
				return false
			}
		}
	}
	return true
}

// checkPool checks what must hold of a Pool between calls.
func checkPool(t testing.TB, p *Pool) {
	if int(p.now)%(7+len(p.members.ring)) != 0 { // now and then: it takes a walk
		return
	}
	live, suspected := 1, 0
	for _, m := range p.members.ring {
		if p.members.byName[m.Name] != m || m == p.self {
			t.Fatalf("%s: ring and names differ at %s", p.self.Name, m.Name)
		}
		if m.State.live() {
			live++
		}
		if (m.State == Suspect) != (m.suspicion != nil) {
			t.Fatalf("%s: %s is %v with suspicion %v", p.self.Name, m.Name, m.State, m.suspicion)
		}
		if m.suspicion != nil {
			suspected++
		}
	}
	if live != p.members.live || suspected != len(p.suspects.list) || len(p.members.byName) != len(p.members.ring)+1 {
		t.Fatalf("%s: counts %d live, %d suspected, %d names; walked %d, %d, %d", p.self.Name,
			p.members.live, len(p.suspects.list), len(p.members.byName), live, suspected, len(p.members.ring)+1)
	}
	if p.members.next > len(p.members.ring) {
		t.Fatalf("%s: next %d of %d", p.self.Name, p.members.next, len(p.members.ring))
	}
}
