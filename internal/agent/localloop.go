package agent

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"praetor/internal/agent/check"
	"praetor/internal/agent/local"
	"praetor/internal/server"
)

// keeper owns the agent's services and checks: the pure core that decides, the
// runner that runs checks, and the calls that make the catalog agree.
type keeper struct {
	*loop
	ctx     context.Context
	state   *local.State
	runner  *check.Runner
	servers servers
	node    string
	log     *slog.Logger
	reaped  func(service string) // its file is to be removed

	callCtx context.Context // of the calls; ends before ctx when the agent leaves
	endCall context.CancelFunc
	leaving bool           // the loop's own: no more calls
	calls   sync.WaitGroup // under way
}

// callTimeout bounds one call to the servers. It is longer than the servers
// hold a request while they look for a leader.
const callTimeout = 15 * time.Second

func newKeeper(ctx context.Context, c clock, state *local.State, node string, s servers, log *slog.Logger) *keeper {
	k := &keeper{loop: newLoop(c), ctx: ctx, state: state, servers: s, node: node, log: log}
	k.callCtx, k.endCall = context.WithCancel(ctx)
	k.tick, k.deadline, k.settle = state.Tick, state.Deadline, k.carryOut
	return k
}

// report is how the runner tells the outcome of a run.
func (k *keeper) report(id, status, output string) {
	k.post(k.ctx, func(now time.Duration) {
		k.state.SetCheck(now, id, status, output) // an error: the check is gone meanwhile
	})
}

func (k *keeper) carryOut(now time.Duration) {
	e := k.state.Effects(now)
	for _, id := range e.Stop {
		k.runner.Stop(id)
	}
	for _, c := range e.Start {
		if warning := k.runner.Start(c); warning != "" {
			k.log.Warn("agent: "+warning, "check", c.ID)
		}
	}
	for _, c := range e.Calls {
		if !k.leaving {
			k.calls.Go(func() { k.callServers(c) })
		}
	}
	for _, ev := range e.Events {
		k.tell(ev)
	}
}

func (k *keeper) tell(ev local.Event) {
	switch ev.Kind {
	case local.Reaped:
		k.log.Warn("agent: "+ev.Text, "service", ev.ID)
		k.reaped(ev.ID)
	case local.SyncError:
		k.log.Warn("agent: anti-entropy: " + ev.Text)
	default:
		k.log.Info("agent: anti-entropy: "+ev.Text, "id", ev.ID)
	}
}

// quietTimeout bounds how long an agent that leaves waits for its last call.
const quietTimeout = time.Second

// quiet ends anti-entropy. It gives the call that is under way a moment to end.
func (k *keeper) quiet(ctx context.Context) {
	k.call(ctx, func(time.Duration) { k.leaving = true })
	ended := make(chan struct{})
	go func() { k.calls.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(quietTimeout):
	}
	k.endCall()
}

// callServers makes one call to the servers and tells the core how it ended.
func (k *keeper) callServers(c local.Call) {
	ctx, cancel := context.WithTimeout(k.callCtx, callTimeout)
	defer cancel()
	k.servers.await(ctx)
	if c.Kind == local.Fetch {
		v, err := k.servers.registered(ctx, k.node)
		k.post(k.ctx, func(now time.Duration) { k.state.Fetched(now, c.ID, v, err) })
		return
	}
	cmd := server.DeregisterCommand(c.Deregistration)
	if c.Kind == local.Register {
		cmd = server.RegisterCommand(c.Registration)
	}
	err := resultErr(k.servers.write(ctx, cmd))
	k.post(k.ctx, func(now time.Duration) { k.state.Done(now, c.ID, err) })
}

// ask runs f on the loop and returns what it returned.
func (k *keeper) ask(ctx context.Context, f func(now time.Duration) error) (err error) {
	if e := k.call(ctx, func(now time.Duration) { err = f(now) }); e != nil {
		return e
	}
	return err
}
