package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const whenUsage = `when COND[, COND...][, after D]: STEP, where COND is HOST|any|it and one of
    says "TEXT"                              in its trace
    starts, crashes, stops
    stands, votes, leads, yields, follows    (each counts anew in a new term)
    truncates, appends, commits, applies, snapshots [INDEX]   comes to the index or past it
  and #N for the Nth time; conditions are waited for one after the other.
  when HOST|any says "TEXT" STEP does without the colon`

// trap is what a "when" says: what must happen, one after the other, and the
// step that is done then.
type trap struct {
	conditions []condition
	delay      time.Duration // between the last of them and the step
	step       step
}

// condition is one thing to wait for.
type condition struct {
	who  string // a host's name, "any", or "it": whom the condition before was about
	kind momentKind
	text string // what it must say
	min  uint64 // the index that it must reach
	nth  int    // how often it must happen, at least 1
}

// holds reports whether a moment of a host is what the condition waits for.
func (c condition) holds(h, it *host, m moment) bool {
	if c.kind != m.kind || m.n < c.min || !strings.Contains(m.text, c.text) {
		return false
	}
	return c.who == "any" || c.who == h.name || c.who == "it" && h == it
}

// parseTrap reads the text of a "when".
func (st step) parseTrap() (*trap, error) {
	_, text, _ := strings.Cut(st.text, "when ")
	parts := splitOutside(text, ':')
	head, body := parts[0], strings.TrimSpace(strings.TrimPrefix(text, parts[0]+":"))
	if len(parts) == 1 {
		if st.args[1] != momentNames[says] || len(st.args) < 4 {
			return nil, fmt.Errorf("it is: %s", whenUsage)
		}
		head = fmt.Sprintf(`%s says "%s"`, st.args[0], st.args[2])
		body = strings.Join(st.args[3:], " ")
	}
	words, err := splitWords(body)
	if err != nil || len(words) == 0 {
		return nil, fmt.Errorf("there is no step after the colon")
	}
	t := &trap{}
	if t.step, err = (step{line: st.line, text: body}).parse(words); err != nil {
		return nil, err
	}
	if t.step.verb == "when" || verbs[t.step.verb].waits && t.step.named["nowait"] != "1" {
		return nil, fmt.Errorf("%s cannot be done by a trap", t.step.verb)
	}
	return t, t.parseConditions(splitOutside(head, ','))
}

func (t *trap) parseConditions(clauses []string) error {
	for i, clause := range clauses {
		words, err := splitWords(clause)
		if err != nil {
			return err
		}
		if len(words) > 0 && words[0] == "after" {
			words = words[1:]
			if len(words) == 1 && i > 0 && i == len(clauses)-1 {
				t.delay, err = time.ParseDuration(words[0])
				return err
			}
		}
		c, err := parseCondition(words)
		if err != nil {
			return fmt.Errorf("%q: %w", strings.TrimSpace(clause), err)
		}
		t.conditions = append(t.conditions, c)
	}
	return nil
}

// parseCondition reads WHO KIND [ARGUMENT] [#N].
func parseCondition(words []string) (c condition, err error) {
	c.nth = 1
	if n := len(words) - 1; n > 1 && strings.HasPrefix(words[n], "#") {
		if c.nth, err = strconv.Atoi(words[n][1:]); err != nil || c.nth < 1 {
			return c, fmt.Errorf("%s is not a number from #1", words[n])
		}
		words = words[:n]
	}
	if len(words) < 2 || len(words) > 3 {
		return c, fmt.Errorf("it is: %s", whenUsage)
	}
	kind := slices.Index(momentNames[:], words[1])
	if kind < 0 {
		return c, fmt.Errorf("a server never %q", words[1])
	}
	c.who, c.kind = words[0], momentKind(kind)
	switch {
	case c.kind == says && len(words) == 3:
		c.text = words[2]
	case c.kind == says:
		return c, fmt.Errorf("what does it say?")
	case len(words) == 3 && c.kind < truncates:
		return c, fmt.Errorf("%s takes no number", words[1])
	case len(words) == 3:
		c.min, err = strconv.ParseUint(words[2], 10, 64)
	}
	return c, err
}

// splitOutside cuts a text at a sign that stands before a space, outside of
// double quotes.
func splitOutside(text string, sign byte) []string {
	var parts []string
	quoted, from := false, 0
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sign && !quoted && (i+1 == len(text) || text[i+1] == ' '):
			parts = append(parts, text[from:i])
			from = i + 1
		}
	}
	return append(parts, text[from:])
}

// trigger is a trap that was set.
type trigger struct {
	trap
	met   int   // of the conditions
	times int   // that the next one happened
	it    *host // whom the last one was about
	do    func(it *host)
	off   bool // called off
}

// when sets a trap.
func (p *player) when(st step) error {
	inner := st.trap.step
	p.triggers = append(p.triggers, &trigger{trap: *st.trap, do: func(it *host) {
		p.it = it
		if err := p.do(inner); err != nil {
			p.fail("the scenario makes sense", nil, "line %d: %q: %v", st.line, st.text, err)
		}
		p.it = nil
	}})
	return nil
}

// fire lets the traps know what happened to a host. Their steps are done after
// the event that is under way, or after their delay.
func (w *world) fire(h *host, m moment) {
	for _, t := range w.triggers {
		if t.met == len(t.conditions) || !t.conditions[t.met].holds(h, t.it, m) {
			continue
		}
		if t.times++; t.times < t.conditions[t.met].nth {
			continue
		}
		t.met, t.times, t.it = t.met+1, 0, h
		if t.met == len(t.conditions) {
			w.after(t.delay, func() {
				if !t.off {
					t.do(t.it)
				}
			})
		}
	}
}
