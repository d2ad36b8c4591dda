package dns

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"praetor/catalog"
	"praetor/internal/script"
)

// TestScripts runs the scripts of testdata. Their commands are:
//
//	config domain=D alt=D only-passing=true limit=N truncate=false meta=false
//	       node-ttl=D service-ttl=NAME:D,... min-ttl=D recursors=A,... strategy=S
//	node NAME ADDRESS dc=DC meta=K:V,... health=STATUS
//	service NODE NAME id=ID port=N tags=T,... address=A weights=P/W health=STATUS
//	    count=N makes as many nodes and instances, with %d for the number
//	fail MESSAGE   the source fails from now on
//	upstream SERVER [down|rcode=R|tc]   with records as its input
//	dig [@tcp] NAME [TYPE] edns=SIZE seed=N class=C opcode=N
//
// dig prints the reply. It also checks what must hold for every reply.
func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		s := &scripted{t: t, cfg: DefaultConfig(), src: newMemory(), upstream: map[string]upstream{}}
		s.cfg.NodeName = "agent"
		s.cfg.Recursion.Exchange = s.exchange
		return s.run
	})
}

type scripted struct {
	t        *testing.T
	cfg      Config
	src      *memory
	upstream map[string]upstream
	log      []string // questions that were sent to recursors
}

// An upstream is a recursor: how it answers, and its records.
type upstream struct {
	down, tc bool
	rcode    int
	rrs      []dns.RR
}

func (s *scripted) run(c script.Command) string {
	switch c.Verb {
	case "config":
		for k, v := range c.Named {
			s.configure(c, k, v)
		}
	case "node", "service":
		for i := range c.Int("count", 1) {
			s.register(numbered(c, i+1))
		}
	case "fail":
		s.src.err = errors.New(c.Arg(0))
	case "upstream":
		u := upstream{down: c.Arg(1) == "down", tc: c.Arg(1) == "tc", rcode: c.Int("rcode", 0)}
		for _, line := range strings.Split(c.Input, "\n") {
			if rr, err := dns.NewRR(line); err != nil {
				s.t.Fatalf("%s: %v", c.Pos, err)
			} else if rr != nil {
				u.rrs = append(u.rrs, rr)
			}
		}
		s.upstream[c.Arg(0)] = u
	case "dig":
		return s.dig(c)
	default:
		s.t.Fatalf("%s: unknown command %s", c.Pos, c.Verb)
	}
	return ""
}

func (s *scripted) configure(c script.Command, k, v string) {
	switch k {
	case "domain":
		s.cfg.Domain = v
	case "alt":
		s.cfg.AltDomain = v
	case "only-passing":
		s.cfg.Instances.OnlyPassing = v == "true"
	case "meta":
		s.cfg.Instances.NodeMetaTXT = v == "true"
	case "limit":
		s.cfg.UDP.AnswerLimit = c.Int(k, 0)
	case "truncate":
		s.cfg.UDP.Truncate = v == "true"
	case "node-ttl":
		s.cfg.TTL.Node = c.Duration(k, 0)
	case "min-ttl":
		s.cfg.SOA.MinTTL = c.Duration(k, 0)
	case "service-ttl":
		s.cfg.TTL.Service = map[string]time.Duration{}
		for name, ttl := range pairs(v) {
			d, err := time.ParseDuration(ttl)
			if err != nil {
				s.t.Fatalf("%s: %v", c.Pos, err)
			}
			s.cfg.TTL.Service[name] = d
		}
	case "recursors":
		s.cfg.Recursion.Servers = strings.Split(v, ",")
	case "strategy":
		s.cfg.Recursion.Strategy = Strategy(v)
	default:
		s.t.Fatalf("%s: unknown key %s", c.Pos, k)
	}
}

// numbered returns the command with %d replaced by i.
func numbered(c script.Command, i int) script.Command {
	out := script.Command{Pos: c.Pos, Verb: c.Verb, Named: map[string]string{}}
	for _, a := range c.Args {
		out.Args = append(out.Args, strings.ReplaceAll(a, "%d", strconv.Itoa(i)))
	}
	for k, v := range c.Named {
		out.Named[k] = strings.ReplaceAll(v, "%d", strconv.Itoa(i))
	}
	return out
}

func (s *scripted) register(c script.Command) {
	if c.Verb == "node" {
		dc := c.Named["dc"]
		if dc == "" {
			dc = "dc1"
		}
		s.src.addNode(dc, &catalog.Node{Node: c.Arg(0), Address: c.Arg(1), Meta: pairs(c.Named["meta"])}, c.Named["health"])
		return
	}
	svc := &catalog.Service{ID: c.Named["id"], Service: c.Arg(1), Address: c.Named["address"], Port: c.Int("port", 0)}
	if tags := c.Named["tags"]; tags != "" {
		svc.Tags = strings.Split(tags, ",")
	}
	if _, err := fmt.Sscanf(c.Named["weights"], "%d/%d", &svc.Weights.Passing, &svc.Weights.Warning); c.Has("weights") && err != nil {
		s.t.Fatalf("%s: weights: %v", c.Pos, err)
	}
	if err := s.src.addService(c.Arg(0), svc, c.Named["health"]); err != nil {
		s.t.Fatalf("%s: %v", c.Pos, err)
	}
}

// pairs splits "a:1,b:2".
func pairs(list string) map[string]string {
	m := map[string]string{}
	for _, p := range strings.Split(list, ",") {
		if k, v, ok := strings.Cut(p, ":"); ok {
			m[k] = v
		}
	}
	return m
}

func (s *scripted) dig(c script.Command) string {
	h, err := NewHandler(s.cfg, s.src)
	if err != nil {
		return err.Error()
	}
	over, args := UDP, c.Args
	if args[0] == "@tcp" {
		over, args = TCP, args[1:]
	}
	qtype := dns.TypeA
	if len(args) > 1 {
		qtype = dns.StringToType[args[1]]
	}
	q := new(dns.Msg).SetQuestion(dns.Fqdn(args[0]), qtype)
	q.Opcode = c.Int("opcode", dns.OpcodeQuery)
	q.Question[0].Qclass = uint16(c.Int("class", dns.ClassINET))
	if c.Has("edns") {
		q.SetEdns0(uint16(c.Int("edns", 0)), false)
		q.IsEdns0().SetVersion(uint8(c.Int("edns-version", 0)))
	}
	s.log = nil
	rng := rand.New(rand.NewPCG(uint64(c.Int("seed", 1)), 0))
	r := h.Reply(context.Background(), rng, q, over)
	size := checkReply(s.t, q, r, over)
	lines := append(s.log, format(r, size))
	return strings.Join(lines, "\n")
}

// checkReply fails the test if r is not a proper reply to q, and returns its
// size in bytes.
func checkReply(t testing.TB, q, r *dns.Msg, over Transport) int {
	t.Helper()
	packed, err := r.Pack()
	if err != nil {
		t.Fatalf("reply cannot be packed: %v\n%s", err, r)
	}
	limit := dns.MaxMsgSize
	if over == UDP {
		limit = dns.MinMsgSize
		if opt := q.IsEdns0(); opt != nil {
			limit = min(max(limit, int(opt.UDPSize())), maxUDP)
		}
	}
	if len(packed) > limit {
		t.Fatalf("reply has %d bytes, %d are allowed:\n%s", len(packed), limit, r)
	}
	if !r.Response || r.Id != q.Id || r.Opcode != q.Opcode {
		t.Fatalf("not a reply to the question:\n%s\n%s", q, r)
	}
	if len(q.Question) > 0 && (len(r.Question) != 1 || r.Question[0] != q.Question[0]) {
		t.Fatalf("reply repeats the question as %v, asked was %v", r.Question, q.Question)
	}
	if opt := q.IsEdns0(); countOPT(r) > 1 || (opt == nil) != (countOPT(r) == 0) || opt != nil && opt.Do() != r.IsEdns0().Do() {
		t.Fatalf("reply does not speak EDNS0 as the question does:\n%s\n%s", q, r)
	}
	return len(packed)
}

// format prints a reply in a few lines.
func format(r *dns.Msg, size int) string {
	var b strings.Builder
	rcode := dns.RcodeToString[r.Rcode]
	if r.Rcode == dns.RcodeBadVers {
		rcode = "BADVERS" // 16 has two names
	}
	b.WriteString(rcode)
	for _, f := range []struct {
		name string
		set  bool
	}{{"aa", r.Authoritative}, {"ra", r.RecursionAvailable}, {"tc", r.Truncated}} {
		if f.set {
			b.WriteString(" " + f.name)
		}
	}
	fmt.Fprintf(&b, ", %d bytes", size)
	section := func(name string, rrs []dns.RR) {
		for i, rr := range rrs {
			if i == 0 && name != "" {
				b.WriteString("\n" + name)
			}
			b.WriteString("\n  " + strings.ReplaceAll(rr.String(), "\t", " "))
		}
	}
	section("", r.Answer)
	section("authority", r.Ns)
	section("additional", withoutOPT(r.Extra))
	return b.String()
}

// exchange plays the recursors.
func (s *scripted) exchange(_ context.Context, q *dns.Msg, over Transport, server string) (*dns.Msg, error) {
	u, ok := s.upstream[server]
	s.log = append(s.log, fmt.Sprintf("asks %s for %s %s over %s", server, q.Question[0].Name,
		dns.TypeToString[q.Question[0].Qtype], map[Transport]string{UDP: "UDP", TCP: "TCP"}[over]))
	if !ok || u.down {
		return nil, errors.New("i/o timeout")
	}
	r := new(dns.Msg).SetRcode(q, u.rcode)
	r.Truncated = u.tc && over == UDP
	if !r.Truncated {
		for _, rr := range u.rrs {
			if rr.Header().Rrtype == q.Question[0].Qtype && dns.CanonicalName(rr.Header().Name) == dns.CanonicalName(q.Question[0].Name) {
				r.Answer = append(r.Answer, rr)
			}
		}
	}
	return r, nil
}

// memory is a Source made of lists that are searched from end to end.
type memory struct {
	dcs map[string]*memoryDC
	err error
}

type memoryDC struct {
	nodes     []*catalog.Node
	health    map[string][]*catalog.Check // by node
	instances []catalog.Instance
}

func newMemory() *memory {
	return &memory{dcs: map[string]*memoryDC{"dc1": {health: map[string][]*catalog.Check{}}}}
}

func (m *memory) addNode(dc string, n *catalog.Node, health string) {
	if m.dcs[dc] == nil {
		m.dcs[dc] = &memoryDC{health: map[string][]*catalog.Check{}}
	}
	d := m.dcs[dc]
	d.nodes = append(d.nodes, n)
	if health != "" {
		d.health[n.Node] = []*catalog.Check{{Node: n.Node, CheckID: catalog.SerfHealth, Status: health}}
	}
}

func (m *memory) addService(node string, svc *catalog.Service, health string) error {
	for _, d := range m.dcs {
		for _, n := range d.nodes {
			if n.Node != node {
				continue
			}
			in := catalog.Instance{Node: n, Service: svc, Checks: d.health[node]}
			if health != "" {
				in.Checks = append(in.Checks[:len(in.Checks):len(in.Checks)], &catalog.Check{Node: node, Status: health})
			}
			d.instances = append(d.instances, in)
			return nil
		}
	}
	return fmt.Errorf("no node %s", node)
}

func (m *memory) datacenter(dc string) (*memoryDC, error) {
	if m.err != nil {
		return nil, m.err
	}
	if d := m.dcs[dc]; d != nil {
		return d, nil
	}
	return nil, fmt.Errorf("%w: %s", ErrUnknownDatacenter, dc)
}

func (m *memory) Node(_ context.Context, dc, name string) (*catalog.Node, error) {
	d, err := m.datacenter(dc)
	if err != nil {
		return nil, err
	}
	for _, n := range d.nodes {
		if strings.EqualFold(n.Node, name) {
			return n, nil
		}
	}
	return nil, nil
}

func (m *memory) Service(_ context.Context, dc, name string) ([]catalog.Instance, error) {
	d, err := m.datacenter(dc)
	if err != nil {
		return nil, err
	}
	var found []catalog.Instance
	for _, in := range d.instances {
		if strings.EqualFold(in.Service.Service, name) {
			found = append(found, in)
		}
	}
	return found, nil
}

func (m *memory) ByAddress(_ context.Context, dc string, ip netip.Addr) ([]*catalog.Node, error) {
	d, err := m.datacenter(dc)
	if err != nil {
		return nil, err
	}
	var found []*catalog.Node
	for _, n := range d.nodes {
		if n.Address == ip.String() {
			found = append(found, n)
		}
	}
	return found, nil
}

func (m *memory) Datacenters(context.Context) ([]string, error) {
	if m.err != nil {
		return nil, m.err
	}
	var all []string
	for dc := range m.dcs {
		all = append(all, dc)
	}
	return all, nil
}
