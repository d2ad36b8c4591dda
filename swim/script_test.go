package swim

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"praetor/internal/script"
	"praetor/internal/wire"
)

// TestScripts runs the golden scripts. The verbs, one method each below:
//
//	group N [latency= jitter= seed=]     N members n1..nN at hosts 1..N, settled
//	config KEY=VALUE...                  for the members started from here on
//	start NAME [host= id= label= inc= tag=k:v,...]
//	join NAME HOST                       through the member at that host
//	crash | leave NAME                   stop at once | in good order
//	restart NAME [host= id=]             a crashed one, with nothing remembered
//	force-leave NAME BY, tags NAME k:v,...
//	cut A B, cut-datagrams A B (or hosts), partition A,B|C,D, heal, loss PERCENT
//	slow NAME DURATION, stall NAME blocked= awake=
//	show events|trace|wire [but=NAME]    what a run prints, no events about NAME
//	run DURATION, until agree DURATION
//	members NAME, views, stats NAME
//	tell NAME, raw NAME                  a datagram of the claims, or bytes, below
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		s := &scripted{g: newGroup(t, 1), show: "events"}
		s.g.conf = s.configure
		s.g.onSent = s.onSent
		s.g.onWhat = s.onWhat
		s.g.onEv = s.onEvent
		return s.run
	})
}

// scripted runs the commands of one script.
type scripted struct {
	g      *group
	show   string
	but    string // no events about this member
	lines  []string
	config script.Command
	cuts   map[[2]int]bool
}

func (s *scripted) run(c script.Command) string {
	verbs := map[string]func(script.Command) string{
		"group": s.group, "config": s.doConfig, "start": s.start, "restart": s.start, "join": s.join,
		"crash": s.crash, "leave": s.leave, "force-leave": s.forceLeave, "tags": s.tags,
		"cut": s.cut, "cut-datagrams": s.cut, "partition": s.partition, "heal": s.heal,
		"slow": s.slow, "stall": s.stall, "loss": s.loss, "show": s.doShow, "run": s.doRun, "until": s.until,
		"members": s.members, "views": s.views, "stats": s.stats, "tell": s.tell, "raw": s.raw,
	}
	do := verbs[c.Verb]
	if do == nil {
		return "unknown verb " + c.Verb
	}
	return do(c)
}

func (s *scripted) group(c script.Command) string {
	n, err := strconv.Atoi(c.Arg(0))
	if err != nil {
		return err.Error()
	}
	*s.g = group{t: s.g.t, hosts: map[int]*node{}, rng: s.g.rng, conf: s.g.conf, onSent: s.g.onSent, onWhat: s.g.onWhat, onEv: s.g.onEv}
	if c.Has("seed") {
		s.g.rng = newGroup(s.g.t, uint64(c.Int("seed", 1))).rng
	}
	s.g.latency = c.Duration("latency", time.Millisecond)
	s.g.jitter = c.Duration("jitter", 0)
	s.g.startAll(n)
	if !s.g.runUntil(time.Minute, s.g.agree) {
		return "the group does not settle"
	}
	s.g.run(10 * time.Second)
	// Scripts count from here.
	s.lines = nil
	s.g.zero = s.g.now
	return ""
}

func (s *scripted) doConfig(c script.Command) string {
	s.config = c
	return ""
}

// configure applies the last config command.
func (s *scripted) configure(cfg *Config) {
	c := s.config
	cfg.ProbeInterval = c.Duration("probe-interval", cfg.ProbeInterval)
	cfg.ProbeTimeout = c.Duration("probe-timeout", cfg.ProbeTimeout)
	cfg.GossipInterval = c.Duration("gossip", cfg.GossipInterval)
	cfg.PushPullInterval = c.Duration("push-pull", cfg.PushPullInterval)
	cfg.ReconnectInterval = c.Duration("reconnect", cfg.ReconnectInterval)
	cfg.ReapAfter = c.Duration("reap", cfg.ReapAfter)
	cfg.ReclaimAfter = c.Duration("reclaim", cfg.ReclaimAfter)
	cfg.IndirectChecks = c.Int("k", cfg.IndirectChecks)
	cfg.Label = c.Named["label"]
	for _, d := range strings.Split(c.Named["disable"], ",") {
		switch d {
		case "lifeguard":
			cfg.Disable.Health, cfg.Disable.Suspicion, cfg.Disable.Buddy = true, true, true
		case "buddy":
			cfg.Disable.Buddy = true
		case "stream-probe":
			cfg.Disable.StreamProbe = true
		}
	}
}

// start serves start and restart.
func (s *scripted) start(c script.Command) string {
	name := c.Arg(0)
	host, id := len(s.g.nodes)+1, "id-"+name
	if c.Verb == "restart" {
		old := s.g.node(name)
		if old.up {
			return name + " is up"
		}
		host, id = old.host, old.id
	}
	if c.Has("id") {
		id = c.Named["id"]
	}
	s.g.start(name, id, c.Int("host", host), func(cfg *Config) {
		if c.Has("label") {
			cfg.Label = c.Named["label"]
		}
		cfg.Incarnation = Incarnation(c.Int("inc", 0))
		cfg.Tags = parseTags(c.Named["tag"])
	})
	return ""
}

func parseTags(s string) map[string]string {
	if s == "" {
		return nil
	}
	tags := map[string]string{}
	for _, kv := range strings.Split(s, ",") {
		k, v, _ := strings.Cut(kv, ":")
		tags[k] = v
	}
	return tags
}

func formatTags(tags map[string]string) string {
	var b []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		b = append(b, k+":"+tags[k])
	}
	return strings.Join(b, ",")
}

// join starts a join and prints how it ended.
func (s *scripted) join(c script.Command) string {
	n := s.g.node(c.Arg(0))
	host, err := strconv.Atoi(c.Arg(1))
	if err != nil {
		return err.Error()
	}
	n.joins = nil
	s.g.join(n, host)
	if !s.g.runUntil(time.Minute, func() bool { return len(n.joins) > 0 }) {
		return "the join does not end"
	}
	end := "joined"
	if err := n.joins[0].Err; err != nil {
		end = err.Error()
	}
	return strings.TrimPrefix(s.flush()+"\n"+end, "\n")
}

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
	if err := n.pool.ForceLeave(s.g.now, c.Arg(0)); err != nil {
		return err.Error()
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

// tell hands a datagram of claims to a member: "STATE NAME INCARNATION
// [ACCUSER]", for alive "alive NAME INCARNATION HOST ID", or "unknown KIND".
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
		m := &member{Member: Member{Name: f[1], Incarnation: Incarnation(inc), Protocol: 1}}
		accuser := "x"
		switch f[0] {
		case "alive":
			host, _ := strconv.Atoi(f[3])
			m.Addr, m.ID = hostAddr(host), f[4]
		default:
			m.State = map[string]State{"suspect": Suspect, "dead": Dead, "left": Left}[f[0]]
			accuser = f[3]
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

func (s *scripted) line(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("%7.3f  ", (s.g.now-s.g.zero).Seconds())+fmt.Sprintf(format, args...))
}

func (s *scripted) flush() string {
	out := strings.Join(s.lines, "\n")
	s.lines = nil
	return out
}

func (s *scripted) onWhat(n *node, what string) {
	if s.show == "trace" {
		s.line("%-3s %s", n.name, what)
	}
}

func (s *scripted) onEvent(n *node, ev Event) {
	if s.show == "events" && ev.Member.Name != s.but {
		s.line("%-3s %s", n.name, describe(ev))
	}
}

// onSent prints a datagram in words under "show wire".
func (s *scripted) onSent(from, to netip.AddrPort, b []byte) {
	if s.show != "wire" {
		return
	}
	r := wire.NewReader(b[headerFixed:])
	r.Bytes(MaxLabel)
	sections, _, err := decodeSections(nil, r)
	if err != nil {
		s.line("%v", err)
		return
	}
	var words []string
	for _, sec := range sections {
		words = append(words, sec.words())
	}
	s.line("%d -> %d  %s", hostOf(from), hostOf(to), strings.Join(words, ", "))
}

func (sec section) words() string {
	switch sec.kind {
	case kindPing:
		return "ping " + string(sec.probe.target)
	case kindAck:
		return "ack"
	case kindNack:
		return "nack"
	case kindPingReq:
		return "ping-req " + string(sec.probe.target)
	}
	c := sec.claim
	return fmt.Sprintf("%v %s/%d", c.state, c.Name, c.incarnation)
}
