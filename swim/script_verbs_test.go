package swim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/internal/script"
)

func (s *scripted) crash(c script.Command) string {
	s.g.node(c.Arg(0)).up = false
	return ""
}

func (s *scripted) leave(c script.Command) string {
	n := s.g.node(c.Arg(0))
	n.pool.Leave(s.g.now)
	s.g.serve(n)
	return ""
}

func (s *scripted) forceLeave(c script.Command) string {
	n := s.g.node(c.Arg(1))
	if err := n.pool.ForceLeave(s.g.now, c.Arg(0), c.Has("prune")); err != nil {
		return err.Error()
	}
	s.g.serve(n)
	return s.flush()
}

func (s *scripted) fire(c script.Command) string {
	n := s.g.node(c.Arg(0))
	for range c.Int("count", 1) {
		if _, err := n.pool.Fire(s.g.now, UserEvent{Name: c.Arg(1), Payload: []byte(c.Arg(2))}); err != nil {
			return err.Error()
		}
	}
	s.g.serve(n)
	return s.flush()
}

func (s *scripted) tags(c script.Command) string {
	n := s.g.node(c.Arg(0))
	if err := n.pool.SetTags(s.g.now, parseTags(c.Arg(1))); err != nil {
		return err.Error()
	}
	s.g.serve(n)
	return ""
}

func (s *scripted) cut(c script.Command) string {
	s.sever(s.host(c.Arg(0)), s.host(c.Arg(1)))
	s.g.datagramsOnly = c.Verb == "cut-datagrams"
	return ""
}

// host returns the host of a node, or the number itself.
func (s *scripted) host(arg string) int {
	if n, err := strconv.Atoi(arg); err == nil {
		return n
	}
	return s.g.node(arg).host
}

func (s *scripted) sever(a, b int) {
	if s.cuts == nil {
		s.cuts = map[[2]int]bool{}
	}
	s.cuts[[2]int{a, b}], s.cuts[[2]int{b, a}] = true, true
	s.g.cut = func(from, to int) bool { return s.cuts[[2]int{from, to}] }
}

func (s *scripted) partition(c script.Command) string {
	left, right, _ := strings.Cut(c.Arg(0), "|")
	for _, a := range strings.Split(left, ",") {
		for _, b := range strings.Split(right, ",") {
			s.sever(s.g.node(a).host, s.g.node(b).host)
		}
	}
	return ""
}

func (s *scripted) heal(script.Command) string {
	s.cuts, s.g.cut, s.g.datagramsOnly = nil, nil, false
	return ""
}

func (s *scripted) slow(c script.Command) string {
	d, err := time.ParseDuration(c.Arg(1))
	if err != nil {
		return err.Error()
	}
	s.g.node(c.Arg(0)).slow = d
	return ""
}

// stall makes a node run for awake only after each blocked.
func (s *scripted) stall(c script.Command) string {
	s.g.node(c.Arg(0)).stall = stall{c.Duration("blocked", 0), c.Duration("awake", 0), s.g.now}
	return ""
}

func (s *scripted) loss(c script.Command) string {
	percent, err := strconv.Atoi(c.Arg(0))
	if err != nil {
		return err.Error()
	}
	s.g.loss = float64(percent) / 100
	return ""
}

func (s *scripted) doShow(c script.Command) string {
	s.show, s.but = c.Arg(0), c.Named["but"]
	return ""
}

func (s *scripted) doRun(c script.Command) string {
	d, err := time.ParseDuration(c.Arg(0))
	if err != nil {
		return err.Error()
	}
	s.g.run(d)
	return s.flush()
}

// until runs until all who are up see just those who are up.
func (s *scripted) until(c script.Command) string {
	d, err := time.ParseDuration(c.Arg(1))
	if err != nil {
		return err.Error()
	}
	from := s.g.now
	if s.g.runUntil(d, s.g.agree) {
		s.line("all agree, after %.1fs", (s.g.now - from).Seconds())
	} else {
		s.line("no agreement")
	}
	return s.flush()
}

func (s *scripted) members(c script.Command) string {
	var b []string
	for _, m := range s.g.node(c.Arg(0)).pool.Members() {
		b = append(b, strings.TrimSpace(fmt.Sprintf("%-3s %-8s %-7s incarnation %d  %v  %s", m.Name, m.ID, m.State, m.Incarnation, m.Addr.Addr(), formatTags(m.Tags))))
	}
	return strings.Join(b, "\n")
}

// views prints who believes what, those with the same view together.
func (s *scripted) views(script.Command) string {
	who := map[string][]string{}
	var order []string
	for _, n := range s.g.nodes {
		if !n.up {
			continue
		}
		var b []string
		for _, m := range n.pool.Members() {
			b = append(b, fmt.Sprintf("%s %v/%d", m.Name, m.State, m.Incarnation))
		}
		v := strings.Join(b, "  ")
		if who[v] == nil {
			order = append(order, v)
		}
		who[v] = append(who[v], n.name)
	}
	var b []string
	for _, v := range order {
		b = append(b, strings.Join(who[v], ",")+" see  "+v)
	}
	return strings.Join(b, "\n")
}

// stats prints the counters that are not zero, without traffic.
func (s *scripted) stats(c script.Command) string {
	st := s.g.node(c.Arg(0)).pool.Stats()
	st.Traffic = Traffic{}
	var b []string
	for _, part := range strings.Fields(strings.NewReplacer("{", " ", "}", " ").Replace(fmt.Sprintf("%+v", st))) {
		if k, v, ok := strings.Cut(part, ":"); ok && v != "0" && v != "" {
			b = append(b, k+" "+v)
		}
	}
	return strings.Join(b, ", ")
}

// A verdict is that a suspicion of a member ended at another one, which so
// declared it dead.
type verdict struct{ of, by string }

// declared prints who was declared dead, how often, and by whom, in the order
// of the members' start. What others were told by them does not count.
func (s *scripted) declared(script.Command) string {
	var b []string
	for _, n := range s.g.nodes {
		var by []string
		times := 0
		for _, e := range s.ends {
			if e.of != n.name {
				continue
			}
			if times++; !slices.Contains(by, e.by) {
				by = append(by, e.by)
			}
		}
		switch {
		case len(by) > 3:
			b = append(b, fmt.Sprintf("%-3s %3dx by %d members", n.name, times, len(by)))
		case len(by) > 0:
			b = append(b, fmt.Sprintf("%-3s %3dx by %s", n.name, times, strings.Join(by, ", ")))
		}
	}
	return strings.Join(b, "\n")
}

// tell hands a datagram of claims to a member: "STATE NAME INCARNATION
// ACCUSER [ID]", for alive "alive NAME INCARNATION HOST ID
// [MIN-MAX]", the protocols, or "unknown KIND".
func (s *scripted) tell(c script.Command) string {
	n := s.g.node(c.Arg(0))
	b := appendHeader(nil, n.pool.cfg.Label)
	for _, line := range strings.Split(c.Input, "\n") {
		f := strings.Fields(line)
		if f[0] == "unknown" {
			b = appendSection(b, 99, []byte(f[1]))
			continue
		}
		inc, _ := strconv.Atoi(f[2])
		m := &member{description: &description{Name: f[1], Protocols: spoken}, Incarnation: Incarnation(inc)}
		accuser := "x"
		switch f[0] {
		case "alive":
			host, _ := strconv.Atoi(f[3])
			m.Addr, m.ID = hostAddr(host), f[4]
			if len(f) > 5 {
				fmt.Sscanf(f[5], "%d-%d", &m.Protocols.Min, &m.Protocols.Max)
			}
		default:
			m.State = map[string]State{"suspect": Suspect, "dead": Dead, "left": Left, "pruned": Pruned}[f[0]]
			accuser = f[3]
			if known := n.pool.members.byName[f[1]]; known != nil {
				m.ID = known.ID
			}
			if len(f) > 4 {
				m.ID = f[4]
			}
		}
		b = appendClaim(b, m, accuser)
	}
	n.pool.Packet(s.g.now, hostAddr(99), seal(b))
	s.g.serve(n)
	return s.flush()
}

// raw hands bytes to a member: quoted text with Go escapes.
func (s *scripted) raw(c script.Command) string {
	n := s.g.node(c.Arg(0))
	for _, line := range strings.Split(c.Input, "\n") {
		b, err := strconv.Unquote(`"` + line + `"`)
		if err != nil {
			return err.Error()
		}
		n.pool.Packet(s.g.now, hostAddr(99), []byte(b))
	}
	return s.flush()
}
