package sim

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	mdns "github.com/miekg/dns"

	"praetor/catalog"
	"praetor/dns"
)

// place is where an answer of DNS sends its asker.
type place struct {
	node string
	port int
}

// answer is what came of a look-up.
type answer struct {
	rcode  int
	places []place // sorted
}

// resolution is one question to the DNS of an agent. A dns.Handler asks its
// Source and waits for it. Here nobody can wait: what the handler misses is
// looked up, and then it is asked anew, with the same random numbers.
type resolution struct {
	proc    *process
	seed    uint64
	query   *mdns.Msg
	known   map[string]found
	missing string // the first thing that the handler did not find
	done    func(*mdns.Msg)
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
	q := new(mdns.Msg).SetQuestion(service+".service.consul.", mdns.TypeSRV)
	q.Id = 1 // the library draws one from a source of its own
	r := &resolution{proc: p, seed: p.host.rand.Uint64(), query: q, known: map[string]found{}}
	ended := false
	r.done = func(m *mdns.Msg) {
		if !ended {
			ended = true
			done(answerOf(m))
		}
	}
	p.later(dnsTime, func() { r.done(new(mdns.Msg).SetRcode(q, mdns.RcodeServerFailure)) })
	r.attempt()
}

// attempt answers the question if all is known that it takes.
func (r *resolution) attempt() {
	h, err := dns.NewHandler(dns.DefaultConfig(), r)
	if err != nil {
		panic(err) // the default configuration is sound
	}
	r.missing = ""
	m := h.Reply(context.Background(), rand.New(rand.NewPCG(r.seed, 0)), r.query, dns.TCP)
	if r.missing == "" {
		r.done(m)
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

// answerOf reads a reply.
func answerOf(m *mdns.Msg) answer {
	a := answer{rcode: m.Rcode}
	for _, rr := range m.Answer {
		if srv, ok := rr.(*mdns.SRV); ok {
			node, _, _ := strings.Cut(srv.Target, ".")
			a.places = append(a.places, place{node, int(srv.Port)})
		}
	}
	slices.SortFunc(a.places, placeOrder)
	return a
}

func placeOrder(a, b place) int {
	return strings.Compare(fmt.Sprintf("%s %05d", a.node, a.port), fmt.Sprintf("%s %05d", b.node, b.port))
}

// String lists where the answer sends its asker.
func (a answer) String() string {
	if len(a.places) == 0 {
		return mdns.RcodeToString[a.rcode]
	}
	var texts []string
	for _, p := range a.places {
		texts = append(texts, fmt.Sprintf("%s:%d", p.node, p.port))
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

// resolve looks a service up, and holds the answer against the rules.
func (w *world) resolve(h *host, service string, done func(answer)) {
	begin := w.now
	h.proc.lookUp(service, func(a answer) {
		w.counts.Lookups++
		w.note(h.name, "dns: %s: %v", service, a)
		w.checkLookup(h, service, begin, a)
		done(a)
	})
}
