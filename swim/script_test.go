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
//	fire NAME EVENT [PAYLOAD] [count=]   a user event
//	members NAME, views, stats NAME
//	rtt A B                              what their coordinates predict
//	declared                             who took whom for dead, not by hearsay, since the group settled
//	tell NAME, raw NAME                  a datagram of the claims, or bytes, below
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		s := &scripted{g: newGroup(t, 1), show: "events"}
		s.g.conf = s.configure
		s.g.onSent = s.onSent
		s.g.onWhat = s.onWhat
		s.g.onEv = s.onEvent
		s.g.onUser = s.onUser
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
	ends   []verdict
}

func (s *scripted) run(c script.Command) string {
	verbs := map[string]func(script.Command) string{
		"group": s.group, "config": s.doConfig, "start": s.start, "restart": s.start, "join": s.join,
		"crash": s.crash, "leave": s.leave, "force-leave": s.forceLeave, "tags": s.tags,
		"cut": s.cut, "cut-datagrams": s.cut, "partition": s.partition, "heal": s.heal,
		"slow": s.slow, "stall": s.stall, "loss": s.loss, "show": s.doShow, "run": s.doRun, "until": s.until,
		"members": s.members, "views": s.views, "stats": s.stats, "rtt": s.rtt, "tell": s.tell, "raw": s.raw,
		"fire": s.fire, "declared": s.declared,
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
	*s.g = group{t: s.g.t, hosts: map[int]*node{}, rng: s.g.rng, conf: s.g.conf, onSent: s.g.onSent, onWhat: s.g.onWhat, onEv: s.g.onEv, onUser: s.g.onUser}
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
	s.lines, s.ends = nil, nil
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
		case "health":
			cfg.Disable.Health = true
		case "suspicion":
			cfg.Disable.Suspicion = true
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

func (s *scripted) line(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("%7.3f  ", (s.g.now-s.g.zero).Seconds())+fmt.Sprintf(format, args...))
}

func (s *scripted) flush() string {
	out := strings.Join(s.lines, "\n")
	s.lines = nil
	return out
}

func (s *scripted) onWhat(n *node, what string) {
	if name, how, ok := strings.Cut(what, " failed at "); ok && strings.Contains(how, ": suspected for ") {
		s.ends = append(s.ends, verdict{name, n.name})
	}
	if s.show == "trace" {
		s.line("%-3s %s", n.name, what)
	}
}

func (s *scripted) onEvent(n *node, ev Event) {
	if s.show == "events" && ev.Member.Name != s.but {
		s.line("%-3s %s", n.name, describe(ev))
	}
}

func (s *scripted) onUser(n *node, e UserEvent) {
	if s.show == "events" {
		s.line("%-3s event %s %q at Lamport time %d", n.name, e.Name, e.Payload, e.Time)
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
	case kindEvent:
		return "event " + sec.event.Name
	}
	c := sec.claim
	return fmt.Sprintf("%v %s/%d", c.state, c.Name, c.incarnation)
}
