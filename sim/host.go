package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/sim/disk"
	"praetor/swim"
)

// The ports of a host, as the real agent has them.
const (
	portServer = 8300
	portGossip = 8301
)

// host is a machine: what outlives a crash of the agent on it, which is a server
// or a client agent.
type host struct {
	world  *world
	num    int // from 0; the address is 10.0.0.num+1
	name   string
	id     raft.NodeID
	gossip netip.AddrPort
	group  int // servers of one group are to make a cluster
	pool   int // hosts of one pool are to see each other in gossip
	spec   spec
	links  []*link // to each host, by number; nil until used

	disk    *disk.Disk
	storage storageProfile
	faults  diskFaults
	proc    *process // nil while the agent is down
	life    int      // how often it was started
	left    bool     // it left for good
	moves   int      // how often its address changed
	moved   *deed    // that changed it last, or nil
	renamed int      // how often it got a new ID
	program program
	skew    skew // of its clock
	load    load // on its CPU
	wrote   *diskCheck
	known   []*host        // whom its agent saw alive last
	last    *server.Status // of its server, when that stopped
	kept    kept           // what was registered with its agent
	apps    []*app         // that run on it, in the order of their beginning
	changed time.Duration  // when its agent last began or ended
	leaving bool           // it was told to leave
	demoted bool           // an operator took it out of the cluster

	incarnated swim.Incarnation // the highest of its agents, as of the last look

	maintained map[string]bool // by service, "" for the host: somebody works on it
	rand       *rand.Rand
	stopped    time.Duration // when that was
}

// spec is how the agent on a host is configured.
type spec struct {
	client    bool // it is no server
	expect    int
	bootstrap bool
	snapshot  int     // after so many entries; 0: the server's default
	append    int     // a message carries so many bytes of entries; 0: the server's default
	joins     []*host // whom to ask for the members when it starts
}

// storageProfile is how fast a disk is.
type storageProfile struct {
	sync, jitter time.Duration // a sync takes from sync to sync+jitter
	rand         *rand.Rand
	slow         *deed // that made it slow, or nil
}

// How fast a good disk is.
const (
	goodSync   = 200 * time.Microsecond
	goodJitter = 300 * time.Microsecond
)

// addHost adds a machine on which nothing runs.
func (w *world) addHost(name string, s spec) *host {
	n := len(w.hosts)
	h := &host{
		world: w, num: n, name: name, id: raft.NodeID(name), spec: s,
		gossip: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte((n + 1) >> 8), byte(n + 1)}), portGossip),
		storage: storageProfile{
			sync: goodSync, jitter: goodJitter,
			rand: stream(w.seed, "sync "+name),
		},
	}
	h.kept = newKept()
	h.faults.dice.name = "disk " + name
	h.format()
	h.rand, h.maintained = stream(w.seed, "apps "+name), map[string]bool{}
	w.hosts = append(w.hosts, h)
	return h
}

// hostAt returns the machine with the address, or nil.
func (w *world) hostAt(a netip.Addr) *host {
	if !a.Is4() {
		return nil
	}
	b := a.As4()
	n := int(b[2])<<8 + int(b[3]) - 1
	if b[0] != 10 || n < 0 || n >= len(w.hosts) || int(b[1]) != w.hosts[n].moves {
		return nil
	}
	return w.hosts[n]
}

// hostNamed returns the machine with the name, or nil.
func (w *world) hostNamed(name string) *host {
	for _, h := range w.hosts {
		if h.name == name {
			return h
		}
	}
	return nil
}

// link returns the way to another host.
func (h *host) link(to *host) *link {
	for len(h.links) <= to.num {
		h.links = append(h.links, nil)
	}
	l := h.links[to.num]
	if l == nil {
		l = newLink(h, to)
		h.links[to.num] = l
	}
	return l
}

// address is where other servers reach this one.
func (h *host) address() netip.AddrPort { return netip.AddrPortFrom(h.gossip.Addr(), portServer) }

// up returns the hosts whose agent runs, be it a server or a client.
func (w *world) up() []*host {
	var hs []*host
	for _, h := range w.hosts {
		if h.proc != nil {
			hs = append(hs, h)
		}
	}
	return hs
}

// live returns the hosts whose server runs.
func (w *world) live() []*host {
	return slices.DeleteFunc(w.up(), func(h *host) bool { return h.spec.client })
}

// boot starts the agent with what its disk holds. What a crash leaves must do
// for that; a disk that fails once more need not.
func (h *host) boot() {
	if h.proc != nil || h.left {
		return
	}
	h.life++
	p, err := newProcess(h)
	switch {
	case h.dead():
		h.world.counts.Crashes++
		h.world.say(h.name, "crash: power fails while it starts")
		h.loseUnsynced()
	case errors.Is(err, disk.ErrIO), errors.Is(err, disk.ErrFull):
		h.world.say(h.name, "does not start: %v", err)
	case h.mayRefuse(err):
		h.faults.rotten.effect()
		h.world.say(h.name, "does not start: %v", err)
	case err != nil:
		h.world.fail("a server starts after any crash", []string{h.name}, "%v", err)
	default:
		h.proc, h.changed = p, h.world.now
		h.moved.effect()
		p.checkOffset()
		h.world.watch(h)
		p.keeper.members(p.core.Members())
		p.joining.begin(p)
		p.carryOut()
		p.keeper.carryOut()
	}
}

// crash takes the power away: what the disk was not told to sync may be lost.
func (h *host) crash() {
	if h.proc == nil {
		return
	}
	h.world.counts.Crashes++
	h.world.say(h.name, "crash: power fails")
	h.happens(moment{kind: crashes})
	h.loseUnsynced()
	h.kept.crash(stream(h.world.seed, fmt.Sprintf("crash of what is kept %s %d", h.name, h.life)))
	h.stop()
}

// kill ends the process only: the system still holds what it wrote.
func (h *host) kill(why string) {
	if h.proc == nil {
		return
	}
	h.world.counts.Crashes++
	h.world.say(h.name, "stops: %s", why)
	h.happens(moment{kind: stops, text: why})
	h.stop()
}

// stop forgets the process and closes its connections.
func (h *host) stop() {
	p := h.proc
	h.last, h.stopped = h.status(), h.world.now
	p.checkDrift()
	h.incarnated = h.incarnation()
	h.proc, h.changed = nil, h.world.now
	p.abandon()
	h.world.watch(h)
	for _, other := range h.world.live() {
		if c := other.proc.conns[h.num]; c != nil {
			c.reset()
		}
	}
}

// format gives the host an empty disk.
func (h *host) format() {
	h.disk = disk.New()
	h.disk.Fault = h.strike
	h.faults.rotten = nil
}

// move gives the host of an agent that is down another address, and reports
// whether it could.
func (h *host) move(d *deed) bool {
	if h.proc != nil || h.moves == 255 {
		return false
	}
	h.moves++
	b := h.gossip.Addr().As4()
	b[1] = byte(h.moves)
	h.gossip, h.moved = netip.AddrPortFrom(netip.AddrFrom4(b), portGossip), d
	return true
}

// restart starts the server, and reports whether it was down and runs.
func (h *host) restart() bool {
	was := h.proc
	h.boot()
	return h.proc != was
}

// wipe empties the disk of a server that is down, and reports whether anything
// was on it.
func (h *host) wipe() bool {
	if h.proc != nil {
		return false
	}
	names, _ := h.disk.List()
	h.wrote = nil
	h.forget()
	h.format()
	return len(names) > 0
}
