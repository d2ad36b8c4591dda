package sim

import (
	"fmt"
	"slices"
	"strings"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// checkServices: once all is quiet, the leader's catalog has of every node whose
// agent runs just what that agent has, and the agent has what is true ("the
// agent is the truth and the catalog the copy": package local).
func (w *world) checkServices() {
	for _, l := range w.live() {
		if !l.proc.server.Status().Leading {
			continue
		}
		for _, h := range w.up() {
			if h.pool == l.pool && w.failed == nil {
				w.checkAgent(h)
				w.checkCopy(l, h)
			}
		}
	}
}

// checkAgent: an agent knows the apps of its host that are registered, and how
// they are.
func (w *world) checkAgent(h *host) {
	checks := h.proc.keeper.state.Checks()
	services := h.proc.keeper.state.Services()
	for _, a := range h.apps {
		id := a.def.Spec.ID
		knows := slices.ContainsFunc(services, func(s local.ServiceState) bool { return s.Service.ID == id })
		if knows != (a.known > 0) {
			w.fail("an agent knows what was registered with it", []string{h.name}, "%s is registered: %v; but the agent has it: %v", id, a.known > 0, knows)
			return
		}
		if c := a.check(); c != nil && knows {
			i := slices.IndexFunc(checks, func(s local.CheckState) bool { return s.Definition.ID == c.ID })
			if i < 0 || checks[i].Check.Status != a.truth() {
				w.fail("an agent knows how its services are", []string{h.name}, "%s is %s, but the agent has %v", id, a.truth(), checkTexts(checks))
				return
			}
		}
	}
}

// truth is the status that the check of an instance must come to.
func (a *app) truth() string {
	c := a.check()
	switch {
	case c == nil:
		return catalog.Passing
	case c.Probe.Kind == local.KindTTL && a.silent:
		return catalog.Critical
	}
	return a.status
}

// checkCopy compares what the catalog on l has of a node with what its agent has.
func (w *world) checkCopy(l, h *host) {
	c := l.proc.server.View().Catalog
	_, services, _ := c.NodeServices(h.name, nil)
	checks, _ := c.NodeChecks(h.name, nil)
	var has, want []string
	for _, s := range services {
		if s.ID != "consul" {
			has = append(has, serviceText(s))
		}
	}
	for _, k := range checks {
		if k.CheckID != catalog.SerfHealth {
			has = append(has, checkText(k))
		}
	}
	for _, s := range h.proc.keeper.state.Services() {
		want = append(want, serviceText(&s.Service))
	}
	want = append(want, checkTexts(h.proc.keeper.state.Checks())...)
	slices.Sort(has)
	slices.Sort(want)
	if !slices.Equal(has, want) {
		w.fail("agent and catalog agree", []string{h.name, l.name}, "the agent has %s, the catalog %s", list(want), list(has))
	}
}

// checkEnded: a write to the catalog that failed is tried again soon, and what
// has changed while one was under way is written next. That the agent finds out
// in a minute or two what the catalog lacks is no reason to wait for it.
func (k *keeper) checkEnded(c local.Call, err error) {
	h, calls := k.proc.host, k.calls
	if c.Kind == local.Fetch || k.leaving || !k.proc.alive() {
		return
	}
	if err != nil {
		k.proc.later(boundRetry, func() {
			if k.calls == calls && !k.leaving {
				h.world.fail("what is not written yet is written soon", []string{h.name}, "%s has not called the servers again since a write of it failed %v ago: %v", h.name, boundRetry, err)
			}
		})
		return
	}
	if s := c.Registration.Service; s != nil {
		for _, now := range k.state.Services() {
			if now.Service.ID == s.ID && now.Synced && serviceText(&now.Service) != serviceText(s) {
				h.world.fail("what is not written yet is written soon", []string{h.name}, "%s has written %s, and takes it for %s", h.name, serviceText(s), serviceText(&now.Service))
			}
		}
	}
}

func serviceText(s *catalog.Service) string {
	return fmt.Sprintf("service %s (%s, port %d, tags %v)", s.ID, s.Service, s.Port, s.Tags)
}

func checkText(c *catalog.Check) string {
	return fmt.Sprintf("check %s of %q: %s", c.CheckID, c.ServiceID, c.Status)
}

func checkTexts(cs []local.CheckState) (texts []string) {
	for _, c := range cs {
		texts = append(texts, checkText(&c.Check))
	}
	return texts
}

func list(texts []string) string {
	if len(texts) == 0 {
		return "nothing"
	}
	return strings.Join(texts, "; ")
}

// checkCalled: an agent decides to take a service out of the catalog only if it
// is not registered with it any more; a change of health never does that, but
// for a check that says so (deregister_critical_service_after). The call may
// leave later, when the service is there again: then another one follows.
func (w *world) checkCalled(p *process, c local.Call) {
	d := c.Deregistration
	if c.Kind != local.Deregister || d.ServiceID == "" {
		return
	}
	a := p.host.app(d.ServiceID)
	if a == nil || a.known == 0 {
		return
	}
	w.fail("no agent deregisters a service that is registered with it", []string{p.host.name},
		"it takes %s out, which is registered since %.6fs and %s since %.6fs", d.ServiceID, a.known.Seconds(), a.truth(), a.since.Seconds())
}
