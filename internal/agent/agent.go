package agent

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"praetor/api"
	"praetor/dns"
	"praetor/internal/agent/check"
	"praetor/internal/agent/config"
	"praetor/internal/agent/local"
	"praetor/internal/server"
	"praetor/raft"
	"praetor/raft/wal"
	"praetor/swim"
)

// Options is what an agent is started with.
type Options struct {
	Config  *config.Config
	Version string
	Log     *slog.Logger
	// Reload reads the configuration again, for SIGHUP and /v1/agent/reload.
	// nil: there is nothing to read again.
	Reload func() (*config.Config, []string, error)
}

// Agent is one running agent. Start makes one; Wait returns when it has ended.
type Agent struct {
	cfg    *config.Config
	opts   Options
	log    *slog.Logger
	id     string
	data   *dataDir       // nil: nothing is kept
	logDir *wal.Directory // nil on a client, and in memory
	wal    *wal.WAL       // in logDir; nil if that is
	guard  *guard         // of gossip
	lan    *pool
	wan    *pool // nil: on a client, or if it is off
	driver *driver
	keeper *keeper
	http   []*http.Server
	dns    []*dns.Server

	events  *eventLog
	cluster servers
	remote  *remoteServers // nil on a server

	leaving   chan struct{} // closed when somebody asked over HTTP to leave
	leaveOnce sync.Once

	cancel context.CancelCauseFunc
	tasks  sync.WaitGroup
}

// Start starts an agent. An error says what is in the way and what to do; then
// nothing is left behind. The agent runs until Stop.
func Start(opts Options) (_ *Agent, err error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	a := &Agent{
		cfg: opts.Config, opts: opts, log: opts.Log, cancel: cancel,
		events:  newEventLog(),
		leaving: make(chan struct{}),
	}
	defer func() {
		if err != nil {
			a.cancel(err)
			a.closeFiles()
		}
	}()
	if !a.cfg.Storage.Memory {
		if a.data, err = openDataDir(a.cfg.Storage.Dir); err != nil {
			return nil, err
		}
	}
	if a.id, err = a.data.nodeID(a.cfg.Node.ID, a.cfg.Server.Enabled); err != nil {
		return nil, err
	}
	if a.guard, err = a.newGuard(a.cfg.Node.Datacenter, ringLAN); err != nil {
		return nil, err
	}
	ls, err := a.listen()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			ls.close()
		}
	}()
	if err = a.build(ctx, ls); err != nil {
		return nil, err
	}
	a.serve(ctx, ls)
	return a, nil
}

// build makes the core, its driver, and what stands on them.
func (a *Agent) build(ctx context.Context, ls *listeners) error {
	c := clock{time.Now()}
	var brain core
	var err error
	if a.cfg.Server.Enabled {
		brain, err = a.newServer(c.now())
	} else {
		g := a.gossipConfig()
		g.Name, g.ID, g.Rand = a.cfg.Node.Name, a.id, newRand()
		g.Tags = server.ClientTags(a.cfg.Node.Datacenter, a.opts.Version)
		brain, err = server.NewClient(c.now(), g)
	}
	if err != nil {
		return err
	}
	a.buildDriver(ctx, c, brain, ls)
	if err := a.buildWAN(c, ls.wan); err != nil {
		return err
	}
	if err := a.newDNS(len(ls.dns)); err != nil {
		return err
	}
	return a.buildKeeper(ctx, c)
}

func (a *Agent) buildDriver(ctx context.Context, c clock, brain core, ls *listeners) {
	d := newDriver(c, brain, a.log)
	a.driver = d
	a.lan = a.newPool(d, a.cfg.Node.Name, fileLAN, a.cfg.Ports.SerfLAN, a.cfg.Join.LAN)
	d.gossip = ls.gossip
	d.gossip.packet, d.gossip.stream = d.packet, d.stream
	d.changed, d.heard = a.noteMembers, a.heardEvent
	if d.server == nil {
		a.remote = newRemoteServers(a.cfg.Node.Datacenter, a.cfg.Raft.LeaderWait, a.log)
		a.cluster = a.remote
		a.noteMembers(*d.members.Load())
		return
	}
	d.links = newLinks(ctx, raft.NodeID(a.id),
		func(m server.PeerMessage) {
			d.tryPost(func(now time.Duration) { d.server.Undelivered(now, m) })
		},
		func(id raft.NodeID) {
			d.post(ctx, func(now time.Duration) { d.server.PeerLost(now, id) })
		})
	s := store{d}
	a.cluster = ownServer{dns.SnapshotSource(d.catalog, a.cfg.Node.Datacenter), s}
	if a.wal != nil {
		d.disk = newDisk(a.wal,
			func(id raft.WriteID) { d.post(ctx, func(now time.Duration) { d.server.Persisted(now, id) }) },
			func(err error) {
				d.fail(fmt.Errorf("the log cannot be written, so nothing can be promised any more: %w", err))
			})
	}
}

func (a *Agent) buildKeeper(ctx context.Context, c clock) error {
	st := local.New(c.now(), local.Config{
		Node: a.catalogNode(), OutputDelay: a.cfg.Checks.OutputDelay,
		OutputMax: a.cfg.Checks.OutputMax, DiscardOutput: a.cfg.Checks.DiscardOutput, Rand: newRand(),
	})
	a.keeper = newKeeper(ctx, c, st, a.cfg.Node.Name, a.cluster, a.log)
	a.keeper.reaped = a.forgetService
	a.keeper.runner = check.New(check.Options{
		Scripts: a.cfg.Checks.Scripts, LocalScripts: a.cfg.Checks.LocalScripts, Report: a.keeper.report,
	})
	// First what came over HTTP: a file's check may belong to such a service,
	// and a file's definition takes the place of one of the same ID.
	if err := a.restoreDefinitions(c.now()); err != nil {
		return err
	}
	a.define(c.now(), a.cfg.Definitions)
	return nil
}

// newServer opens the log and makes a server's core of it.
func (a *Agent) newServer(now time.Duration) (*server.Server, error) {
	var stored raft.Stored
	var snapshot *server.View
	if !a.cfg.Storage.Memory {
		var err error
		if a.logDir, err = wal.OSDisk(a.data.file("raft")); err != nil {
			return nil, fmt.Errorf("open the log in %s: %w", a.data.file("raft"), err)
		}
		if a.wal, stored, err = wal.Open(a.logDir, wal.Options{}); err != nil {
			return nil, fmt.Errorf("open the log in %s: %w", a.data.file("raft"), err)
		}
		for _, r := range a.wal.Repairs() {
			a.log.Warn("log: repaired", "what", r.String())
		}
		if snapshot, err = loadSnapshot(a.wal); err != nil {
			return nil, err
		}
	}
	return server.New(now, a.serverConfig(), stored, snapshot)
}

// loadSnapshot reads the log's snapshot, if it has one.
func loadSnapshot(w *wal.WAL) (*server.View, error) {
	_, src, err := w.OpenSnapshot()
	if errors.Is(err, wal.ErrNoSnapshot) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer src.Close()
	return server.LoadView(src)
}

func (a *Agent) serverConfig() server.Config {
	r := raft.Config{
		ElectionTimeoutMin: a.cfg.Raft.ElectionMin,
		ElectionTimeoutMax: a.cfg.Raft.ElectionMax,
		HeartbeatInterval:  a.cfg.Raft.Heartbeat,
	}
	return server.Config{
		ID: raft.NodeID(a.id), Name: a.cfg.Node.Name, Datacenter: a.cfg.Node.Datacenter,
		Addr:      netip.AddrPortFrom(a.cfg.Addresses.Advertise, uint16(a.cfg.Ports.Server)),
		Build:     a.opts.Version,
		Bootstrap: a.cfg.Server.Expect == 1, Expect: a.expect(), HoldBootstrap: a.hasWhomToJoin(),
		Raft: r, Gossip: a.gossipConfig(),
		HoldTimeout: a.cfg.Raft.LeaderWait,
		Rand:        newRand(),
		Trace:       newStory(a.log, a.nameOf).tell,
	}
}

func (a *Agent) expect() int {
	if a.cfg.Server.Expect > 1 {
		return a.cfg.Server.Expect
	}
	return 0
}

func (a *Agent) gossipConfig() swim.Config {
	g := swim.DefaultLAN()
	a.cfg.GossipLAN.Apply(&g)
	g.Label = a.cfg.Node.Datacenter // agents of another datacenter are no members here
	g.Addr = netip.AddrPortFrom(a.cfg.Addresses.Advertise, uint16(a.cfg.Ports.SerfLAN))
	g.PacketSize = a.guard.fitting(g.PacketSize)
	g.Disable.Coordinates = a.cfg.Node.Placeless
	return g
}

// newGuard makes the guard of a gossip pool, whose ring is kept in a file of the
// data directory.
func (a *Agent) newGuard(label, file string) (*guard, error) {
	e := a.cfg.Encrypt
	if e.Key.IsZero() && a.guard != nil && a.guard.ring.Load() != nil {
		e.Key = a.guard.ring.Load().Primary() // where the first pool is encrypted, so is the second
	}
	g := newGuard(label, a.log)
	g.sendClear, g.takeClear = !e.Outgoing, !e.Incoming
	path := a.data.file(file)
	if e.NoFile {
		path = ""
	}
	return g, g.newRing(path, e.Key)
}

// Encrypted reports whether the agent's gossip is encrypted.
func (a *Agent) Encrypted() bool { return a.guard.ring.Load() != nil && !a.guard.sendClear }

// newRand returns a generator that is seeded by the system. The cores take all
// their randomness from such a one, so that the simulator can give them its own.
func newRand() *rand.Rand {
	var seed [16]byte
	cryptorand.Read(seed[:])
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(seed[:8]), binary.LittleEndian.Uint64(seed[8:])))
}

// serve starts everything that runs.
func (a *Agent) serve(ctx context.Context, ls *listeners) {
	a.goRun(func() { a.driver.run(ctx) })
	a.goRun(func() { ls.gossip.run(ctx) })
	a.goRun(func() { a.keeper.run(ctx) })
	a.goRun(func() { a.lan.rememberMembers(ctx) })
	if !a.cfg.Node.Placeless {
		a.goRun(func() { a.tellPlaces(ctx) })
	}
	a.goRun(func() {
		if err := a.lan.joinGroup(ctx, a.releaseBootstrap); err != nil {
			a.driver.fail(err)
		}
	})
	a.serveWAN(ctx, ls.wan)
	handler := a.newAPI()
	if a.driver.server != nil {
		own := a.cluster.(ownServer)
		port := newServerPort(ls.server, serverPortHandler(handler, own, a.cfg.Node.Datacenter), a.driver.receive, a.log)
		a.goRun(func() { port.run(ctx) })
		if a.driver.disk != nil {
			a.goRun(func() { a.driver.disk.run(ctx.Done()) })
		}
	}
	a.serveHTTP(ctx, ls, handler)
	a.serveDNS(ls)
}

func (a *Agent) goRun(f func()) {
	a.tasks.Add(1)
	go func() { defer a.tasks.Done(); f() }()
}

func (a *Agent) newAPI() http.Handler {
	c := api.Config{Datacenter: a.cfg.Node.Datacenter, Agent: handle{a}}
	if a.driver.server != nil {
		c.Store = store{a.driver}
	} else {
		c.Forward = a.remote.proxy()
	}
	return withHeaders(a.cfg.HTTP.Headers, api.New(c))
}

// Failed returns a channel that gets an error if the agent cannot go on.
func (a *Agent) Failed() <-chan error { return a.driver.fatal }

// Leaving returns a channel that is closed when a client asked the agent to
// leave, and it has.
func (a *Agent) Leaving() <-chan struct{} { return a.leaving }

// Leave tells the group good-bye. Stop comes after it. Anti-entropy ends first:
// the leader takes this node out of the catalog, and it must not come back.
func (a *Agent) Leave(ctx context.Context) error {
	a.keeper.quiet(ctx)
	if a.wan != nil {
		var told sync.WaitGroup
		told.Go(func() {
			if err := a.wan.sayGoodbye(ctx); err != nil {
				a.wan.log.Warn("agent: the other datacenters will take it for failed", "error", err)
			}
		})
		defer told.Wait()
	}
	a.driver.resign(ctx) // so that the new leader takes this server out
	return a.lan.sayGoodbye(ctx)
}

// stopTimeout bounds how long Stop waits for requests to end.
const stopTimeout = 3 * time.Second

// Stop stops the agent. What it has promised is on disk already. First it takes
// no new connections, so that clients turn to another agent; then a leader hands
// over, which lets the writes that are under way end well; and then the rest
// ends, whatever it is doing.
func (a *Agent) Stop() {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	for _, s := range a.http {
		go s.Shutdown(ctx)
	}
	a.driver.resign(ctx)
	a.cancel(errStopped)
	for _, s := range a.http {
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	}
	for _, s := range a.dns {
		s.Shutdown(ctx)
	}
	a.keeper.runner.Close()
	a.tasks.Wait()
	a.closeFiles()
}

func (a *Agent) closeFiles() {
	if a.wal != nil {
		if err := a.wal.Close(); err != nil && !errors.Is(err, wal.ErrClosed) {
			a.log.Warn("log: close", "error", err)
		}
	}
	if a.logDir != nil {
		a.logDir.Close() // which unlocks it
	}
	a.data.close()
}

// ID returns the node's ID, a UUID.
func (a *Agent) ID() string { return a.id }
