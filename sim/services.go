package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// maintain puts the host, or a service on it, into maintenance or takes it out.
// It reports whether there is an agent.
func (h *host) maintain(id string, on bool) (bool, error) {
	if h.proc == nil {
		return false, nil
	}
	err := h.proc.keeper.change(func(now time.Duration, s *local.State) error {
		return s.Maintenance(now, id, on, "somebody works on it")
	})
	if err == nil {
		h.maintained[id], h.changed = on, h.world.now
	}
	return true, err
}

// forget loses what the agent, which is down, has kept. Its apps are not
// registered any more.
func (h *host) forget() {
	h.kept = newKept()
	for _, a := range h.apps {
		a.known, a.since = 0, h.world.now
	}
}

// operator is the one who runs the services of a world: each is registered, and
// then its health changes now and then, or it is taken away and brought back.
type operator struct {
	world   *world
	rand    *rand.Rand
	flip    time.Duration // the mean time between two changes
	apps    []*app
	tags    int // that it has given out
	stopped bool
}

// addServices registers n instances of services s1, s2 and so on, in turn over
// the hosts of the group.
func (p *player) addServices(n, names int, flip time.Duration) error {
	hs := p.members()
	o := &operator{world: p.world, rand: stream(p.seed, fmt.Sprintf("services %d", len(p.operators))), flip: flip}
	for i := range n {
		h, name := hs[i%len(hs)], fmt.Sprintf("s%d", 1+i%names)
		a, err := h.install(definition(o.rand, name, fmt.Sprintf("%s-%d", name, len(h.apps)+1)))
		if err != nil {
			return err
		}
		o.apps = append(o.apps, a)
	}
	p.operators = append(p.operators, o)
	if flip > 0 {
		o.rest()
	}
	return nil
}

// definition draws how an instance is checked.
func definition(r *rand.Rand, name, id string) local.Service {
	c := local.Check{Probe: local.Probe{Kind: local.KindTTL, TTL: time.Duration(5+r.IntN(10)) * time.Second}}
	if r.IntN(2) == 0 {
		every := time.Duration(1+r.IntN(10)) * time.Second
		c.Probe = local.Probe{Kind: local.KindHTTP, Target: "http://localhost/health", Interval: every, Timeout: every}
	}
	if r.IntN(3) == 0 {
		c.Policy.DeregisterAfter = local.MinDeregisterAfter
	}
	return local.Service{Spec: catalog.Service{Service: name, ID: id}, Checks: []local.Check{c}}
}

// install begins to run an instance and registers it as soon as there is an
// agent.
func (h *host) install(def local.Service) (*app, error) {
	def, err := h.complete(def)
	if err != nil {
		return nil, err
	}
	a := &app{host: h, def: def, status: catalog.Passing, since: h.world.now}
	h.apps = append(h.apps, a)
	a.enroll()
	return a, nil
}

// enrollAgain is how long whoever installs an instance waits for its agent.
const enrollAgain = time.Second

// enroll registers an instance with its agent, sooner or later.
func (a *app) enroll() {
	if ok, err := a.host.register(a.def); err != nil {
		a.host.world.say(a.host.name, "agent: %v", err)
	} else if !ok {
		a.host.world.after(enrollAgain, a.enroll)
	}
}

func (o *operator) rest() {
	if !o.stopped {
		o.world.after(spread(o.rand, 0, 2*o.flip), o.act)
	}
}

// retag registers an instance with another tag, and soon with one more: the
// second time often while its agent still writes the first one.
func (o *operator) retag(a *app) {
	next := func() {
		if a.known > 0 && !o.stopped {
			o.tags++
			a.def.Spec.Tags = []string{fmt.Sprintf("v%d", o.tags)}
			a.enroll()
		}
	}
	next()
	o.world.after(spread(o.rand, 0, 50*time.Millisecond), next)
}

// act changes one instance: mostly its health, sometimes whether it is
// registered.
func (o *operator) act() {
	a := o.apps[o.rand.IntN(len(o.apps))]
	what := o.rand.IntN(8)
	switch {
	case o.stopped:
		return
	case a.known == 0 && a.host.proc != nil:
		a.enroll()
	case what == 0 && a.known > 0:
		a.host.deregister(a.def.Spec.ID)
	case what == 1 && a.known > 0:
		o.retag(a)
	case what < 3:
		a.turn(catalog.Critical, false)
	case what == 3:
		a.turn(catalog.Warning, false)
	case what == 4:
		a.turn(a.status, true)
	default:
		a.turn(catalog.Passing, false)
	}
	o.rest()
}
