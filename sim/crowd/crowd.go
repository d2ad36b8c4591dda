package crowd

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"praetor/swim"
)

// Config is what a crowd begins with.
type Config struct {
	Members int           // 2 to 60,000
	Seed    uint64        // which of the possible runs
	Gossip  swim.Config   // of all members; who they are is filled in
	Delay   time.Duration // the least that a datagram takes
	Jitter  time.Duration // it takes up to so much longer
	Loss    float64       // how likely a datagram is lost, 0 to 1

	// InStep lets all protocol periods begin at the same time, as the
	// analysis of the paper has them.
	InStep bool

	// Tags are every member's; nil: none.
	Tags map[string]string
}

// Crowd is a group of members that runs in virtual time.
type Crowd struct {
	cfg     Config
	now     time.Duration
	queue   queue
	rand    *rand.Rand // of the network
	members []*Member
	events  uint64

	// OnEvent is told what each member finds out about others. May be nil.
	OnEvent func(observer *Member, e swim.Event)
}

// Member is one member and its host.
type Member struct {
	Number int
	Name   string
	Pool   *swim.Pool
	Up     bool

	addr  netip.AddrPort
	wake  time.Duration // when the next tick is on the queue
	stall Stall
	inbox int // datagrams that wait for a stalled member
}

// Stall is a member that is slow: it does nothing for Blocked, then runs for
// Awake, and so on, from Since to Until. The zero Stall is none.
type Stall struct {
	Blocked, Awake, Since, Until time.Duration

	// Messages says that only what it receives and sends is held up, and its
	// timers go on (lifeguard V). Else it gets no processor at all.
	Messages bool
}

// socketBuffer is how many datagrams wait for a stalled member: Linux's
// default of 212,992 bytes holds about so many small ones.
const socketBuffer = 256

// resumes returns when a member that is blocked now runs again, or now.
func (s *Stall) resumes(now time.Duration) time.Duration {
	if s.Blocked == 0 || now < s.Since || now >= s.Until {
		return now
	}
	if phase := (now - s.Since) % (s.Blocked + s.Awake); phase < s.Blocked {
		return now - phase + s.Blocked
	}
	return now
}

// New returns a settled group. It panics on a configuration that swim refuses.
func New(cfg Config) *Crowd {
	c := &Crowd{cfg: cfg, rand: rand.New(rand.NewPCG(cfg.Seed, 1))}
	shared := &swim.Descriptions{}
	var all []*swim.Pool
	for i := range cfg.Members {
		all = append(all, c.add(i, shared).Pool)
	}
	for _, m := range c.members {
		m.Pool.Learn(0, all)
		c.arm(m)
	}
	return c
}

// add makes a member that knows nobody.
func (c *Crowd) add(i int, shared *swim.Descriptions) *Member {
	g := c.cfg.Gossip
	g.Name = fmt.Sprintf("node-%05d", i)
	g.ID = fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
	g.Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 8301)
	g.Tags = c.cfg.Tags
	g.Shared = shared
	g.Rand = rand.New(rand.NewPCG(c.cfg.Seed, uint64(i)+2))
	if c.cfg.InStep {
		g.FirstProbe = g.ProbeInterval
	}
	pool, err := swim.New(0, g)
	if err != nil {
		panic(err)
	}
	m := &Member{Number: i, Name: g.Name, Pool: pool, Up: true, addr: g.Addr, wake: swim.Never}
	c.members = append(c.members, m)
	return m
}

// Members returns all members, also those that are down. The slice is the
// crowd's own.
func (c *Crowd) Members() []*Member { return c.members }

// Now returns the virtual time.
func (c *Crowd) Now() time.Duration { return c.now }

// Events returns how many events have happened: datagrams, ticks, exchanges.
func (c *Crowd) Events() uint64 { return c.events }

// Kill ends a member's process.
func (c *Crowd) Kill(i int) { c.members[i].Up = false }

// SetTags lets a member change its tags, which is news to all others.
func (c *Crowd) SetTags(i int, tags map[string]string) {
	m := c.members[i]
	if err := m.Pool.SetTags(c.now, tags); err != nil {
		panic(err) // they are the caller's own
	}
	c.carryOut(m)
}

// Stall lets a member stall.
func (c *Crowd) Stall(i int, s Stall) { c.members[i].stall = s }

// Run lets time pass up to the end.
func (c *Crowd) Run(end time.Duration) { c.RunUntil(end, func() bool { return false }) }

// RunUntil lets time pass until the condition holds, at most up to the end. It
// reports whether the condition holds.
func (c *Crowd) RunUntil(end time.Duration, condition func() bool) bool {
	for !condition() {
		if len(c.queue.heap) == 0 || c.queue.heap[0].at > end {
			c.now = max(c.now, end)
			return condition()
		}
		e := c.queue.take()
		c.now = e.at
		c.happen(&e)
	}
	return true
}

// happen carries out one event, or puts it off while its member is stalled.
func (c *Crowd) happen(e *event) {
	m := e.to
	if !m.Up {
		if e.kind == request {
			c.put(e.from, event{at: c.now + c.latency(), kind: reply, id: e.id})
		}
		return
	}
	if e.kind == tick && e.at != m.wake {
		return // another one was put on the queue since
	}
	if at := m.stall.resumes(c.now); at > c.now && !(e.kind == tick && m.stall.Messages) {
		c.putOff(m, e, at)
		return
	}
	c.events++
	switch e.kind {
	case tick:
		m.wake = swim.Never
		m.Pool.Tick(c.now)
	case packet:
		if e.late {
			m.inbox--
		}
		m.Pool.Packet(c.now, e.from.addr, e.data)
	case request:
		answer, _ := m.Pool.StreamRequest(c.now, e.from.addr, e.data)
		c.put(e.from, event{at: c.now + c.latency(), kind: reply, id: e.id, data: answer})
	case reply:
		var err error
		if e.data == nil {
			err = errRefused
		}
		m.Pool.StreamReply(c.now, e.id, e.data, err)
	}
	c.carryOut(m)
}

var errRefused = errors.New("connection refused")

// putOff lets an event of a stalled member wait until the member runs.
func (c *Crowd) putOff(m *Member, e *event, at time.Duration) {
	switch {
	case e.kind == tick:
		m.wake = at
	case e.kind == packet && !e.late:
		if m.inbox >= socketBuffer {
			return
		}
		m.inbox++
	}
	e.at, e.late = at, true
	c.queue.add(*e)
}

// carryOut does what a member wants done.
func (c *Crowd) carryOut(m *Member) {
	if m.Pool.HasEffects() {
		e := m.Pool.Effects()
		for i := range e.Packets {
			c.send(m, &e.Packets[i])
		}
		for _, s := range e.Streams {
			if to := c.at(s.To); to != nil {
				c.put(to, event{at: m.stall.resumes(c.now) + 2*c.latency(), kind: request, from: m, id: s.ID, data: s.Data})
			}
		}
		if c.OnEvent != nil {
			for _, ev := range e.Events {
				c.OnEvent(m, ev)
			}
		}
	}
	c.arm(m)
}

// send sends a datagram, which may be lost.
func (c *Crowd) send(from *Member, p *swim.Packet) {
	latency, lost := c.latency(), c.rand.Float64() < c.cfg.Loss
	if to := c.at(p.To); to != nil && !lost {
		c.put(to, event{at: from.stall.resumes(c.now) + latency, kind: packet, from: from, data: p.Data})
	}
}

// at returns the member with the address, or nil.
func (c *Crowd) at(a netip.AddrPort) *Member {
	b := a.Addr().As4()
	if i := int(b[1])<<16 | int(b[2])<<8 | int(b[3]); i < len(c.members) {
		return c.members[i]
	}
	return nil
}

func (c *Crowd) put(to *Member, e event) {
	e.to = to
	c.queue.add(e)
}

func (c *Crowd) latency() time.Duration {
	if c.cfg.Jitter <= 0 {
		return c.cfg.Delay
	}
	return c.cfg.Delay + time.Duration(c.rand.Int64N(int64(c.cfg.Jitter)))
}

// arm makes sure that a tick is on the queue when the member needs one.
func (c *Crowd) arm(m *Member) {
	if due := m.Pool.Deadline(); due < m.wake {
		m.wake = max(due, c.now)
		c.put(m, event{at: m.wake, kind: tick})
	}
}
