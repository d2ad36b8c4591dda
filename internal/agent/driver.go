package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/raft"
	"praetor/swim"
	"praetor/swim/coordinate"
)

// errStopped is what a request gets when the agent stops under it.
var errStopped = errors.New("the agent is stopping")

// core is what a server's and a client's brain have in common: a place in the
// gossip pool.
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
	Coordinate() (coordinate.Coordinate, bool)
	Fire(now time.Duration, e swim.UserEvent) (swim.UserEvent, error)
	GossipStats() swim.Stats
}

var (
	_ core = (*server.Server)(nil)
	_ core = (*server.Client)(nil)
)

// driver runs a core on a loop and carries out its effects: it is the real
// world's counterpart of the simulator.
type driver struct {
	*loop
	core   core
	server *server.Server // nil on a client
	gossip *gossipPort
	links  *links
	disk   *disk // nil: memory only, durable at once
	log    *slog.Logger

	// The loop's own: requests and joins that wait.
	nextID  server.RequestID
	waiting map[server.RequestID]chan server.Answer
	joins   map[netip.AddrPort][]chan error
	left    []chan struct{}
	retired []chan struct{} // of resign

	members atomic.Pointer[[]swim.Member]
	changed func([]swim.Member)  // called on the loop when members changed; may be nil
	heard   func(swim.UserEvent) // called on the loop for each user event; may be nil
	fatal   chan error           // takes one error
}

func newDriver(c clock, co core, log *slog.Logger) *driver {
	d := &driver{
		loop: newLoop(c), core: co, log: log,
		waiting: map[server.RequestID]chan server.Answer{},
		joins:   map[netip.AddrPort][]chan error{},
		fatal:   make(chan error, 1),
	}
	d.server, _ = co.(*server.Server)
	d.tick, d.deadline, d.settle = co.Tick, co.Deadline, d.carryOut
	d.publishMembers()
	return d
}

// carryOut does what the core asks for. It never waits for anything.
func (d *driver) carryOut(now time.Duration) {
	for {
		e := d.core.Effects(now)
		for _, m := range e.Peers {
			d.links.send(m)
		}
		d.gossip.send(e.Packets)
		d.gossip.ask(context.Background(), e.Streams, d.streamReply)
		d.answer(e)
		d.tell(e.Events)
		for _, u := range e.UserEvents {
			if d.heard != nil {
				d.heard(u)
			}
		}
		if e.Fatal != nil {
			d.fail(e.Fatal)
		}
		if d.disk != nil {
			d.disk.carryOut(e, d.snapshotData)
			d.snapshot(e.Snapshot)
			return
		}
		if d.server != nil {
			d.snapshotInMemory(now, e)
		}
		if len(e.Writes) == 0 {
			return
		}
		d.server.Persisted(now, e.Writes[len(e.Writes)-1].ID) // and see what that allows
	}
}

// answer wakes who waits.
func (d *driver) answer(e server.Effects) {
	for _, a := range e.Answers {
		if c, ok := d.waiting[a.ID]; ok {
			delete(d.waiting, a.ID)
			c <- a // has room for it
		}
	}
	for _, j := range e.Joins {
		for _, c := range d.joins[j.Addr] {
			c <- j.Err
		}
		delete(d.joins, j.Addr)
	}
	if e.Left {
		for _, c := range d.left {
			close(c)
		}
		d.left = nil
	}
	if e.Resigned {
		for _, c := range d.retired {
			close(c)
		}
		d.retired = nil
	}
}

// tell writes the membership's story into the log.
func (d *driver) tell(events []swim.Event) {
	for _, ev := range events {
		m := ev.Member
		switch ev.Kind {
		case swim.Joined:
			d.log.Info("gossip: member joined", "member", m.Name, "addr", m.Addr)
		case swim.Failed:
			d.log.Warn("gossip: member failed", "member", m.Name, "addr", m.Addr)
		case swim.Departed:
			d.log.Info("gossip: member left", "member", m.Name, "addr", m.Addr, "pruned", m.State == swim.Pruned)
		case swim.Updated:
			d.log.Debug("gossip: member updated", "member", m.Name, "addr", m.Addr)
		case swim.Reaped:
			d.log.Info("gossip: member forgotten", "member", m.Name)
		case swim.Conflict:
			d.log.Error("gossip: two live nodes have one name; the newcomer is kept out until one of them gets another -node",
				"name", m.Name, "newcomer", m.Addr, "newcomer_id", m.ID, "holder", ev.Other.Addr, "holder_id", ev.Other.ID)
		}
	}
	if len(events) > 0 {
		d.publishMembers()
	}
}

func (d *driver) publishMembers() {
	ms := slices.DeleteFunc(d.core.Members(), func(m swim.Member) bool { return m.State == swim.Pruned })
	d.members.Store(&ms)
	if d.changed != nil {
		d.changed(ms)
	}
}

func (d *driver) fail(err error) {
	select {
	case d.fatal <- err:
	default:
	}
}

// packet, stream and streamReply are the gossip edge's way in.
func (d *driver) packet(from netip.AddrPort, b []byte) {
	d.tryPost(func(now time.Duration) { d.core.ReceivePacket(now, from, b) })
}

func (d *driver) stream(ctx context.Context, from netip.AddrPort, b []byte) (reply []byte, err error) {
	if e := d.call(ctx, func(now time.Duration) { reply, err = d.core.ServeStream(now, from, b) }); e != nil {
		return nil, e
	}
	return reply, err
}

func (d *driver) streamReply(id swim.StreamID, b []byte, err error) {
	d.post(context.Background(), func(now time.Duration) { d.core.StreamReply(now, id, b, err) })
}

// receive is the server port's way in. It waits while the loop is busy, which
// slows the sender down.
func (d *driver) receive(ctx context.Context, from raft.NodeID, b server.PeerBody) error {
	return d.post(ctx, func(now time.Duration) { d.server.ReceivePeer(now, from, b) })
}

// snapshot lets the disk write a snapshot while everything else goes on.
func (d *driver) snapshot(t *server.SnapshotTask) {
	if t == nil {
		return
	}
	go d.disk.snapshot(t, func(err error) (first raft.Index) {
		d.call(context.Background(), func(now time.Duration) { first = d.server.SnapshotSaved(now, t.Meta, err) })
		return first
	})
}

// snapshotInMemory is for an agent that keeps nothing: the state is its own
// snapshot. It cannot be sent to another server, which -dev does not have.
func (d *driver) snapshotInMemory(now time.Duration, e server.Effects) {
	if e.Snapshot != nil {
		d.server.SnapshotSaved(now, e.Snapshot.Meta, nil)
	}
	for _, r := range e.SnapshotReads {
		d.server.SnapshotData(now, r, nil, false, errors.New("this server keeps everything in memory"))
	}
}

func (d *driver) snapshotData(r raft.SnapshotRead, b []byte, last bool, err error) {
	d.post(context.Background(), func(now time.Duration) { d.server.SnapshotData(now, r, b, last, err) })
}

// request asks the core something that ends in an Answer.
func (d *driver) request(ctx context.Context, ask func(now time.Duration, id server.RequestID)) (server.Answer, error) {
	c := make(chan server.Answer, 1)
	err := d.post(ctx, func(now time.Duration) {
		d.nextID++
		d.waiting[d.nextID] = c
		ask(now, d.nextID)
	})
	if err != nil {
		return server.Answer{}, err
	}
	select {
	case a := <-c:
		return a, a.Err
	case <-ctx.Done():
		return server.Answer{}, context.Cause(ctx) // the answer will find its way into c
	case <-d.done:
		return server.Answer{}, errStopped
	}
}

// join asks the agent at addr for its members and waits for the outcome.
func (d *driver) join(ctx context.Context, addr netip.AddrPort) error {
	c := make(chan error, 1)
	err := d.post(ctx, func(now time.Duration) {
		d.joins[addr] = append(d.joins[addr], c)
		d.core.Join(now, addr)
	})
	if err != nil {
		return err
	}
	select {
	case err := <-c:
		if err != nil {
			return fmt.Errorf("join %v: %w", addr, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("join %v: %w", addr, context.Cause(ctx))
	case <-d.done:
		return errStopped
	}
}

// leave tells the group good-bye and waits until enough have heard it.
func (d *driver) leave(ctx context.Context) error {
	c := make(chan struct{})
	err := d.post(ctx, func(now time.Duration) {
		d.left = append(d.left, c)
		d.core.Leave(now)
	})
	if err != nil {
		return err
	}
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("leave: %w", context.Cause(ctx))
	case <-d.done:
		return errStopped
	}
}

// forceLeave makes a failed member one that has left.
func (d *driver) forceLeave(ctx context.Context, name string, prune bool) (err error) {
	if e := d.call(ctx, func(now time.Duration) { err = d.core.ForceLeave(now, name, prune) }); e != nil {
		return e
	}
	return err
}

// resign lets another server take over and waits until it has, or until nobody
// does, or until ctx ends: the core bounds it, too.
func (d *driver) resign(ctx context.Context) {
	if d.server == nil {
		return
	}
	c := make(chan struct{})
	err := d.post(ctx, func(now time.Duration) {
		d.retired = append(d.retired, c)
		d.server.Resign(now)
	})
	if err != nil {
		return
	}
	select {
	case <-c:
	case <-ctx.Done():
	case <-d.done:
	}
}

// catalog returns the newest catalog that this server has applied.
func (d *driver) catalog() *catalog.State { return d.server.View().Catalog }
