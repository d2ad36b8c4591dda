package sim

import (
	"fmt"
	"strconv"
	"time"

	"praetor/internal/server"
)

// patience is how long a step waits for the end of a request. Servers answer
// within their HoldTimeout.
const patience = 30 * time.Second

// putKey writes a key and waits for the answer.
func (p *player) putKey(st step) error {
	via, err := p.via(st)
	if err != nil {
		return err
	}
	if p.check.writes.byValue[st.args[1]] != nil {
		return fmt.Errorf("value %s was written before; values must be unique", st.args[1])
	}
	want := "ok"
	if s, ok := st.named["outcome"]; ok {
		want = s
	}
	op := p.await(func(done func(*operation)) { p.put(via, st.args[0], st.args[1], done) })
	if op == nil || p.failed != nil {
		return nil
	}
	p.say("client", "%v via %s", op, op.via)
	if got := op.outcome.String(); want != "any" && got != want {
		p.fail("what the scenario expects", []string{via.name}, "line %d: %v, not %s", st.line, op, want)
	}
	return nil
}

// getKey reads a key and waits for the answer.
func (p *player) getKey(st step) error {
	via, err := p.via(st)
	if err != nil {
		return err
	}
	mode, ok := map[string]server.ReadMode{
		"": server.Default, "default": server.Default, "consistent": server.Consistent, "stale": server.Stale,
	}[st.named["mode"]]
	if !ok {
		return fmt.Errorf("mode=%s: there is no such mode", st.named["mode"])
	}
	if op := p.await(func(done func(*operation)) { p.get(via, st.args[0], mode, done) }); op != nil {
		p.say("client", "%v via %s", op, op.via)
	}
	return nil
}

// via returns the server that a step goes through: the one that it names, or
// the first that runs.
func (p *player) via(st step) (*host, error) {
	if word, ok := st.named["via"]; ok {
		return p.one(word)
	}
	if hs := p.liveIn(p.group); len(hs) > 0 {
		return hs[0], nil
	}
	return nil, fmt.Errorf("no server runs")
}

// await starts an operation and lets time pass until it has ended.
func (p *player) await(start func(done func(*operation))) *operation {
	var ended *operation
	start(func(op *operation) { ended = op })
	if !p.runUntil(p.now+patience, func() bool { return ended != nil }) {
		p.fail("a request has one answer", nil, "line %d: %q: no answer within %v", p.step.line, p.step.text, patience)
	}
	return ended
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
	for range n {
		p.addClient(keys, think, p.group)
	}
	return nil
}

// stopClients lets the clients end what they are doing and do no more.
func (p *player) stopClients(step) error {
	for _, c := range p.clients {
		c.stopped = true
	}
	return nil
}
