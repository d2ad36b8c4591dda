package sim

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"praetor/kv"
)

// via returns the server that a step goes through: the one that it names, or
// the first that runs.
func (p *player) via(st step) (*host, error) {
	if word, ok := st.named["via"]; ok {
		if h := p.hostNamed(word); h != nil && h.proc == nil && st.named["outcome"] == "any" {
			return nil, nil // nobody there to ask, which is any outcome
		}
		h, err := p.one(word)
		if err == nil && h.proc.server == nil {
			err = fmt.Errorf("%s is no server", word)
		}
		return h, err
	}
	if hs := p.liveIn(p.group); len(hs) > 0 {
		return hs[0], nil
	}
	return nil, fmt.Errorf("no server runs")
}

// startClients starts clients.
func (p *player) startClients(st step) error {
	n, err := strconv.Atoi(st.args[0])
	if err != nil || n < 0 || n > 1000 {
		return fmt.Errorf("%q is not a number up to 1000", st.args[0])
	}
	keys := 4
	if s, ok := st.named["keys"]; ok {
		if keys, err = strconv.Atoi(s); err != nil || keys < 1 {
			return fmt.Errorf("keys=%s: not a positive number", s)
		}
	}
	think, err := st.duration("think", 50*time.Millisecond)
	if err != nil {
		return err
	}
	group := p.group
	via := func() []*host { return p.liveIn(group) }
	if word, ok := st.named["via"]; ok {
		hs, err := p.hostsOf(word)
		if err != nil {
			return err
		}
		via = func() []*host {
			return slices.DeleteFunc(slices.Clone(hs), func(h *host) bool { return h.proc == nil || h.proc.server == nil })
		}
	}
	spec := clientSpec{keys: keys, think: think, via: via, mix: usual, stick: st.named["stick"] == "1"}
	if spec.size, err = st.number("size"); err != nil || spec.size > kv.MaxValue {
		return fmt.Errorf("size=%s: not a number up to %d", st.named["size"], kv.MaxValue)
	}
	if s, ok := st.named["mix"]; ok {
		if spec.mix, err = parseMix(s); err != nil {
			return err
		}
	}
	for range n {
		p.addClient(group, spec)
	}
	return nil
}

// stopClients lets the clients end what they are doing and do no more.
func (p *player) stopClients(step) error {
	for _, c := range p.clients {
		c.stopped = true
	}
	for _, o := range p.operators {
		o.stopped = true
	}
	for _, r := range p.resolvers {
		r.stopped = true
	}
	return nil
}
