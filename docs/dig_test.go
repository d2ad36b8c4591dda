package docs

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// A query is what the arguments of dig ask for.
type query struct {
	server, port string
	name         string
	qtype        uint16
	short        bool // +short: the data of the answers only
	tcp          bool // +tcp: not UDP
	ignore       bool // +ignore: do not ask again over TCP if TC is set
	noEDNS       bool // +noedns: as the resolvers of old ask
}

// digSize is the size that dig says it can take over UDP.
const digSize = 1232

// dig does what dig does with these arguments: @SERVER, -p PORT, NAME, TYPE,
// +short, +tcp, +ignore and +noedns. It leaves out the banner and the
// statistics, and sorts the records of a section, since their order is random.
func dig(ctx context.Context, args []string) (string, error) {
	q, err := parseDig(args)
	if err != nil {
		return "", err
	}
	m := new(dns.Msg).SetQuestion(dns.Fqdn(q.name), q.qtype)
	if !q.noEDNS {
		m.SetEdns0(digSize, false)
	}
	r, err := q.exchange(ctx, m, q.tcp)
	if err != nil {
		return "", err
	}
	out := ""
	if r.Truncated && !q.tcp && !q.ignore {
		out = ";; Truncated, retrying in TCP mode.\n"
		if r, err = q.exchange(ctx, m, true); err != nil {
			return "", err
		}
	}
	if q.short {
		return out + digShort(r), nil
	}
	return out + digLong(r), nil
}

func (q query) exchange(ctx context.Context, m *dns.Msg, tcp bool) (*dns.Msg, error) {
	client := &dns.Client{Timeout: maxRun}
	if tcp {
		client.Net = "tcp"
	}
	r, _, err := client.ExchangeContext(ctx, m, net.JoinHostPort(q.server, q.port))
	return r, err
}

func parseDig(args []string) (query, error) {
	q := query{port: "53", qtype: dns.TypeA}
	for i := 0; i < len(args); i++ {
		a := args[i]
		qtype, isType := dns.StringToType[strings.ToUpper(a)]
		switch {
		case strings.HasPrefix(a, "@"):
			q.server = a[1:]
		case a == "-p" && i+1 < len(args):
			i++
			q.port = args[i]
		case a == "+short":
			q.short = true
		case a == "+tcp":
			q.tcp = true
		case a == "+ignore":
			q.ignore = true
		case a == "+noedns":
			q.noEDNS = true
		case strings.HasPrefix(a, "+") || strings.HasPrefix(a, "-"):
			return q, fmt.Errorf("dig: %s is not known here; known are -p, +short, +tcp, +ignore and +noedns", a)
		case q.name == "":
			q.name = a
		case isType:
			q.qtype = qtype
		default:
			return q, fmt.Errorf("dig: %s is neither a type nor a flag", a)
		}
	}
	if q.server == "" || q.name == "" {
		return q, fmt.Errorf("dig: a page's dig names a server (@127.0.0.1) and a name")
	}
	return q, nil
}

func digShort(r *dns.Msg) string {
	var out []string
	for _, rr := range r.Answer {
		out = append(out, strings.TrimPrefix(rr.String(), rr.Header().String()))
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

func digLong(r *dns.Msg) string {
	var b strings.Builder
	fmt.Fprintf(&b, ";; ->>HEADER<<- opcode: %s, status: %s, id: %d\n", dns.OpcodeToString[r.Opcode], dns.RcodeToString[r.Rcode], r.Id)
	b.WriteString(";; flags: qr")
	for _, f := range []struct {
		name string
		set  bool
	}{{"aa", r.Authoritative}, {"tc", r.Truncated}, {"rd", r.RecursionDesired}, {"ra", r.RecursionAvailable}} {
		if f.set {
			b.WriteString(" " + f.name)
		}
	}
	fmt.Fprintf(&b, "; QUERY: %d, ANSWER: %d, AUTHORITY: %d, ADDITIONAL: %d\n", len(r.Question), len(r.Answer), len(r.Ns), len(r.Extra))
	if r.RecursionDesired && !r.RecursionAvailable {
		b.WriteString(";; WARNING: recursion requested but not available\n")
	}
	if opt := r.IsEdns0(); opt != nil {
		fmt.Fprintf(&b, "\n;; OPT PSEUDOSECTION:\n; EDNS: version: %d, flags:; udp: %d\n", opt.Version(), opt.UDPSize())
	} else {
		b.WriteString("\n")
	}
	b.WriteString(";; QUESTION SECTION:\n")
	for _, q := range r.Question {
		b.WriteString(q.String() + "\n")
	}
	digSection(&b, "ANSWER", r.Answer)
	digSection(&b, "AUTHORITY", r.Ns)
	digSection(&b, "ADDITIONAL", r.Extra)
	return b.String()
}

func digSection(b *strings.Builder, name string, rrs []dns.RR) {
	var out []string
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeOPT {
			out = append(out, rr.String()+"\n")
		}
	}
	if len(out) > 0 {
		slices.Sort(out)
		fmt.Fprintf(b, "\n;; %s SECTION:\n%s", name, strings.Join(out, ""))
	}
}
