package server

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"praetor/kv"
	"praetor/raft"
	"praetor/swim"
)

// group is a cluster in one thread: messages arrive at once, fsync takes no
// time, and only step moves the clock. Package sim has the harder world; this
// one is for what a single promise of this package needs.
type group struct {
	t       *testing.T
	now     time.Duration
	nodes   []*node
	answers map[RequestID][]Answer
	nextID  RequestID
	frozen  bool // messages between servers stay in held
	held    []heldPeer
}

type node struct {
	*Server
	up  bool
	cut bool // hears and says nothing

	resigned bool
	log      diskLog
	trace    []string
	fatal    error
	tasks    []*SnapshotTask
	members  []swim.Event
}

// diskLog is what a node has made durable.
type diskLog struct {
	stored   raft.Stored
	snapshot *View
	incoming bytes.Buffer
}

type heldPeer struct {
	from *node
	m    PeerMessage
}

func (d *diskLog) write(w raft.Write) {
	if w.Hard != nil {
		d.stored.Hard = *w.Hard
	}
	if w.Snapshot != nil {
		v, err := LoadView(bytes.NewReader(d.incoming.Bytes()))
		if err != nil {
			panic(err)
		}
		d.stored.Snapshot, d.snapshot, d.stored.Entries = *w.Snapshot, v, nil
	}
	if len(w.Entries) > 0 {
		keep := slices.IndexFunc(d.stored.Entries, func(e raft.Entry) bool { return e.Index >= w.Entries[0].Index })
		if keep >= 0 {
			d.stored.Entries = d.stored.Entries[:keep]
		}
		d.stored.Entries = append(d.stored.Entries, w.Entries...)
	}
}

func newGroup(t *testing.T, n int, change func(i int, c *Config)) *group {
	g := &group{t: t, answers: map[RequestID][]Answer{}}
	for i := range n {
		g.start(i, change, diskLog{})
	}
	for i := 1; i < n; i++ {
		g.nodes[i].Join(g.now, g.nodes[0].cfg.Gossip.Addr)
		g.drain()
	}
	return g
}

// start starts node i on what d holds; a new one, or again.
func (g *group) start(i int, change func(i int, c *Config), d diskLog) *node {
	ip := netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)})
	gossip := swim.DefaultLAN()
	gossip.Addr = netip.AddrPortFrom(ip, 8301)
	n := &node{up: true, log: d}
	c := Config{
		ID: raft.NodeID(fmt.Sprintf("id-%d", i+1)), Name: fmt.Sprintf("n%d", i+1), Datacenter: "dc1",
		Addr: netip.AddrPortFrom(ip, 8300), Build: "test", Gossip: gossip,
		Rand:  rand.New(rand.NewPCG(uint64(i), uint64(len(d.stored.Entries)))),
		Trace: func(e TraceEvent) { n.trace = append(n.trace, e.What) },
	}
	if change != nil {
		change(i, &c)
	}
	var err error
	if n.Server, err = New(g.now, c, d.stored, d.snapshot); err != nil {
		g.t.Fatal(err)
	}
	if i < len(g.nodes) {
		g.nodes[i] = n
	} else {
		g.nodes = append(g.nodes, n)
	}
	g.drain()
	return n
}

func (g *group) find(match func(*node) bool) *node {
	for _, n := range g.nodes {
		if n.up && match(n) {
			return n
		}
	}
	return nil
}

// drain carries effects out until nobody has any.
func (g *group) drain() {
	for again := true; again; {
		again = false
		for _, n := range g.nodes {
			if n.up && g.carryOut(n) {
				again = true
			}
		}
	}
}

func (g *group) carryOut(n *node) (did bool) {
	e := n.Effects(g.now)
	for _, p := range e.SnapshotParts {
		if p.Offset == 0 {
			n.log.incoming.Reset()
		}
		n.log.incoming.Write(p.Data)
	}
	for _, w := range e.Writes {
		n.log.write(w)
		n.Persisted(g.now, w.ID)
		did = true
	}
	for _, m := range e.Peers {
		did = true
		if g.frozen {
			g.held = append(g.held, heldPeer{n, m})
		} else {
			g.deliver(n, m)
		}
	}
	for _, p := range e.Packets {
		if to := g.at(p.To); to != nil && !n.cut {
			to.ReceivePacket(g.now, n.cfg.Gossip.Addr, p.Data)
			did = true
		}
	}
	for _, s := range e.Streams {
		g.exchange(n, s)
		did = true
	}
	for _, r := range e.SnapshotReads {
		g.readSnapshot(n, r)
		did = true
	}
	for _, a := range e.Answers {
		g.answers[a.ID] = append(g.answers[a.ID], a)
	}
	if e.Snapshot != nil {
		n.tasks = append(n.tasks, e.Snapshot)
	}
	n.members = append(n.members, e.Events...)
	n.resigned = n.resigned || e.Resigned
	if e.Fatal != nil {
		n.fatal, n.up = e.Fatal, false
	}
	return did
}

// deliver takes a message through its encoded form to whom it is for.
func (g *group) deliver(from *node, m PeerMessage) {
	to := g.find(func(n *node) bool { return n.cfg.ID == m.To })
	if to == nil || to.cut || from.cut {
		from.Undelivered(g.now, m)
		return
	}
	body, err := DecodePeer(AppendPeer(nil, m.Body))
	if err != nil {
		g.t.Fatalf("decode what was encoded: %v", err)
	}
	to.ReceivePeer(g.now, from.cfg.ID, body)
}

func (g *group) at(addr netip.AddrPort) *node {
	return g.find(func(n *node) bool { return n.cfg.Gossip.Addr == addr && !n.cut })
}

func (g *group) exchange(n *node, s swim.Stream) {
	to := g.at(s.To)
	if to == nil || n.cut {
		n.StreamReply(g.now, s.ID, nil, fmt.Errorf("nobody at %v", s.To))
		return
	}
	b, err := to.ServeStream(g.now, n.cfg.Gossip.Addr, s.Data)
	n.StreamReply(g.now, s.ID, b, err)
}

func (g *group) readSnapshot(n *node, r raft.SnapshotRead) {
	var buf bytes.Buffer
	if err := SaveView(&buf, n.log.snapshot); err != nil {
		g.t.Fatal(err)
	}
	b := buf.Bytes()[r.Offset:]
	b = b[:min(len(b), r.Max)]
	n.SnapshotData(g.now, r, b, int(r.Offset)+len(b) == buf.Len(), nil)
}

// step lets time pass, from deadline to deadline.
func (g *group) step(d time.Duration) {
	end := g.now + d
	for {
		next := end
		for _, n := range g.nodes {
			if n.up {
				next = min(next, n.Deadline())
			}
		}
		g.now = max(g.now, next)
		for _, n := range g.nodes {
			if n.up && n.Deadline() <= g.now {
				n.Tick(g.now)
			}
		}
		g.drain()
		if g.now >= end {
			return
		}
	}
}

// until lets time pass until ok, at most so long.
func (g *group) until(what string, most time.Duration, ok func() bool) {
	g.t.Helper()
	for end := g.now + most; !ok(); g.step(10 * time.Millisecond) {
		if g.now > end {
			g.t.Fatalf("after %v still not: %s", most, what)
		}
	}
}

// leader waits for one.
func (g *group) leader() *node {
	g.t.Helper()
	var l *node
	g.until("there is a leader", 10*time.Second, func() bool {
		l = g.find(func(n *node) bool { return !n.cut && n.isLeader() && n.raft.LeaseUntil() > g.now })
		return l != nil
	})
	return l
}

func (g *group) follower() *node {
	g.leader()
	return g.find(func(n *node) bool { return !n.isLeader() && n.raft.Leader() != "" })
}

// submit asks n for a write, without waiting.
func (g *group) submit(n *node, key, value string) RequestID {
	g.nextID++
	n.Submit(g.now, g.nextID, KVCommand(kv.Command{Op: kv.OpSet, Key: key, Value: []byte(value)}))
	g.drain()
	return g.nextID
}

// put writes and waits for the answer.
func (g *group) put(n *node, key, value string) Answer {
	g.t.Helper()
	return g.wait(g.submit(n, key, value))
}

// wait waits for the one answer of a request.
func (g *group) wait(id RequestID) Answer {
	g.t.Helper()
	g.until("an answer", 20*time.Second, func() bool { return len(g.answers[id]) > 0 })
	if n := len(g.answers[id]); n != 1 {
		g.t.Fatalf("request %d has %d answers: %v", id, n, g.answers[id])
	}
	return g.answers[id][0]
}

// read waits for a barrier on n and then looks.
func (g *group) read(n *node, key string, mode ReadMode) (string, error) {
	g.t.Helper()
	g.nextID++
	id := g.nextID
	n.Barrier(g.now, id, mode)
	g.drain()
	if a := g.wait(id); a.Err != nil {
		return "", a.Err
	}
	e, _ := n.View().KV.Get(key, nil)
	if e == nil {
		return "", nil
	}
	return string(e.Value), nil
}

func expecting(n int) func(int, *Config) { return func(_ int, c *Config) { c.Expect = n } }
