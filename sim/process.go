package sim

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/swim"
)

// process is one life of an agent: all that a crash takes away. It is the
// simulated counterpart of the real driver in package agent.
type process struct {
	host   *host
	life   int
	clock  clock
	cpu    *cpu // nil: as fast as one likes
	core   core
	server *server.Server // the same core, if it is a server's; else nil
	store  *storage       // a server's
	keeper *keeper        // of its services and checks
	conns  map[int]*conn  // by number of the host; never ranged over

	wake    time.Duration // when the next tick is on the queue, of the world's time
	waiting map[server.RequestID]func(server.Answer)
	nextID  server.RequestID
	watches []*watch
	joining joining
	seen    seen           // by the checkers
	told    *server.Status // what its moments so far came to
}

// errCrashed is what a request gets whose server crashed under it.
var errCrashed = errors.New("the server crashed")

// core is what a server's and a client agent's brain have in common: a place in
// the gossip pool. The real driver has the same.
type core interface {
	Tick(now time.Duration)
	Deadline() time.Duration
	Effects(now time.Duration) server.Effects
	ReceivePacket(now time.Duration, from netip.AddrPort, b []byte)
	ServeStream(now time.Duration, from netip.AddrPort, b []byte) ([]byte, error)
	StreamReply(now time.Duration, id swim.StreamID, b []byte, err error)
	Join(now time.Duration, addr netip.AddrPort)
	Leave(now time.Duration)
	ForceLeave(now time.Duration, name string, prune bool) error
	Members() []swim.Member
	GossipStats() swim.Stats
	Member(name string) (swim.Member, bool)
	Self() swim.Member
}

var (
	_ core = (*server.Server)(nil)
	_ core = (*server.Client)(nil)
)

// newProcess starts the agent of a host on what its disk holds.
func newProcess(h *host) (*process, error) {
	p := &process{
		host: h, life: h.life,
		clock:   clock{start: h.world.now, offset: h.skew.offset, drift: h.skew.drift},
		conns:   map[int]*conn{},
		wake:    never,
		waiting: map[server.RequestID]func(server.Answer){},
	}
	if h.load.cost > 0 {
		p.cpu = &cpu{cost: h.load.cost, slow: h.load.deed}
	}
	start := p.startServer
	if h.spec.client {
		start = p.startClient
	}
	err := start()
	if err == nil {
		p.keeper, err = newKeeper(p)
	}
	return p, err
}

// startServer recovers what the disk holds and makes a server of it.
func (p *process) startServer() error {
	store, stored, view, err := openStorage(p)
	if err != nil {
		return err
	}
	p.store = store
	w := p.host.world
	w.say(p.host.name, "start: %s", describe(stored))
	p.host.happens(moment{kind: starts, text: describe(stored)})
	w.check.started(p, stored, view)
	p.server, err = server.New(p.now(), p.config(), stored, view)
	p.core = p.server
	return err
}

// startClient makes an agent that is no server: it has a place in gossip, and
// knows the servers through it.
func (p *process) startClient() (err error) {
	h := p.host
	h.world.say(h.name, "start: a client agent")
	h.happens(moment{kind: starts, text: "a client agent"})
	c := p.gossipConfig()
	c.Name, c.ID, c.Tags = h.name, string(h.id), server.ClientTags("dc1", "sim")
	c.Rand = stream(h.world.seed, fmt.Sprintf("client agent %s %d", h.name, p.life))
	c.Trace = func(e swim.TraceEvent) {
		h.world.checkAccusers(h, e.What)
		h.world.say(h.name, "swim: %s", e.What)
	}
	p.core, err = server.NewClient(p.now(), c)
	return err
}

func describe(s raft.Stored) string {
	if s.Hard == (raft.HardState{}) && len(s.Entries) == 0 {
		return "the disk is empty"
	}
	last := s.Snapshot.Index
	if n := len(s.Entries); n > 0 {
		last = s.Entries[n-1].Index
	}
	return fmt.Sprintf("the disk has term %d and the log up to %d", s.Hard.Term, last)
}

func (p *process) config() server.Config {
	h := p.host
	c := server.Config{
		ID: h.id, Name: h.name, Datacenter: "dc1", Addr: h.address(), Build: "sim",
		Bootstrap: h.spec.bootstrap, Expect: h.spec.expect,
		Gossip: p.gossipConfig(),
		Rand:   stream(h.world.seed, fmt.Sprintf("server %s %d", h.name, p.life)),
		Trace: func(e server.TraceEvent) {
			h.world.checkAccusers(h, e.What)
			h.world.say(h.name, "%s", e.What)
		},
	}
	c.Raft.MaxAppendBytes = h.spec.append
	if n := h.spec.snapshot; n > 0 {
		c.SnapshotEntries = uint64(n)
		c.Raft.KeepEntries = max(1, n/4)
		c.Raft.SnapshotPartBytes = 512
	}
	return c
}

func (p *process) gossipConfig() swim.Config {
	c := swim.DefaultLAN()
	c.Addr = p.host.gossip
	return c
}

// now is what the agent's clock shows.
func (p *process) now() time.Duration { return p.clock.local(p.host.world.now) }

// checkDrift looks, at the end of a process that had a second to show it,
// whether its clock ran fast or slow as it was told to.
func (p *process) checkDrift() {
	if passed := p.host.world.now - p.clock.start; p.clock.drift != 0 && passed > time.Second {
		d := p.host.skew.drifted
		d.fire()
		if p.now() != p.clock.offset+passed {
			d.effect()
		}
	}
}

// checkOffset looks, at the start of a process, whether its clock shows what it
// was told to.
func (p *process) checkOffset() {
	if d := p.host.skew.shifted; d != nil {
		d.fire()
		if p.now() != 0 {
			d.effect()
		}
	}
}

// jump lets the clock leap ahead, as a virtual machine's does that is moved
// while it runs. A monotonic clock never goes back.
func (p *process) jump(d time.Duration) {
	p.clock.offset += d
	if p.wake > 0 {
		p.wake = never
		p.arm()
	}
}

// alive reports whether the process still runs.
func (p *process) alive() bool { return p.host.proc == p }

// later lets do happen after d, if the process is still alive then.
func (p *process) later(d time.Duration, do func()) {
	p.host.world.after(d, func() {
		if p.alive() {
			p.turn(do)
		}
	})
}

// carryOut does what the core asks for. It is called after every event of the
// agent, and lets the checkers look at what the event did.
func (p *process) carryOut() {
	w := p.host.world
	e := p.core.Effects(p.now())
	if p.server != nil {
		p.moments(e.Writes)
		w.check.written(p, &e)
		p.store.carryOut(&e)
	}
	for _, m := range e.Peers {
		w.check.sent(p, m)
		p.sendPeer(m)
	}
	for _, m := range e.Packets {
		w.sendPacket(p.host, m)
	}
	for _, s := range e.Streams {
		w.startExchange(p, s)
	}
	w.check.gossiped(p, &e)
	if len(e.Events) > 0 {
		ms := p.core.Members()
		p.remember(ms)
		p.keeper.members(ms)
		w.check.events(p, e.Events)
	}
	p.seen.cause = cause{}
	if p.server != nil {
		w.check.after(p)
	}
	p.answer(e.Answers)
	p.cpu.spend(w.now)
	p.joining.ended(p, e.Joins)
	switch {
	case e.Fatal != nil:
		w.fail("no server gives up", []string{p.host.name}, "%v", e.Fatal)
	case e.Left:
		p.host.left = true
		p.host.kill("it has left")
	case e.Resigned:
		p.host.kill("it has resigned")
	default:
		p.arm()
	}
}

func (p *process) answer(answers []server.Answer) {
	for _, a := range answers {
		done, ok := p.waiting[a.ID]
		if !ok {
			p.host.world.fail("a request has one answer", []string{p.host.name}, "request %d has another one: %+v", a.ID, a)
			return
		}
		delete(p.waiting, a.ID)
		done(a)
	}
}

// deadline is when the next tick is due, of the process' time.
func (p *process) deadline() time.Duration { return min(p.core.Deadline(), p.keeper.due) }

// arm puts the next tick on the queue, unless an earlier one is there.
func (p *process) arm() {
	if due := p.clock.world(p.deadline()); due < p.wake {
		p.wake = max(due, p.host.world.now)
		wake := p.wake
		p.host.world.at(wake, func() {
			if p.alive() && p.wake == wake {
				p.tick()
			}
		})
	}
}

// tick lets the agent do what is due. The deadline may have moved since the
// tick was put on the queue; then it is only put there anew.
func (p *process) tick() {
	if p.busy() {
		p.wake = 0 // no other tick
		p.wait(p.tick)
		return
	}
	p.wake = never
	now := p.now()
	if p.deadline() <= now {
		p.host.world.ticks(p.host)
		p.notStuck()
	}
	if p.core.Deadline() <= now {
		p.causes(causeTime, netip.AddrPort{}, nil)
		p.core.Tick(now)
		p.carryOut()
	}
	if p.alive() && p.keeper.due <= now {
		p.keeper.tick()
	}
	if p.alive() {
		p.arm()
	}
}

// notStuck makes sure that an agent does not tick for ever at one time.
func (p *process) notStuck() {
	s := &p.seen
	if s.tickedAt != p.host.world.now {
		s.tickedAt, s.ticks = p.host.world.now, 0
	}
	if s.ticks++; s.ticks > 1000 {
		p.host.world.fail("deadlines move", []string{p.host.name}, "1000 ticks did not move the deadline past %v", p.deadline())
	}
}

func (p *process) undelivered(m server.PeerMessage) {
	p.server.Undelivered(p.now(), m)
	p.carryOut()
}

// submit asks for a write; done is called with its answer, once.
func (p *process) submit(cmd []byte, done func(server.Answer)) {
	p.nextID++
	id := p.nextID
	p.waiting[id] = done
	p.turn(func() {
		p.server.Submit(p.now(), id, cmd)
		p.carryOut()
	})
}

// read asks to be told when the View is new enough, as the real agent does: a
// leader whose lease holds need not ask anybody. done is called once.
func (p *process) read(mode server.ReadMode, done func(server.Answer)) {
	p.nextID++
	id := p.nextID
	p.waiting[id] = done
	p.turn(func() {
		if p.host.world.sabotage.staleReads || mode == server.Stale || mode == server.Default && p.server.Current(p.now()) {
			p.answer([]server.Answer{{ID: id}})
			return
		}
		p.server.Barrier(p.now(), id, mode)
		p.carryOut()
	})
}

// abandon tells all who wait that the server crashed.
func (p *process) abandon() {
	for _, id := range slices.Sorted(maps.Keys(p.waiting)) {
		p.waiting[id](server.Answer{ID: id, Err: errCrashed})
	}
	p.waiting = nil
	p.hangUp()
}

// connTo returns the connection to a host, be it open or not.
func (p *process) connTo(to *host) *conn {
	c := p.conns[to.num]
	if c == nil {
		c = &conn{from: p, to: to}
		c.arrives = c.pump
		p.conns[to.num] = c
	}
	return c
}

// member returns what this agent's gossip says of a host, in words.
func (p *process) member(h *host) string {
	for _, m := range p.core.Members() {
		if m.Name == h.name {
			return m.State.String()
		}
	}
	return "unknown"
}
