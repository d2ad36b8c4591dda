package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/internal/server"
)

// registerService registers an instance with the agent of a host.
func (p *player) registerService(st step) error {
	def, err := st.service(st.args[1])
	if err != nil {
		return err
	}
	return p.eachAgent(st.args[0], func(h *host) (bool, error) { return h.register(def) })
}

// service returns the definition that a step describes. It opens no port unless
// the step says so; who wants a check gets one, with an interval or a TTL.
func (st step) service(name string) (d local.Service, err error) {
	d.Spec = catalog.Service{Service: name, ID: cmp.Or(st.named["id"], name)}
	if d.Spec.Port, err = st.number("port"); err != nil {
		return d, err
	}
	if tag, ok := st.named["tag"]; ok {
		d.Spec.Tags = []string{tag}
	}
	every, err := st.duration("every", 10*time.Second)
	if err != nil {
		return d, err
	}
	c := local.Check{}
	switch st.named["check"] {
	case "", "http":
		c.Probe = local.Probe{Kind: local.KindHTTP, Target: "http://localhost/health", Interval: every, Timeout: every}
	case "ttl":
		c.Probe = local.Probe{Kind: local.KindTTL, TTL: every}
	case "none":
		return d, nil
	default:
		return d, fmt.Errorf("check=%s: there is no such kind", st.named["check"])
	}
	if c.Policy.DeregisterAfter, err = st.duration("reap", 0); err != nil {
		return d, err
	}
	if c.Policy.FailuresBeforeCritical, err = st.number("failures"); err != nil {
		return d, err
	}
	if c.Policy.SuccessBeforePassing, err = st.number("successes"); err != nil {
		return d, err
	}
	d.Checks = []local.Check{c}
	return d, nil
}

// deregisterService takes an instance back from the agent of a host.
func (p *player) deregisterService(st step) error {
	return p.eachAgent(st.args[0], func(h *host) (bool, error) { return h.deregister(st.args[1]) })
}

// eachAgent does something at the agent of each host, and says so when there is
// no agent to do it.
func (p *player) eachAgent(word string, do func(*host) (bool, error)) error {
	hs, err := p.hostsOf(word)
	if err != nil {
		return err
	}
	for _, h := range hs {
		switch done, err := do(h); {
		case err != nil:
			return err
		case !done:
			p.say(h.name, "agent: nobody is there who can do that")
		}
	}
	return nil
}

// turnService gives the instances of that ID on some hosts another health.
func (p *player) turnService(st step) error {
	status := st.args[2]
	if !slices.Contains([]string{catalog.Passing, catalog.Warning, catalog.Critical, "silent"}, status) {
		return fmt.Errorf("%s is none of passing, warning, critical and silent", status)
	}
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	for _, h := range hs {
		a := h.app(st.args[1])
		switch {
		case a == nil:
			return fmt.Errorf("%s runs no %s", h.name, st.args[1])
		case status == "silent":
			a.turn(a.status, true)
		default:
			a.turn(status, false)
		}
	}
	return nil
}

// maintenance puts a host, or a service on it, into maintenance or takes it out.
func (p *player) maintenance(st step) error {
	id, on := "", st.args[len(st.args)-1]
	if len(st.args) == 3 {
		id = st.args[1]
	}
	if on != "on" && on != "off" {
		return fmt.Errorf("%s is neither on nor off", on)
	}
	return p.eachAgent(st.args[0], func(h *host) (bool, error) { return h.maintain(id, on == "on") })
}

// forget loses what the agents of some hosts have kept of their services; they
// must be down.
func (p *player) forget(st step) error {
	hs, err := p.hostsOf(st.args[0])
	for _, h := range hs {
		if h.proc == nil {
			h.forget()
		}
	}
	return err
}

// registerOutside writes an instance into the catalog as somebody does who goes
// past the agents, with its node and a check that says what the step says.
func (p *player) registerOutside(st step) error {
	node, def := st.args[0], catalog.Service{ID: cmp.Or(st.named["id"], st.args[1]), Service: st.args[1]}
	def.Weights = catalog.Weights{Passing: 1, Warning: 1}
	reg := catalog.Registration{
		Node:    catalog.Node{ID: st.named["node-id"], Node: node, Address: cmp.Or(st.named["address"], "192.0.2.1"), Datacenter: "dc1"},
		Service: &def,
	}
	if h := p.hostNamed(node); h != nil {
		reg.SkipNodeUpdate = true
	}
	if status, ok := st.named["status"]; ok {
		reg.Checks = []catalog.Check{{Node: node, CheckID: "outside:" + def.ID, Name: "From outside", Status: status, ServiceID: def.ID}}
	}
	return p.writeCatalog(st, server.RegisterCommand(reg))
}

// deregisterOutside removes a node, or a service of it, from the catalog, past
// its agent.
func (p *player) deregisterOutside(st step) error {
	d := catalog.Deregistration{Node: st.args[0]}
	if len(st.args) == 2 {
		d.ServiceID = st.args[1]
	} else {
		p.expelled = append(p.expelled, d.Node)
	}
	return p.writeCatalog(st, server.DeregisterCommand(d))
}

func (p *player) writeCatalog(st step, cmd []byte) error {
	via, err := p.via(st)
	if err != nil {
		return err
	}
	via.proc.submit(cmd, func(a server.Answer) {
		if a.Err != nil {
			p.say(via.name, "catalog: a write from outside has failed: %v", a.Err)
		}
	})
	return nil
}

// startServices registers so many instances, of a few services, over the hosts
// of the group, and lets their health change now and then.
func (p *player) startServices(st step) error {
	n, err := strconv.Atoi(st.args[0])
	if err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("%q is not a number from 1 to 1000", st.args[0])
	}
	names := 3
	if _, ok := st.named["names"]; ok {
		if names, err = st.number("names"); err != nil || names < 1 {
			return fmt.Errorf("names=%s: not a positive number", st.named["names"])
		}
	}
	flip, err := st.duration("flip", 0)
	if err != nil {
		return err
	}
	return p.addServices(n, names, flip)
}

// startLookups starts apps that look services up.
func (p *player) startLookups(st step) error {
	n, err := strconv.Atoi(st.args[0])
	if err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("%q is not a number from 1 to 1000", st.args[0])
	}
	think, err := st.duration("think", time.Second)
	if err != nil {
		return err
	}
	for range n {
		r := &resolver{player: p, rand: stream(p.seed, fmt.Sprintf("resolver %d", len(p.resolvers)+1)), think: think}
		p.resolvers = append(p.resolvers, r)
		p.after(spread(r.rand, 0, think), r.ask)
	}
	return nil
}

// lookupStep looks a service up and waits for the answer.
func (p *player) lookupStep(st step) error {
	hs, err := p.hostsOf(cmp.Or(st.named["via"], "all"))
	if err != nil {
		return err
	}
	hs = slices.DeleteFunc(hs, func(h *host) bool { return h.proc == nil })
	if len(hs) == 0 {
		return fmt.Errorf("no agent runs there")
	}
	want := -1
	if _, ok := st.named["answers"]; ok {
		if want, err = st.number("answers"); err != nil {
			return err
		}
	}
	via, over := hs[0], false
	p.resolve(via, st.args[0], func(a answer) {
		over = true
		p.say("client", "dns: %s via %s: %v", st.args[0], via.name, a)
		if want >= 0 && len(a.places) != want {
			p.fail("what the scenario expects", []string{via.name}, "line %d: %q: %v, which is not %d", st.line, st.text, a, want)
		}
	})
	if !p.runUntil(p.now+patience, func() bool { return over }) {
		p.fail("a request has one answer", []string{via.name}, "line %d: %q: no answer within %v", st.line, st.text, patience)
	}
	return nil
}

// The steps on services, health, the catalog and DNS.
func init() {
	for name, v := range map[string]verb{
		"register": {usage: "register HOSTS SERVICE [id=ID] [port=N] [tag=TAG] [check=http|ttl|none] [every=D] [reap=D] [failures=N] [successes=N]",
			least: 2, most: 2, shown: true, do: (*player).registerService},
		"deregister":         {usage: "deregister HOSTS ID", least: 2, most: 2, shown: true, do: (*player).deregisterService},
		"turn":               {usage: "turn HOSTS ID passing|warning|critical|silent", least: 3, most: 3, shown: true, do: (*player).turnService},
		"maintenance":        {usage: "maintenance HOSTS [ID] on|off", least: 2, most: 3, shown: true, do: (*player).maintenance},
		"forget":             {usage: "forget HOSTS (what was registered with their agents, which are down)", least: 1, most: 1, shown: true, do: (*player).forget},
		"catalog-register":   {usage: "catalog-register NODE SERVICE [id=ID] [address=IP] [node-id=ID] [status=S] [via HOST]", least: 2, most: 2, shown: true, do: (*player).registerOutside},
		"catalog-deregister": {usage: "catalog-deregister NODE [ID] [via HOST]", least: 1, most: 2, shown: true, do: (*player).deregisterOutside},
		"lookups":            {usage: "lookups N [think=D] (apps that look services up, each at any agent)", least: 1, most: 1, shown: true, do: (*player).startLookups},
		"lookup":             {usage: "lookup SERVICE [via HOST] [answers=N]", least: 1, most: 1, waits: true, do: (*player).lookupStep},
		"flap":               {usage: "flap HOSTS every=D for D (each is cut off, and healed, in turn)", least: 1, most: 1, shown: true, do: (*player).flap},
		"services":           {usage: "services N [names=N] [flip=D] (on all hosts; one changes every D in the mean)", least: 1, most: 1, shown: true, do: (*player).startServices},
	} {
		verbs[name] = v
	}
}
