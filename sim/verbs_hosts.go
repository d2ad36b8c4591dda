package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// bootSpread is within which time the servers of one step start.
const bootSpread = 20 * time.Millisecond

// servers adds so many hosts, which look for each other, and starts them.
func (p *player) servers(st step) error {
	n, err := strconv.Atoi(st.args[0])
	if err != nil || n < 1 || n > 100 {
		return fmt.Errorf("%q is not a number from 1 to 100", st.args[0])
	}
	s, err := specOf(st)
	if err != nil {
		return err
	}
	var hs []*host
	for range n {
		hs = append(hs, p.newHost(fmt.Sprintf("n%d", len(p.hosts)+1), s))
	}
	for _, h := range hs {
		h.spec.joins = slices.DeleteFunc(slices.Clone(hs), func(o *host) bool { return o == h })
		p.after(spread(stream(p.seed, "boot "+h.name), 0, bootSpread), h.boot)
	}
	return nil
}

// server adds one host and starts it.
func (p *player) server(st step) error {
	s, err := specOf(st)
	if err != nil {
		return err
	}
	if word, ok := st.named["joins"]; ok {
		d := p.deed(faultJoin)
		d.fire()
		d.effect()
		if s.joins, err = p.hostsOf(word); err != nil {
			return err
		}
	}
	if p.hostNamed(st.args[0]) != nil {
		return fmt.Errorf("there is a server %s already", st.args[0])
	}
	p.newHost(st.args[0], s).boot()
	return nil
}

func (p *player) newHost(name string, s spec) *host {
	h := p.addHost(name, s)
	h.group, h.pool = p.group, p.group
	return h
}

func specOf(st step) (s spec, err error) {
	s.bootstrap = st.named["bootstrap"] == "1"
	if s.expect, err = st.number("expect"); err != nil {
		return s, err
	}
	if s.append, err = st.number("append"); err != nil {
		return s, err
	}
	s.snapshot, err = st.number("snapshot")
	return s, err
}

// selectGroup makes the steps that follow be about the servers of a group,
// which is a cluster of its own.
func (p *player) selectGroup(st step) (err error) {
	p.group, err = strconv.Atoi(st.args[0])
	return err
}

// resign stops a server in good order: it hands over first.
func (h *host) resign() {
	if h.proc != nil && h.proc.server != nil {
		h.proc.server.Resign(h.proc.now())
		h.proc.carryOut()
	}
}

// leave lets an agent go in good order.
func (h *host) leave() {
	if h.proc != nil {
		h.leaving = true
		h.proc.keeper.leaving = true // the leader takes the node out, and it must not come back
		h.proc.core.Leave(h.proc.now())
		h.proc.carryOut()
	}
}

// join lets one host's agent join another's gossip, which makes their pools one.
func (p *player) join(st step) error {
	a, err := p.one(st.args[0])
	if err != nil {
		return err
	}
	b, err := p.one(st.args[1])
	if err != nil {
		return err
	}
	d := p.deed(faultJoin)
	d.fire()
	d.effect()
	was := a.pool
	for _, h := range p.hosts {
		if h.pool == was {
			h.pool = b.pool
		}
	}
	a.proc.core.Join(a.proc.now(), b.gossip)
	a.proc.carryOut()
	return nil
}

// setDisk changes how fast disks are, or makes them fail.
func (p *player) setDisk(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	for _, h := range hs {
		if h.storage.sync, err = st.duration("sync", h.storage.sync); err != nil {
			return err
		}
		if h.storage.jitter, err = st.duration("jitter", h.storage.jitter); err != nil {
			return err
		}
		h.storage.slow = nil
		if h.storage.sync+h.storage.jitter > goodSync+goodJitter {
			h.storage.slow = p.deed(faultSlowDisk)
			h.storage.slow.fire()
		}
		if err := p.setDiskFaults(h, st); err != nil {
			return err
		}
	}
	return nil
}
