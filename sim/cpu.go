package sim

import "time"

// cpu is what keeps an agent's one goroutine from handling an event at once: it
// is slow, so that each event costs time and those behind it wait; or it is
// stopped, as by SIGSTOP, while its clock goes on and the system takes in for
// it what its buffers hold. An agent without one is as fast as one likes.
//
//	events    1   2 3        4
//	          v   v v        v
//	handled   1   |<-2->|<-3->|<-4->|
type cpu struct {
	cost    time.Duration // of each event
	free    time.Duration // when it will have handled what it has begun
	queue   []func()      // events that wait
	packets int           // of those that are datagrams
	waking  bool          // an event that calls drain is on the world's queue
	working bool          // drain hands out an event
	slow    *deed         // that made it slow, or nil
	stopped *deed         // that stopped it, or nil
}

// load is how slow the CPU of a host is, for each of its agents.
type load struct {
	cost time.Duration // of each event
	deed *deed         // that set it, or nil
}

// What the system keeps for an agent that does not come to read it: datagrams
// beyond that are dropped, and connections beyond that stall.
const (
	socketPackets = 256
	socketEvents  = 4096
)

// busy reports whether an event of the agent must wait.
func (p *process) busy() bool {
	c := p.cpu
	return c != nil && !c.working && (c.stopped != nil || len(c.queue) > 0 || p.host.world.now < c.free)
}

// full reports whether the system takes in no more for an agent.
func (p *process) full() bool { return p.cpu != nil && len(p.cpu.queue) >= socketEvents }

// turn lets do happen when it is its turn: at once, unless the agent is busy.
func (p *process) turn(do func()) {
	if p.busy() {
		p.wait(do)
		return
	}
	do()
}

// wait lets do happen after all that waits already.
func (p *process) wait(do func()) {
	c := p.cpu
	c.slow.effect()
	c.stopped.effect()
	c.queue = append(c.queue, do)
	p.schedule()
}

// waitPacket lets a datagram wait, if there is room. It reports whether there is.
func (p *process) waitPacket(d *datagram) bool {
	if p.cpu.packets >= socketPackets {
		d.lose()
		return false
	}
	p.cpu.packets++
	p.wait(func() {
		p.cpu.packets--
		d.arrive(p)
	})
	return true
}

// schedule makes sure that drain is called as soon as the agent can go on.
func (p *process) schedule() {
	if c := p.cpu; !c.waking && c.stopped == nil && len(c.queue) > 0 {
		c.waking = true
		p.host.world.at(c.free, p.drain)
	}
}

// drain handles the events that wait, until one costs time.
func (p *process) drain() {
	c, w := p.cpu, p.host.world
	c.waking = false
	for len(c.queue) > 0 && p.alive() && c.stopped == nil && c.free <= w.now {
		do := c.queue[0]
		c.queue = c.queue[1:]
		c.working = true
		do()
		c.working = false
	}
	if p.alive() {
		p.schedule()
	}
}

// spend takes down that an event was handled.
func (c *cpu) spend(now time.Duration) {
	if c != nil && c.cost > 0 {
		c.free = max(c.free, now) + c.cost
	}
}

// own gives the agent a cpu, if it has none.
func (p *process) own() *cpu {
	if p.cpu == nil {
		p.cpu = &cpu{}
	}
	return p.cpu
}

// pause stops the agent on a host for some time, or until resume if that is 0.
func (h *host) pause(d *deed, how time.Duration) {
	p := h.proc
	if p == nil || p.own().stopped != nil {
		return
	}
	h.world.say(h.name, "stands still")
	p.cpu.stopped = d
	if how > 0 {
		h.world.after(how, func() {
			if p.alive() && p.cpu.stopped == d {
				h.resume()
			}
		})
	}
}

// resume lets the agent go on.
func (h *host) resume() {
	if p := h.proc; p != nil && p.cpu != nil && p.cpu.stopped != nil {
		h.world.say(h.name, "goes on, %d events late", len(p.cpu.queue))
		p.cpu.stopped = nil
		p.cpu.free = max(p.cpu.free, h.world.now)
		p.schedule()
	}
}

// slowDown sets what an event costs the agents on a host, from now on.
func (h *host) slowDown(cost time.Duration, d *deed) {
	h.load = load{cost, d}
	if p := h.proc; p != nil && (cost > 0 || p.cpu != nil) {
		p.own().cost, p.cpu.slow = cost, d
	}
}
