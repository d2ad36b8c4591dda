package dns

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// service answers for a service: its addresses, its addresses and ports, or
// what is known of the nodes it runs on. A service without a usable instance
// does not exist, as in Consul.
func (l *lookup) service(ctx context.Context, dc, name, tag string) ([]record, error) {
	all, err := l.h.src.Service(ctx, dc, name)
	if err != nil {
		return nil, err
	}
	live := l.usable(all, tag)
	if len(live) == 0 {
		return nil, errNoName
	}
	ttl := seconds(l.h.cfg.TTL.lookupTTL(name))
	l.cut.answers = l.cut.instances
	switch l.qtype {
	case dns.TypeSRV:
		return l.srvRecords(ctx, dc, live, ttl), nil
	case dns.TypeTXT:
		return l.metaRecords(live, ttl), nil
	case dns.TypeANY:
		return append(l.addresses(ctx, live, ttl), l.metaRecords(live, ttl)...), nil
	}
	return l.addresses(ctx, live, ttl), nil
}

// usable returns the instances that may be answered with: those with the tag,
// if one is given, and with no check that is critical.
func (l *lookup) usable(all []catalog.Instance, tag string) []*catalog.Instance {
	live := make([]*catalog.Instance, 0, len(all))
	for i := range all {
		in := &all[i]
		if tag != "" && !slices.ContainsFunc(in.Service.Tags, func(t string) bool { return strings.EqualFold(t, tag) }) {
			continue
		}
		switch health(in) {
		case catalog.Passing:
		case catalog.Warning:
			if l.h.cfg.Instances.OnlyPassing {
				continue
			}
		default:
			continue
		}
		live = append(live, in)
	}
	return live
}

// health returns the worst state of an instance's checks. A state that is not
// known counts as critical: to leave out an instance is the smaller mistake.
func health(in *catalog.Instance) string {
	worst := catalog.Passing
	for _, c := range in.Checks {
		switch c.Status {
		case catalog.Passing:
		case catalog.Warning:
			worst = catalog.Warning
		default:
			return catalog.Critical
		}
	}
	return worst
}

// addresses returns each address of the instances once. If none of them has
// an IP address but one is known by a name, the answer is that alias: a name
// with a CNAME has no other records, and only one (RFC 1034, 3.6.2).
func (l *lookup) addresses(ctx context.Context, live []*catalog.Instance, ttl uint32) []record {
	var found []record
	seen := make(map[netip.Addr]bool)
	alias := ""
	for in := range l.shuffled(live) {
		addr := l.addressOf(in)
		ip, err := netip.ParseAddr(addr)
		if err != nil {
			alias = addr
			continue
		}
		if seen[ip] {
			continue
		}
		seen[ip] = true
		if found = append(found, l.ip(ip, ttl)...); len(found) >= l.room() {
			break
		}
	}
	if len(seen) == 0 && alias != "" {
		return l.host(ctx, alias, ttl)
	}
	return found
}

// addressOf returns the address to reach the instance at: its own, or its
// node's. An instance whose own address is the very name that is asked for
// would be an alias of itself.
func (l *lookup) addressOf(in *catalog.Instance) string {
	own := in.Service.Address
	if own == "" || dns.CanonicalName(own) == dns.CanonicalName(l.owner) {
		return in.Node.Address
	}
	return own
}

// A place is where an instance listens.
type place struct {
	target string
	port   uint16
}

// srvRecords returns a SRV record (RFC 2782) for each place where an instance
// listens, with the addresses of its target.
func (l *lookup) srvRecords(ctx context.Context, dc string, live []*catalog.Instance, ttl uint32) []record {
	var found []record
	places := make(map[place]bool)
	targets := make(map[string]bool)
	for in := range l.shuffled(live) {
		srv, addrs := l.srv(ctx, dc, in, ttl)
		if srv == nil || places[place{srv.Target, srv.Port}] {
			continue
		}
		places[place{srv.Target, srv.Port}] = true
		rec := record{answer: []dns.RR{srv}}
		if !targets[srv.Target] {
			targets[srv.Target] = true
			rec.addrs = addrs
			if l.h.cfg.Instances.NodeMetaTXT {
				rec.meta = metaRRs(srv.Target, in.Node, ttl)
			}
		}
		if found = append(found, rec); len(found) >= l.room() {
			break
		}
	}
	return found
}

// srv returns the SRV record of an instance and its target's addresses, nil
// if the instance has no address that DNS can express. The target is the
// node's name, or the name of the address if the instance has its own.
func (l *lookup) srv(ctx context.Context, dc string, in *catalog.Instance, ttl uint32) (*dns.SRV, []dns.RR) {
	rr := &dns.SRV{
		Hdr:      header(l.owner, dns.TypeSRV, ttl),
		Priority: 1,
		Weight:   weight(in),
		Port:     uint16(in.Service.Port),
	}
	addr := l.addressOf(in)
	ip, err := netip.ParseAddr(addr)
	switch {
	case err != nil:
		if !isName(addr) {
			return nil, nil
		}
		rr.Target = dns.Fqdn(addr)
		return rr, l.follow(ctx, rr.Target)
	case addr == in.Node.Address:
		rr.Target = nodeFQDN(in.Node.Node, dc, l.zone, ip)
	default:
		rr.Target = addrFQDN(ip, dc, l.zone)
	}
	return rr, ipRRs(rr.Target, ip, ttl)
}

// weight returns the share of requests that the instance shall get, by its
// health. What was registered without weights has 1 of both.
func weight(in *catalog.Instance) uint16 {
	w := in.Service.Weights
	if w == (catalog.Weights{}) {
		w = catalog.Weights{Passing: 1, Warning: 1}
	}
	share := w.Passing
	if health(in) == catalog.Warning {
		share = w.Warning
	}
	return uint16(min(max(share, 0), 1<<16-1))
}

// metaRecords returns the metadata of each node once.
func (l *lookup) metaRecords(live []*catalog.Instance, ttl uint32) []record {
	var found []record
	seen := make(map[string]bool)
	for in := range l.shuffled(live) {
		if seen[in.Node.Node] {
			continue
		}
		seen[in.Node.Node] = true
		if rrs := metaRRs(l.owner, in.Node, ttl); len(rrs) > 0 {
			found = append(found, record{answer: rrs})
		}
		if len(found) >= l.room() {
			break
		}
	}
	return found
}
