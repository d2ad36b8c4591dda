package sim

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/internal/server"
)

// patience is how long a step waits for the end of a request. Servers answer
// within their HoldTimeout.
const patience = 30 * time.Second

// putKey writes a key and, unless the step says nowait=1, waits for the answer.
func (p *player) putKey(st step) error {
	via, err := p.via(st)
	if via == nil || err != nil {
		return err
	}
	value, err := p.newValue(st)
	if err != nil {
		return err
	}
	within, err := st.duration("within", patience)
	if err != nil {
		return err
	}
	ended := func(op *operation) {
		p.say("client", "%v", op)
		p.expectOutcome(st, op, cmp.Or(st.named["outcome"], "ok"))
		if took := op.end - op.begin; took > within {
			p.fail("what the scenario expects", []string{via.name}, "line %d: %v took %v", st.line, op, took)
		}
	}
	if st.named["nowait"] == "1" {
		p.say("client", "puts %s=%s via %s", st.args[0], short(value), via.name)
		p.put(via, st.args[0], value, ended)
		return nil
	}
	p.await(ended, func(done func(*operation)) { p.put(via, st.args[0], value, done) })
	return nil
}

// newValue returns the value to be written, which nobody has written before,
// with so many dots behind it that it has the size that the step names.
func (p *player) newValue(st step) (string, error) {
	v := st.args[1]
	if s, ok := st.named["size"]; ok {
		n, err := strconv.Atoi(s)
		if err != nil || n > 1<<18 {
			return "", fmt.Errorf("size=%s: not a number of bytes up to 256 KiB", s)
		}
		v += strings.Repeat(".", max(0, n-len(v)))
	}
	if p.check.writes.byValue[v] != nil {
		return "", fmt.Errorf("value %s was written before; values must be unique", st.args[1])
	}
	return v, nil
}

// expectOutcome holds what came of a request against what should have.
func (p *player) expectOutcome(st step, op *operation, want string) {
	if got := op.outcome.String(); want != "any" && got != want {
		p.fail("what the scenario expects", []string{op.via}, "line %d: %v, not %s", st.line, op, want)
	}
}

// getKey reads a key and waits for the answer.
func (p *player) getKey(st step) error {
	via, err := p.via(st)
	if via == nil || err != nil {
		return err
	}
	word := cmp.Or(st.named["mode"], modeNames[server.Default])
	mode := server.ReadMode(slices.Index(modeNames[:], word))
	if !slices.Contains(modeNames[:], word) {
		return fmt.Errorf("mode=%s: there is no such mode", word)
	}
	ended := func(op *operation) {
		p.say("client", "%v", op)
		p.expectOutcome(st, op, cmp.Or(st.named["outcome"], "ok"))
		if want, ok := st.named["value"]; ok && want != op.value {
			p.fail("what the scenario expects", []string{op.via}, "line %d: %v, not %s", st.line, op, want)
		}
	}
	if st.named["nowait"] == "1" {
		p.get(via, st.args[0], mode, ended)
		return nil
	}
	p.await(ended, func(done func(*operation)) { p.get(via, st.args[0], mode, done) })
	return nil
}

// modeNames are how a step calls the modes of reads.
var modeNames = [...]string{server.Default: "default", server.Consistent: "consistent", server.Stale: "stale"}

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

// await starts an operation and lets time pass until it has ended.
func (p *player) await(ended func(*operation), start func(done func(*operation))) {
	over := false
	start(func(op *operation) {
		over = true
		ended(op)
	})
	if !p.runUntil(p.now+patience, func() bool { return over }) {
		p.fail("a request has one answer", nil, "line %d: %q: no answer within %v", p.step.line, p.step.text, patience)
	}
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
	for range n {
		p.addClient(keys, think, via)
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
