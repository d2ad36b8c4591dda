package local

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
)

// fakeCatalog is the catalog of one node, as plain as can be.
type fakeCatalog struct {
	node     *catalog.Node
	services map[string]catalog.Service
	checks   map[string]catalog.Check
}

func (f *fakeCatalog) wipe() {
	*f = fakeCatalog{services: map[string]catalog.Service{}, checks: map[string]catalog.Check{}}
}

func (f *fakeCatalog) view() View {
	v := View{Node: f.node}
	for _, id := range sortedKeys(f.services) {
		v.Services = append(v.Services, new(f.services[id]))
	}
	for _, id := range sortedKeys(f.checks) {
		v.Checks = append(v.Checks, new(f.checks[id]))
	}
	return v
}

func (f *fakeCatalog) register(r catalog.Registration) error {
	if f.node == nil && r.SkipNodeUpdate {
		return errors.New("unknown node")
	}
	for _, c := range r.Checks {
		if _, ok := f.services[c.ServiceID]; c.ServiceID != "" && !ok && (r.Service == nil || r.Service.ID != c.ServiceID) {
			return fmt.Errorf("check %s: unknown service %s", c.CheckID, c.ServiceID)
		}
	}
	if !r.SkipNodeUpdate {
		f.node = &r.Node
	}
	if r.Service != nil {
		f.services[r.Service.ID] = cloneService(*r.Service)
	}
	for _, c := range r.Checks {
		f.checks[c.CheckID] = c
	}
	return nil
}

func (f *fakeCatalog) deregister(d catalog.Deregistration) {
	switch {
	case d.ServiceID != "":
		delete(f.services, d.ServiceID)
		for _, id := range sortedKeys(f.checks) {
			if f.checks[id].ServiceID == d.ServiceID {
				delete(f.checks, id)
			}
		}
	case d.CheckID != "":
		delete(f.checks, d.CheckID)
	default:
		panic("an agent never removes its own node")
	}
}

// harness drives a State against a fakeCatalog in virtual time and writes down
// what goes on.
type harness struct {
	now     time.Duration
	state   *State
	catalog fakeCatalog
	held    *Call         // the call whose answer is held back
	hold    bool          // hold answers back
	fail    func() bool   // whether the next call fails
	lost    func() bool   // whether a failing call takes effect all the same
	took    time.Duration // how long a call takes
	due     time.Duration // when held is answered, if hold is not set
	running map[string]bool
	log     strings.Builder
}

func newHarness(c Config) *harness {
	h := &harness{fail: func() bool { return false }, lost: func() bool { return false }, running: map[string]bool{}}
	h.catalog.wipe()
	h.start(c)
	return h
}

// start starts the agent, with nothing defined.
func (h *harness) start(c Config) {
	c.Node = catalog.Node{Node: "n1", ID: "id1", Address: "10.0.0.1", Datacenter: "dc1"}
	if c.Rand == nil {
		c.Rand = rand.New(rand.NewPCG(1, 2))
	}
	h.state = New(h.now, c)
	h.held = nil
}

func (h *harness) say(format string, args ...any) {
	fmt.Fprintf(&h.log, "%-7v %s\n", h.now.Round(time.Millisecond), fmt.Sprintf(format, args...))
}

// output returns what was written down since it was last called.
func (h *harness) output() string {
	out := h.log.String()
	h.log.Reset()
	return out
}

// settle carries effects out until there are none.
func (h *harness) settle() {
	for {
		e := h.state.Effects(h.now)
		for _, id := range e.Stop {
			delete(h.running, id)
			h.say("stop %s", id)
		}
		for _, c := range e.Start {
			h.running[c.ID] = true
			h.say("run %s every %v", c.ID, c.Probe.Interval)
		}
		for _, ev := range e.Events {
			h.say("%s", ev.Text)
		}
		if len(e.Calls) > 0 {
			if h.held != nil || len(e.Calls) > 1 {
				panic("two calls at the same time")
			}
			h.held = &e.Calls[0]
			h.due = h.now + h.took
			h.say("%s", describe(*h.held))
		}
		if h.held == nil || h.hold || h.due > h.now {
			return
		}
		h.answer()
	}
}

// answer gives the held call its answer.
func (h *harness) answer() {
	c := *h.held
	h.held = nil
	err := error(nil)
	if h.fail() {
		err = errors.New("No cluster leader")
	}
	if err != nil && !h.lost() {
		h.say("  failed")
	} else if c.Kind == Register {
		if e := h.catalog.register(c.Registration); e != nil {
			err = e
		}
	} else if c.Kind == Deregister {
		h.catalog.deregister(c.Deregistration)
	}
	if c.Kind == Fetch {
		h.state.Fetched(h.now, c.ID, h.catalog.view(), err)
	} else {
		h.state.Done(h.now, c.ID, err)
	}
}

// run lets the time pass until the given moment.
func (h *harness) run(until time.Duration) {
	for h.settle(); ; h.settle() {
		next := h.state.Deadline()
		if h.held != nil && !h.hold {
			next = min(next, h.due)
		}
		if next > until {
			break
		}
		h.now = max(h.now, next)
		h.state.Tick(h.now)
	}
	h.now = until
}

func describe(c Call) string {
	switch c.Kind {
	case Fetch:
		return "-> fetch"
	case Deregister:
		return strings.TrimSuffix(fmt.Sprintf("-> deregister service=%s check=%s", c.Deregistration.ServiceID, c.Deregistration.CheckID), " check=")
	}
	s := "-> register"
	if !c.Registration.SkipNodeUpdate {
		s += " node"
	}
	if c.Registration.Service != nil {
		s += " " + describeService(*c.Registration.Service)
	}
	for _, k := range c.Registration.Checks {
		s += " [" + describeCheck(k) + "]"
	}
	return s
}

func describeService(s catalog.Service) string {
	out := fmt.Sprintf("%s:%d", s.ID, s.Port)
	if len(s.Tags) > 0 {
		out += fmt.Sprint(s.Tags)
	}
	return out
}

func describeCheck(k catalog.Check) string {
	out := k.CheckID + " " + k.Status
	if k.Output != "" {
		out += fmt.Sprintf(" %q", k.Output)
	}
	if k.Notes != "" {
		out += fmt.Sprintf(" notes=%q", k.Notes)
	}
	return out
}

// disagreement is the oracle: it compares all that the agent wants with all
// that the catalog has, and returns the first difference, or "".
func (h *harness) disagreement() string {
	if h.catalog.node == nil || !sameNode(h.catalog.node, &h.state.cfg.Node) {
		return "the node differs"
	}
	var want, have []string
	for _, s := range h.state.Services() {
		want = append(want, fmt.Sprintf("%+v", s.Service))
	}
	for _, c := range h.state.Checks() {
		c.Check.ServiceTags, c.Check.ServiceName = nil, ""
		want = append(want, fmt.Sprintf("%+v", c.Check))
	}
	for _, id := range sortedKeys(h.catalog.services) {
		if id != reservedService {
			have = append(have, fmt.Sprintf("%+v", h.catalog.services[id]))
		}
	}
	for _, id := range sortedKeys(h.catalog.checks) {
		c := h.catalog.checks[id]
		c.ServiceTags, c.ServiceName = nil, ""
		if id != catalog.SerfHealth {
			have = append(have, fmt.Sprintf("%+v", c))
		}
	}
	if !slices.Equal(want, have) {
		return fmt.Sprintf("the agent wants\n%s\nthe catalog has\n%s", strings.Join(want, "\n"), strings.Join(have, "\n"))
	}
	return ""
}
