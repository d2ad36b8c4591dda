package sim

import (
	"errors"
	"fmt"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/internal/server"
	"praetor/swim"
)

// keeper owns the services and checks of one agent while it runs: the pure core
// that decides, and the calls that make the catalog agree. It is the simulated
// counterpart of the keeper in package agent.
type keeper struct {
	proc    *process
	state   *local.State
	due     time.Duration // when the state's next tick is, of the process' time
	servers servers
	waiting []func()       // for a server to be known
	runs    map[string]int // by check: how often it was started or stopped
	calls   int            // so far
	leaving bool           // no more calls
}

// callTimeout bounds one call to the servers, as in the real agent.
const callTimeout = 15 * time.Second

// newKeeper makes the keeper of a process and defines again what its host has
// kept of the life before.
func newKeeper(p *process) (*keeper, error) {
	h := p.host
	k := &keeper{proc: p, due: never, runs: map[string]int{}}
	if p.server != nil {
		k.servers = ownServer{p}
	} else {
		k.servers = &forwarder{proc: p, sessions: map[int]int{}}
	}
	ip := h.gossip.Addr().String()
	k.state = local.New(p.now(), local.Config{
		Node: catalog.Node{
			ID: string(h.id), Node: h.name, Address: ip, Datacenter: "dc1",
			TaggedAddresses: map[string]string{"lan": ip, "wan": ip},
		},
		Rand: stream(h.world.seed, fmt.Sprintf("keeper %s %d", h.name, p.life)),
	})
	return k, h.kept.restore(p.now(), k.state)
}

// change lets something happen to the state, and does what comes of it.
func (k *keeper) change(do func(now time.Duration, s *local.State) error) error {
	err := do(k.proc.now(), k.state)
	k.carryOut()
	return err
}

// tick does what is due.
func (k *keeper) tick() {
	k.state.Tick(k.proc.now())
	k.carryOut()
}

// carryOut does what the state asks for.
func (k *keeper) carryOut() {
	e := k.state.Effects(k.proc.now())
	for _, id := range e.Stop {
		k.runs[id]++
	}
	for _, c := range e.Start {
		k.start(c)
	}
	for _, ev := range e.Events {
		k.proc.host.world.say(k.proc.host.name, "agent: %s", ev.Text)
		if ev.Kind == local.Reaped {
			k.proc.host.reaped(ev.ID)
		}
	}
	for _, c := range e.Calls {
		k.proc.host.world.checkCalled(k.proc, c)
		k.call(c)
	}
	k.due = k.state.Deadline()
	k.proc.arm()
}

// firstRun is within which time a check runs for the first time.
const firstRun = time.Second

// start runs a check from now on: it finds what is true of the app that it looks
// at, as of the moment when it looks.
func (k *keeper) start(c local.Check) {
	k.runs[c.ID]++
	run := k.runs[c.ID]
	h := k.proc.host
	var look func()
	look = func() {
		if k.runs[c.ID] != run {
			return
		}
		if a := h.app(c.ServiceID); a != nil {
			a.told()
			k.change(func(now time.Duration, s *local.State) error {
				return s.SetCheck(now, c.ID, a.status, "found it "+a.status)
			})
		}
		k.proc.later(c.Probe.Interval, look)
	}
	k.proc.later(spread(h.rand, 0, firstRun), look)
}

// call makes one call to the servers, as soon as one is known.
func (k *keeper) call(c local.Call) {
	k.calls++
	ended := false
	end := func(v local.View, err error) {
		if ended || !k.proc.alive() {
			return
		}
		ended = true
		k.change(func(now time.Duration, s *local.State) error {
			if c.Kind == local.Fetch {
				s.Fetched(now, c.ID, v, err)
			} else {
				s.Done(now, c.ID, err)
			}
			return nil
		})
		k.checkEnded(c, err)
	}
	k.proc.later(callTimeout, func() { end(local.View{}, errTimeout) })
	k.await(func() {
		if !ended && !k.leaving {
			k.ask(c, end)
		}
	})
}

// await does something as soon as there is a server to ask.
func (k *keeper) await(do func()) {
	if k.servers.known() {
		k.proc.later(0, do)
		return
	}
	k.waiting = append(k.waiting, do)
}

// members tells how the group looks now.
func (k *keeper) members(ms []swim.Member) {
	k.state.SetClusterSize(len(ms))
	if f, ok := k.servers.(*forwarder); ok {
		f.list.Update(ms, "dc1", string(k.proc.host.id))
	}
	if k.servers.known() {
		for _, do := range k.waiting {
			k.proc.later(0, do)
		}
		k.waiting = nil
	}
}

// ask asks a server.
func (k *keeper) ask(c local.Call, end func(local.View, error)) {
	if c.Kind == local.Fetch {
		k.servers.registered(k.proc.host.name, end)
		return
	}
	cmd := server.DeregisterCommand(c.Deregistration)
	if c.Kind == local.Register {
		cmd = server.RegisterCommand(c.Registration)
	}
	k.servers.write(cmd, func(r server.Result, err error) {
		if err == nil && r.Err != "" {
			err = errors.New(r.Err)
		}
		end(local.View{}, err)
	})
}
