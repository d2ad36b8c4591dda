package dns

import (
	"context"
	"iter"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// consulService is the name under which servers register themselves.
const consulService = "consul"

// maxNameServers is how many servers the zone names.
const maxNameServers = 3

// A lookup is the work on one question.
type lookup struct {
	h     *Handler
	rng   *rand.Rand
	over  Transport
	cut   cut
	owner string // the name that is asked for, as the client wrote it
	qtype uint16
	zone  string   // which of our zones it is in, and so will the names in the answer
	trail []string // the aliases that led here, canonical
	asked *int     // how many questions to recursors this has cost so far
}

func (h *Handler) newLookup(rng *rand.Rand, q *dns.Msg, over Transport) *lookup {
	return &lookup{
		h:     h,
		rng:   rng,
		over:  over,
		cut:   h.cutFor(q, over),
		owner: q.Question[0].Name,
		qtype: q.Question[0].Qtype,
		zone:  h.zoneOf(dns.CanonicalName(q.Question[0].Name)),
		asked: new(int),
	}
}

// room is how many records are worth finding: one more than can be sent, to
// know that there are more.
func (l *lookup) room() int { return l.cut.answers + 1 }

// find answers a question about our own zone.
func (l *lookup) find(ctx context.Context) ([]record, error) {
	labels := dns.SplitDomainName(dns.CanonicalName(l.owner))
	t := parseName(labels[:len(labels)-dns.CountLabel(l.zone)])
	dc := t.dc
	if dc == "" {
		dc = l.h.cfg.Datacenter
	}
	switch t.kind {
	case apex:
		return l.apex(ctx)
	case parent:
		return nil, l.knownDatacenter(ctx, dc)
	case servers:
		return l.service(ctx, dc, consulService, "")
	case nodeName:
		return l.node(ctx, dc, t.name)
	case service:
		return l.service(ctx, dc, t.name, t.tag)
	case hexAddr:
		return l.ip(t.ip, seconds(l.h.cfg.TTL.Node)), nil
	case query:
		// A Source holds no prepared queries yet; this is where they come in.
		return nil, errNoName
	}
	return nil, errNoName
}

// knownDatacenter returns errNoName if there is no such datacenter.
func (l *lookup) knownDatacenter(ctx context.Context, dc string) error {
	if dc == l.h.cfg.Datacenter {
		return nil
	}
	all, err := l.h.src.Datacenters(ctx)
	if err == nil && !slices.ContainsFunc(all, func(d string) bool { return strings.EqualFold(d, dc) }) {
		err = errNoName
	}
	return err
}

// apex answers for the zone itself.
func (l *lookup) apex(ctx context.Context) ([]record, error) {
	var found []record
	if l.qtype == dns.TypeSOA || l.qtype == dns.TypeANY {
		found = append(found, record{answer: []dns.RR{l.h.soa(l.owner, l.zone)}})
	}
	if l.qtype != dns.TypeNS && l.qtype != dns.TypeANY {
		return found, nil
	}
	ns, err := l.nameServers(ctx)
	return append(found, ns...), err
}

// nameServers returns a NS record for some servers, or for this agent while
// no server is known: it answered, so it is one.
func (l *lookup) nameServers(ctx context.Context) ([]record, error) {
	dc, ttl := l.h.cfg.Datacenter, seconds(l.h.cfg.TTL.Node)
	instances, err := l.h.src.Service(ctx, dc, consulService)
	if err != nil {
		return nil, err
	}
	var found []record
	for in := range l.shuffled(l.usable(instances, "")) {
		ip, err := netip.ParseAddr(in.Node.Address)
		if err != nil || len(found) == maxNameServers {
			continue
		}
		name := nodeFQDN(in.Node.Node, dc, l.zone, ip)
		rr := &dns.NS{Hdr: header(l.owner, dns.TypeNS, ttl), Ns: name}
		found = append(found, record{answer: []dns.RR{rr}, addrs: ipRRs(name, ip, ttl)})
	}
	if name, ok := hostFQDN(l.h.cfg.NodeName, dc, l.zone); ok && len(found) == 0 {
		rr := &dns.NS{Hdr: header(l.owner, dns.TypeNS, ttl), Ns: name}
		found = append(found, record{answer: []dns.RR{rr}})
	}
	return found, nil
}

// node answers for a node. Its health does not matter: who asks for a machine
// by name wants that machine.
func (l *lookup) node(ctx context.Context, dc, name string) ([]record, error) {
	n, err := l.h.src.Node(ctx, dc, name)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return nil, errNoName
	}
	ttl := seconds(l.h.cfg.TTL.Node)
	found := l.host(ctx, n.Address, ttl)
	meta := metaRRs(l.owner, n, ttl)
	switch {
	case len(meta) == 0:
	case l.qtype == dns.TypeTXT || l.qtype == dns.TypeANY:
		for _, rr := range meta {
			found = append(found, record{answer: []dns.RR{rr}})
		}
	case l.h.cfg.Instances.NodeMetaTXT && len(found) > 0:
		found[len(found)-1].meta = meta
	}
	return found, nil
}

// reverse answers which nodes have the address (RFC 1035, 3.5). A Source has
// an index for it; Consul looked at every node (issue 10577).
func (l *lookup) reverse(ctx context.Context, ip netip.Addr) ([]record, error) {
	l.zone = l.h.cfg.Domain
	dc := l.h.cfg.Datacenter
	nodes, err := l.h.src.ByAddress(ctx, dc, ip)
	if err != nil {
		return nil, err
	}
	if len(nodes) == 0 && len(l.h.cfg.Recursion.Servers) > 0 {
		return nil, errNotOurs
	}
	if len(nodes) == 0 {
		return nil, errNoName
	}
	if l.qtype != dns.TypePTR && l.qtype != dns.TypeANY {
		return nil, nil
	}
	var found []record
	for _, n := range nodes[:min(len(nodes), l.room())] {
		ptr := &dns.PTR{
			Hdr: header(l.owner, dns.TypePTR, seconds(l.h.cfg.TTL.Node)),
			Ptr: nodeFQDN(n.Node, dc, l.zone, ip),
		}
		found = append(found, record{answer: []dns.RR{ptr}})
	}
	return found, nil
}

// shuffled yields the instances in random order. It shuffles only as far as
// the caller goes (Fisher and Yates from the front): of a thousand instances,
// an answer over UDP takes four.
func (l *lookup) shuffled(in []*catalog.Instance) iter.Seq[*catalog.Instance] {
	return func(yield func(*catalog.Instance) bool) {
		for i := range in {
			j := i + l.rng.IntN(len(in)-i)
			in[i], in[j] = in[j], in[i]
			if !yield(in[i]) {
				return
			}
		}
	}
}
