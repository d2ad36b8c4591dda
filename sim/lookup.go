package sim

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
	"praetor/dns"
)

// answer is what came of a look-up.
type answer struct {
	places []dns.Place // sorted
	err    error
}

// resolution is one question to the DNS of an agent. A dns.Handler asks its
// Source and waits for it. Here nobody can wait: what the handler misses is
// looked up, and then it is asked anew, with the same random numbers.
type resolution struct {
	proc    *process
	seed    uint64
	service string
	known   map[string]found
	missing string // the first thing that the handler did not find
	done    func(answer)
}

// found is what a look-up came to.
type found struct {
	value any
	err   error
}

// errMissing ends an attempt that misses something.
var errMissing = errors.New("not looked up yet")

// dnsTime bounds one question, as in the real agent.
var dnsTime = dns.DefaultLimits().Time

// lookUp asks the agent of a host for the instances of a service, as the apps
// on it do: over the loopback, which loses nothing. done is called once, unless
// the agent ends before.
func (p *process) lookUp(service string, done func(answer)) {
	r := &resolution{proc: p, seed: p.host.rand.Uint64(), service: service, known: map[string]found{}}
	ended := false
	r.done = func(a answer) {
		if !ended {
			ended = true
			done(a)
		}
	}
	p.later(dnsTime, func() { r.done(answer{err: dns.ErrServerFailure}) })
	r.attempt()
}

// attempt answers the question if all is known that it takes.
func (r *resolution) attempt() {
	h, err := dns.NewHandler(dns.DefaultConfig(), r)
	if err != nil {
		panic(err) // the default configuration is sound
	}
	r.missing = ""
	places, err := h.Locate(context.Background(), rand.New(rand.NewPCG(r.seed, 0)), r.service)
	if r.missing == "" {
		slices.SortFunc(places, placeOrder)
		r.done(answer{places, err})
	}
}

// find returns what is known, or begins to look it up.
func find[T any](r *resolution, what string, look func(done func(T, error))) (value T, err error) {
	if f, ok := r.known[what]; ok {
		value, _ = f.value.(T)
		return value, f.err
	}
	if r.missing == "" {
		r.missing = what
		r.proc.later(0, func() {
			look(func(v T, err error) {
				if r.proc.alive() {
					r.known[what] = found{v, err}
					r.attempt()
				}
			})
		})
	}
	return value, errMissing
}

var _ dns.Source = (*resolution)(nil)

// Node implements dns.Source.
func (r *resolution) Node(_ context.Context, _, name string) (*catalog.Node, error) {
	return find(r, "node "+name, func(done func(*catalog.Node, error)) { r.proc.keeper.servers.node(name, done) })
}

// Service implements dns.Source.
func (r *resolution) Service(_ context.Context, _, name string) ([]catalog.Instance, error) {
	return find(r, "service "+name, func(done func([]catalog.Instance, error)) { r.proc.keeper.servers.instances(name, done) })
}

// ByAddress implements dns.Source. Nobody here asks for names of addresses.
func (r *resolution) ByAddress(context.Context, string, netip.Addr) ([]*catalog.Node, error) {
	return nil, nil
}

// Datacenters implements dns.Source.
func (r *resolution) Datacenters(context.Context) ([]string, error) { return []string{"dc1"}, nil }

func placeOrder(a, b dns.Place) int {
	return cmp.Or(strings.Compare(a.Node, b.Node), cmp.Compare(a.Port, b.Port))
}

// String lists where the answer sends its asker.
func (a answer) String() string {
	switch {
	case a.err != nil:
		return a.err.Error()
	case len(a.places) == 0:
		return "nowhere"
	}
	var texts []string
	for _, p := range a.places {
		texts = append(texts, fmt.Sprintf("%s:%d", p.Node, p.Port))
	}
	return strings.Join(texts, " ")
}

// resolver is an app that looks services up, again and again.
type resolver struct {
	player  *player
	rand    *rand.Rand
	think   time.Duration // the longest time between two look-ups
	stopped bool
}

// ask makes one look-up at the agent of a host that runs.
func (r *resolver) ask() {
	if r.stopped {
		return
	}
	r.player.after(spread(r.rand, 0, r.think), r.ask)
	hs, names := r.player.upIn(r.player.group), r.player.serviceNames()
	pick, which := r.rand.Uint64(), r.rand.Uint64()
	if len(hs) > 0 && len(names) > 0 {
		r.player.resolve(hs[pick%uint64(len(hs))], names[which%uint64(len(names))], func(answer) {})
	}
}

// serviceNames returns the services that are or were registered, sorted.
func (w *world) serviceNames() []string {
	var names []string
	for _, h := range w.hosts {
		for _, a := range h.apps {
			names = append(names, a.def.Spec.Service)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// resolved is the end of a look-up, for the trace.
type resolved struct {
	service string
	answer
}

func (r resolved) String() string { return fmt.Sprintf("dns: %s: %v", r.service, r.answer) }

func (r resolved) mix(t *trace) { t.text(r.String()) }

// resolve looks a service up, and holds the answer against the rules.
func (w *world) resolve(h *host, service string, done func(answer)) {
	begin := w.now
	h.proc.lookUp(service, func(a answer) {
		w.counts.Lookups++
		w.note(h.name, resolved{service, a})
		w.checkLookup(h, service, begin, a)
		done(a)
	})
}
