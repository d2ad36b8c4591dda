package agent

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"praetor/internal/server"
	"praetor/swim"
)

// pool is a gossip pool that this agent is in: that of its datacenter, or, on a
// server, that of the servers of all datacenters.
//
//	dc1                              dc2
//	+---------------------------+    +---------------------------+
//	| c1  c2  s1  s2  s3   LAN  |    | c3  s4  s5  s6       LAN  |
//	+---------------------------+    +---------------------------+
//	    s1.dc1  s2.dc1  s3.dc1   WAN   s4.dc2  s5.dc2  s6.dc2
type pool struct {
	driver *driver
	log    *slog.Logger
	self   string // this agent's name there
	port   int    // of members that are given without one
	join   []string
	file   string // where the members are remembered; "" nowhere

	every    time.Duration // between attempts to join
	attempts int           // 0: no end
	rejoin   bool          // after a leave, too
	changed  chan struct{} // receives when members came or went
}

// newPool makes the pool that a driver's core is in.
func (a *Agent) newPool(d *driver, self, file string, port int, join []string) *pool {
	j := a.cfg.Join
	return &pool{
		driver: d, log: d.log, self: self, port: port, join: join, file: a.data.file(file),
		every: j.Interval, attempts: j.Max, rejoin: j.Rejoin,
		changed: make(chan struct{}, 1),
	}
}

// noteChange wakes rememberMembers.
func (p *pool) noteChange() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// buildWAN makes the agent a member of the pool of all datacenters, if it has a
// port for that.
func (a *Agent) buildWAN(c clock, port *gossipPort) error {
	if port == nil {
		return nil
	}
	g := swim.DefaultWAN()
	a.cfg.GossipWAN.Apply(&g)
	g.Name, g.ID, g.Rand = a.cfg.Node.Name+"."+a.cfg.Node.Datacenter, a.id, newRand()
	g.Label = labelWAN
	g.Addr = netip.AddrPortFrom(a.cfg.Addresses.Wide, uint16(a.cfg.Ports.SerfWAN))
	g.PacketSize = port.guard.fitting(g.PacketSize)
	g.Tags = server.ServerTags(a.cfg.Node.Datacenter, a.opts.Version, a.cfg.Ports.Server)
	brain, err := server.NewClient(c.now(), g)
	if err != nil {
		return err
	}
	d := newDriver(c, brain, a.log.With("pool", "wan"))
	d.gossip = port
	port.packet, port.stream = d.packet, d.stream
	a.wan = a.newPool(d, g.Name, "gossip-wan.json", a.cfg.Ports.SerfWAN, a.cfg.Join.WAN)
	a.wan.attempts = 0 // a datacenter works without the others
	d.changed = func([]swim.Member) { a.wan.noteChange() }
	return nil
}

// labelWAN is the gossip label of the pool of all datacenters. That of a
// datacenter's own pool is its name.
const labelWAN = "*wan*"

// serveWAN runs the agent's part in the pool of all datacenters until ctx ends.
func (a *Agent) serveWAN(ctx context.Context, port *gossipPort) {
	if a.wan == nil {
		return
	}
	a.goRun(func() { a.wan.driver.run(ctx) })
	a.goRun(func() { port.run(ctx) })
	a.goRun(func() { a.wan.rememberMembers(ctx) })
	a.goRun(func() {
		if err := a.wan.joinGroup(ctx, func() {}); err != nil {
			a.wan.log.Error("agent: stays out of the pool of all datacenters", "error", err)
		}
	})
}

// sayGoodbye leaves a pool in good order, and remembers that.
func (p *pool) sayGoodbye(ctx context.Context) error {
	if p.file != "" {
		k := knownOf(*p.driver.members.Load(), p.self)
		k.Left = true
		if err := k.write(p.file); err != nil {
			p.log.Warn("agent: cannot remember to have left", "error", err)
		}
	}
	return p.driver.leave(ctx)
}

// forceLeave makes a failed member one that has left, in whichever pool has it.
// A server is in both, as NODE and as NODE.DATACENTER.
func (a *Agent) forceLeave(ctx context.Context, name string, prune bool) error {
	err := a.lan.driver.forceLeave(ctx, name, prune)
	switch {
	case a.wan == nil:
	case err == nil:
		_ = a.wan.driver.forceLeave(ctx, name+"."+a.cfg.Node.Datacenter, prune) // most members are not there
	case errors.Is(err, swim.ErrNoMember):
		err = a.wan.driver.forceLeave(ctx, name, prune)
	}
	return err
}
