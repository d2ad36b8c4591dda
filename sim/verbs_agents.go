package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// agents adds so many hosts with client agents on them, a1, a2 and so on, and
// starts them. They join the servers of the group, or whom the step names.
func (p *player) agents(st step) error {
	n, err := strconv.Atoi(st.args[0])
	if err != nil || n < 1 || n > 1000 {
		return fmt.Errorf("%q is not a number from 1 to 1000", st.args[0])
	}
	s, err := p.agentSpec(st)
	if err != nil {
		return err
	}
	others := len(slices.DeleteFunc(slices.Clone(p.hosts), func(h *host) bool { return !h.spec.client }))
	for i := range n {
		h := p.newHost(fmt.Sprintf("a%d", others+i+1), s)
		p.after(spread(stream(p.seed, "boot "+h.name), 0, bootSpread), h.boot)
	}
	return nil
}

// agent adds one host with a client agent and starts it.
func (p *player) agent(st step) error {
	if p.hostNamed(st.args[0]) != nil {
		return fmt.Errorf("there is a host %s already", st.args[0])
	}
	s, err := p.agentSpec(st)
	if err != nil {
		return err
	}
	p.newHost(st.args[0], s).boot()
	return nil
}

func (p *player) agentSpec(st step) (s spec, err error) {
	word := "servers"
	if w, ok := st.named["joins"]; ok {
		word = w
	}
	s.client = true
	s.joins, err = p.hostsOf(word)
	return s, err
}

// flap cuts hosts off and heals them, in turn, for so long.
func (p *player) flap(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	every, err := st.duration("every", 3*time.Second)
	if err != nil || every <= 0 {
		return fmt.Errorf("every=%s: not a time", st.named["every"])
	}
	long, err := st.duration("for", time.Minute)
	if err != nil {
		return err
	}
	d := p.deed(faultIsolate)
	for t := time.Duration(0); t < long; t += 2 * every {
		p.after(t, func() { p.around(hs, (*link).sever, d) })
		p.after(min(t+every, long), func() { p.around(hs, (*link).set, nil) })
	}
	return nil
}

// around does something to all links between some hosts and the others.
func (p *player) around(hs []*host, do func(*link, *deed), d *deed) {
	for _, a := range hs {
		for _, b := range p.hosts {
			if !slices.Contains(hs, b) {
				do(a.link(b), d)
				do(b.link(a), d)
			}
		}
	}
}
