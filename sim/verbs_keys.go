package sim

import (
	"cmp"
	"errors"
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

// The steps that are one operation of one client. With nowait=1 the story goes
// on while the operation is under way; only such a one can be done by a trap.
func init() {
	const usual = " [via HOST] [within D] [outcome=O] [nowait=1]"
	for name, v := range map[string]struct {
		usage string
		args  int
		kind  opKind
	}{
		"put":    {"put KEY VALUE [size=BYTES]" + usual + "  (O: ok, unmet, refused, unknown, any)", 2, opPut},
		"cas":    {"cas KEY VALUE [index=N|last] (put, if the key is at the index; last: that the steps were told)" + usual, 2, opCAS},
		"delete": {"delete KEY" + usual, 1, opDelete},

		"delete-cas":  {"delete-cas KEY [index=N|last] (if the key is at the index, or absent)" + usual, 1, opDeleteCAS},
		"delete-tree": {"delete-tree PREFIX" + usual, 1, opDeleteTree},

		"get":   {"get KEY [mode=default|consistent|stale] [index=N wait=D] [value=VALUE]" + usual, 1, opGet},
		"list":  {"list PREFIX [mode=M] [index=N wait=D] [keys=KEYS]" + usual, 1, opList},
		"watch": {"watch KEY within D (for it to change) | for D (it does not) [index=N|last] [mode=M] [via HOST] [nowait=1]", 1, opGet},
	} {
		verbs[name] = verb{usage: v.usage, least: v.args, most: v.args, waits: true, do: func(p *player, st step) error {
			return p.operate(st, v.kind)
		}}
	}
	verbs["repeat"] = verb{usage: "repeat KEY (the step that put it last, as a proxy does: the very same request)", least: 1, most: 1, shown: true, do: (*player).repeat}
}

// repeat sends the last write of a key once more. It must be one of the steps,
// and what it wrote must still be there.
func (p *player) repeat(st step) error {
	via, err := p.via(st)
	if err != nil {
		return err
	}
	op := p.check.writes.lastOf(st.args[0])
	if op == nil || op.kind != opPut {
		return fmt.Errorf("no put of %s was acknowledged last", st.args[0])
	}
	op.repeats++
	via.proc.submit(op.cmd, func(a server.Answer) {
		p.say("client", "repeats %v: %v", op.request(), cmp.Or(a.Err, errors.New("ok")))
	})
	return nil
}

// operate does one operation of a client and holds what comes of it against
// what the step expects.
func (p *player) operate(st step, kind opKind) error {
	via, err := p.via(st)
	if via == nil || err != nil {
		return err
	}
	a, err := p.askOf(st, kind, via)
	if err != nil {
		return err
	}
	within, err := st.duration("within", patience)
	if err != nil {
		return err
	}
	over := false
	ended := func(op *operation) {
		over = true
		p.say("client", "%v", op)
		p.learn(op)
		p.expectReply(st, op)
		if took := op.end - op.begin; took > within {
			p.fail("what the scenario expects", []string{via.name}, "line %d: %v took %v", st.line, op, took)
		}
	}
	if st.named["nowait"] == "1" {
		op := p.ask("client", via, a, ended)
		p.say("client", "asks to %s", op.request())
		return nil
	}
	p.ask("client", via, a, ended)
	if !p.runUntil(p.now+patience+a.wait, func() bool { return over }) {
		p.fail("a request has one answer", nil, "line %d: %q: no answer within %v", st.line, st.text, patience+a.wait)
	}
	return nil
}

// askOf reads what a step asks for.
func (p *player) askOf(st step, kind opKind, via *host) (a ask, err error) {
	a = ask{kind: kind, key: st.args[0]}
	if len(st.args) > 1 {
		if a.value, err = p.newValue(st); err != nil {
			return a, err
		}
	}
	word := cmp.Or(st.named["mode"], modeNames[server.Default])
	if !slices.Contains(modeNames[:], word) {
		return a, fmt.Errorf("mode=%s: there is no such mode", word)
	}
	a.mode = server.ReadMode(slices.Index(modeNames[:], word))
	k := p.known[a.key]
	if s := cmp.Or(st.named["index"], "last"); s != "last" {
		if k.written, err = strconv.ParseUint(s, 10, 64); err != nil {
			return a, fmt.Errorf("index=%s: not a number", s)
		}
		k.answer = k.written
	}
	switch {
	case kind.conditional():
		a.want = k.written
	case st.verb == "watch":
		return a, a.watch(st, k, via)
	case st.named["wait"] != "":
		a.past = k.answer
		a.wait, err = st.duration("wait", 0)
	}
	return a, err
}

// watch makes of a read one that waits, as a step says.
func (a *ask) watch(st step, k known, via *host) error {
	if k.answer == 0 {
		_, k.answer = via.proc.server.View().KV.Get(a.key, nil)
	}
	a.past = max(k.answer, 1)
	within, err := st.duration("within", 0)
	if err != nil {
		return err
	}
	if a.wait, err = st.duration("for", within); err == nil && a.wait == 0 {
		err = errors.New("for how long?")
	}
	return err
}

// modeNames are how a step calls the modes of reads.
var modeNames = [...]string{server.Default: "default", server.Consistent: "consistent", server.Stale: "stale"}

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
	if p.check.writes.values[v] {
		return "", fmt.Errorf("value %s was written before; values must be unique", st.args[1])
	}
	return v, nil
}

// learn notes what the steps were told.
func (p *player) learn(op *operation) {
	if op.outcome != acked {
		return
	}
	if p.known == nil {
		p.known = map[string]known{}
	}
	for key, k := range op.tells() {
		p.known[key] = k
	}
}

// expectReply holds what came of a request against what should have.
func (p *player) expectReply(st step, op *operation) {
	not := func(want string) {
		p.fail("what the scenario expects", []string{op.via}, "line %d: %v, not %s", st.line, op, want)
	}
	if want := cmp.Or(st.named["outcome"], "ok"); want != "any" && op.outcome.String() != want {
		not(want)
	}
	if want, ok := st.named["value"]; ok && (len(op.found) != 1 || op.found[0].value != want) && (want != "" || len(op.found) > 0) {
		not(fmt.Sprintf("%q", want))
	}
	if want, ok := st.named["keys"]; ok {
		var keys []string
		for _, f := range op.found {
			keys = append(keys, f.key)
		}
		if got := strings.Join(keys, ","); got != want {
			not(want)
		}
	}
	if st.verb == "watch" {
		if _, still := st.named["for"]; still == (op.index > op.past) {
			not(map[bool]string{true: "what it was", false: "something new"}[still])
		}
	}
}
