package sim

import (
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// app is an instance of a service on a host, as it truly is, whatever its agent
// and the catalog believe. It goes on running while the agent does not.
type app struct {
	host   *host
	def    local.Service
	status string        // what whoever looks at it finds
	silent bool          // it does not report to its TTL check
	since  time.Duration // status and silent are as they are
	beats  int           // how often it began to report at intervals
	well   time.Duration // when its agent was last told that it is not critical
	known  time.Duration // when it was registered with the agent; 0: it is not
}

// app returns the instance with the ID, or nil.
func (h *host) app(id string) *app {
	for _, a := range h.apps {
		if a.def.Spec.ID == id {
			return a
		}
	}
	return nil
}

// check returns the definition of its health check, or nil.
func (a *app) check() *local.Check {
	if len(a.def.Checks) == 0 {
		return nil
	}
	return &a.def.Checks[0]
}

// complete fills in what a definition leaves open. Each instance has a port of
// its own, so that an answer of DNS says which one it means.
func (h *host) complete(def local.Service) (local.Service, error) {
	def, _, err := def.Normalized()
	if def.Spec.Port == 0 {
		def.Spec.Port = 8000 + len(h.apps)
		if a := h.app(def.Spec.ID); a != nil {
			def.Spec.Port = a.def.Spec.Port
		}
	}
	return def, err
}

// register registers an instance with the agent of its host, which keeps the
// definition. It reports whether there is an agent.
func (h *host) register(def local.Service) (bool, error) {
	if h.proc == nil {
		return false, nil
	}
	def, err := h.complete(def)
	if err != nil {
		return false, err
	}
	b, err := local.EncodeService(def)
	if err != nil {
		return false, err
	}
	err = h.proc.keeper.change(func(now time.Duration, s *local.State) error { return s.AddService(now, def, false) })
	if err == nil {
		err = h.kept.keep("service "+def.Spec.ID, b)
	}
	if err != nil {
		return false, err
	}
	a := h.app(def.Spec.ID)
	if a == nil {
		a = &app{host: h, status: catalog.Passing, since: h.world.now}
		h.apps = append(h.apps, a)
	}
	if a.known == 0 {
		a.well = h.world.now // a check begins anew; one that is there goes on as it was
	}
	a.def, a.known, a.since = def, h.world.now, h.world.now
	a.report()
	return true, nil
}

// deregister takes an instance back. It goes on running, but nobody is to find
// it any more. It reports whether there is an agent that knows it.
func (h *host) deregister(id string) (bool, error) {
	a := h.app(id)
	if h.proc == nil || a == nil || a.known == 0 {
		return false, nil
	}
	a.known, a.since = 0, h.world.now
	a.beats++
	h.kept.forget("service " + id)
	return true, h.proc.keeper.change(func(now time.Duration, s *local.State) error { return s.RemoveService(now, id) })
}

// reaped notes that the agent has taken an instance back by itself, as its check
// asks for: it must have been critical for so long.
func (h *host) reaped(id string) {
	h.kept.forget("service " + id)
	a := h.app(id)
	if a == nil {
		return
	}
	// The agent's clock may be fast by a twentieth.
	if c := a.check(); c == nil || c.Policy.DeregisterAfter == 0 || h.world.now-a.well < c.Policy.DeregisterAfter*9/10 {
		h.world.fail("no flap deregisters a healthy service", []string{h.name}, "the agent gives %s up, and was told at %.6fs that it is not critical", id, a.well.Seconds())
	}
	a.known, a.since = 0, h.world.now
	a.beats++
}

// told notes that its agent is about to be told how it is.
func (a *app) told() {
	if a.status != catalog.Critical {
		a.well = a.host.world.now
	}
}

// turn gives an instance another health; silent lets it stop to report.
func (a *app) turn(status string, silent bool) {
	a.status, a.silent, a.since = status, silent, a.host.world.now
	a.report()
}

// report tells a TTL check how the instance is, now and then at half the TTL.
func (a *app) report() {
	a.beats++
	c := a.check()
	if c == nil || c.Probe.Kind != local.KindTTL || a.silent || a.known == 0 {
		return
	}
	beats := a.beats
	var beat func()
	beat = func() {
		if a.beats != beats {
			return
		}
		if p := a.host.proc; p != nil { // else: the agent does not listen
			a.told()
			p.keeper.change(func(now time.Duration, s *local.State) error {
				return s.Report(now, c.ID, a.status, "it says that it is "+a.status)
			})
		}
		a.host.world.after(c.Probe.TTL/2, beat)
	}
	beat()
}
