package sim

// setNetwork changes all links that have no profile of their own.
func (p *player) setNetwork(st step) (err error) {
	p.net.base, err = p.profile(st, p.net.base)
	return err
}

// setLink changes the links between two hosts, both ways.
func (p *player) setLink(st step) error {
	return p.eachLink(st, func(l *link) error {
		own, err := p.profile(st, *l.profile())
		l.own = &own
		return err
	})
}

// profile returns a profile with what the step changes in it.
func (p *player) profile(st step, f profile) (_ profile, err error) {
	if f.delay, err = st.duration("delay", f.delay); err != nil {
		return f, err
	}
	if f.jitter, err = st.duration("jitter", f.jitter); err != nil {
		return f, err
	}
	for k := range numNetRates {
		if s, ok := st.named[k.String()]; ok {
			if f.rates[k], err = percent(s); err != nil {
				return f, err
			}
		}
	}
	if _, ok := st.named["bandwidth"]; ok {
		n, err := st.number("bandwidth")
		if err != nil {
			return f, err
		}
		f.bandwidth, f.slow = int64(n), p.deedIf(n > 0, faultSlowLink)
	}
	if _, ok := st.named["delay"]; ok || st.named["jitter"] != "" {
		f.late = p.deedIf(f.slowerThan(lan), faultDelay)
	}
	return f, nil
}

// deedIf returns a fault that strikes from now on, or nil if there is none.
func (w *world) deedIf(on bool, f fault) *deed {
	if !on {
		return nil
	}
	d := w.deed(f)
	d.fire()
	return d
}

// cut severs the links between two sets of hosts.
func (p *player) cut(st step) error {
	kind := faultCut
	if st.named["oneway"] == "1" {
		kind = faultOneWay
	}
	d := p.deed(kind)
	return p.eachLink(st, func(l *link) error { l.sever(d); return nil })
}

// isolate severs the links between some hosts and all others.
func (p *player) isolate(st step) error {
	hs, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	d := p.deed(faultIsolate)
	inside := map[*host]bool{}
	for _, h := range hs {
		inside[h] = true
	}
	for _, a := range p.hosts {
		for _, b := range p.hosts {
			if inside[a] != inside[b] {
				a.link(b).sever(d)
			}
		}
	}
	return nil
}

// heal joins the links between two sets of hosts, or all.
func (p *player) heal(st step) error {
	if len(st.args) == 0 {
		p.healed++
		for _, a := range p.hosts {
			for _, b := range p.hosts {
				a.link(b).set(nil)
			}
		}
		return nil
	}
	return p.eachLink(st, func(l *link) error { l.set(nil); return nil })
}

// eachLink calls do for the links from the first hosts to the second, and
// unless the step says -> or oneway=1 also for the links back.
func (p *player) eachLink(st step, do func(*link) error) error {
	word := st.args[len(st.args)-1]
	from, err := p.hostsOf(st.args[0])
	if err != nil {
		return err
	}
	to, err := p.hostsOf(word)
	if err != nil {
		return err
	}
	for _, a := range from {
		for _, b := range to {
			if a == b {
				continue
			}
			if err := do(a.link(b)); err != nil {
				return err
			}
			if st.named["oneway"] == "1" {
				continue
			}
			if err := do(b.link(a)); err != nil {
				return err
			}
		}
	}
	return nil
}
