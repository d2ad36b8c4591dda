package sim

import (
	"slices"
	"time"

	"praetor/catalog"
	"praetor/dns"
	"praetor/internal/agent/local"
)

// checkLookup judges an answer of DNS twice: against what the server that gave it
// knows, at any time; and against what is true, once nothing has gone wrong for
// so long that everybody must know.
func (w *world) checkLookup(h *host, service string, begin time.Duration, a answer) {
	if h.proc.server != nil && a.err == nil {
		if want := usable(h.proc.server.View().Catalog, service); !slices.Equal(want, a.places) {
			w.fail("DNS answers what the catalog says", []string{h.name}, "%s: answered %v, but the catalog has %v", service, a, answer{places: want})
			return
		}
	}
	if !w.calm() {
		return
	}
	if a.err != nil {
		w.fail("DNS answers", []string{h.name}, "%s: no answer since %.6fs, though nothing fails", service, begin.Seconds())
	}
	for _, of := range w.hosts {
		for _, app := range of.apps {
			if app.def.Spec.Service == service && of.pool == h.pool {
				w.checkAnswered(h, app, begin, a)
			}
		}
	}
}

// usable is the slow way to find the instances that may be answered with: no
// check of theirs, nor of their node, is critical.
func usable(c *catalog.State, service string) []dns.Place {
	var places []dns.Place
	nodes, _ := c.Nodes(nil)
	for _, n := range nodes {
		_, services, _ := c.NodeServices(n.Node, nil)
		checks, _ := c.NodeChecks(n.Node, nil)
		for _, s := range services {
			bad := slices.ContainsFunc(checks, func(k *catalog.Check) bool {
				return k.Status == catalog.Critical && (k.ServiceID == "" || k.ServiceID == s.ID)
			})
			if s.Service == service && !bad {
				places = append(places, dns.Place{Node: n.Node, Port: uint16(s.Port)})
			}
		}
	}
	slices.SortFunc(places, placeOrder)
	return slices.Compact(places)
}

// checkAnswered holds an answer against the truth about one instance.
func (w *world) checkAnswered(h *host, a *app, begin time.Duration, got answer) {
	since, usable, known := a.state()
	is := slices.Contains(got.places, dns.Place{Node: a.host.name, Port: uint16(a.def.Spec.Port)})
	if is == usable || begin <= since+known+boundCall {
		return
	}
	who := []string{h.name, a.host.name}
	if usable {
		w.fail("DNS answers every healthy instance", who, "%s of %s is healthy since %.6fs, which was to be known %v later; answered was %v",
			a.def.Spec.ID, a.host.name, since.Seconds(), known+boundCall, got)
		return
	}
	w.fail("DNS never answers a critical instance for long", who, "%s of %s is not to be used since %.6fs, which was to be known %v later; answered was %v",
		a.def.Spec.ID, a.host.name, since.Seconds(), known+boundCall, got)
}

// state says whether an instance may be answered with, since when, and how long
// it takes its agent, or gossip, to find out.
func (a *app) state() (since time.Duration, usable bool, known time.Duration) {
	h := a.host
	switch c := a.check(); {
	case h.proc == nil:
		return h.changed, false, boundDead(len(h.world.hosts))
	case a.known == 0:
		return a.since, false, 0
	case h.maintained[""] || h.maintained[a.def.Spec.ID]:
		return max(a.since, h.changed), false, 0
	case c == nil:
		return max(a.since, a.known, h.changed), true, 0
	case c.Probe.Kind == local.KindTTL && a.silent:
		return max(a.since, a.known, h.changed), false, c.Probe.TTL
	case c.Probe.Kind == local.KindTTL:
		return max(a.since, a.known, h.changed), a.status != catalog.Critical, c.Probe.TTL / 2
	case a.status != catalog.Critical:
		return max(a.since, a.known, h.changed), true, firstRun + time.Duration(max(1, c.Policy.SuccessBeforePassing))*c.Probe.Interval
	default:
		return max(a.since, a.known, h.changed), false, firstRun + time.Duration(max(1, c.Policy.FailuresBeforeCritical))*c.Probe.Interval
	}
}

// calm reports whether nothing has gone wrong for so long that what is promised
// must be true: no fault has struck or had an effect, the network loses little,
// and somebody leads.
func (w *world) calm() bool {
	if w.net.base.rough() {
		w.disturbed = w.now
	}
	return w.now-w.disturbed > boundCalm && slices.ContainsFunc(w.live(), func(h *host) bool { return h.proc.server.Status().Leading })
}

// maxCalmLoss is how much a network may lose that still counts as well.
const maxCalmLoss = million / 50

// rough reports whether a link is too bad for what a calm world promises.
func (f *profile) rough() bool {
	r := &f.rates
	return r[faultLoss]+r[faultFlip] > maxCalmLoss || r[faultBurst]+r[faultTail]+r[faultGarble]+r[faultReset] > 0
}
