package dns

import (
	"context"
	"net/netip"
	"slices"

	"github.com/miekg/dns"
)

// The bounds on what one question may cost because of aliases.
const (
	maxTrail = 3 // aliases in a row within our own zones
	maxAsked = 3 // questions to recursors
)

// host answers with an address out of the catalog, which may be an IP address
// or a name. A name becomes a CNAME, followed by what it leads to.
func (l *lookup) host(ctx context.Context, addr string, ttl uint32) []record {
	if ip, err := netip.ParseAddr(addr); err == nil {
		return l.ip(ip, ttl)
	}
	switch l.qtype {
	case dns.TypeA, dns.TypeAAAA, dns.TypeANY, dns.TypeCNAME:
	default:
		return nil
	}
	if !isName(addr) {
		return nil
	}
	cname := &dns.CNAME{Hdr: header(l.owner, dns.TypeCNAME, ttl), Target: dns.Fqdn(addr)}
	rec := record{answer: []dns.RR{cname}}
	if l.qtype != dns.TypeCNAME {
		rec.answer = append(rec.answer, l.follow(ctx, cname.Target)...)
	}
	return []record{rec}
}

func isName(s string) bool {
	_, ok := dns.IsDomainName(s)
	return ok && s != "" && s != "."
}

// follow returns the records that give name an address, nil if that cannot be
// found out now: the client has the name and can ask on its own.
func (l *lookup) follow(ctx context.Context, name string) []dns.RR {
	next := *l
	next.owner, next.trail = name, append(slices.Clone(l.trail), dns.CanonicalName(l.owner))
	if len(next.trail) > maxTrail || slices.Contains(next.trail, dns.CanonicalName(name)) {
		return nil
	}
	if next.qtype != dns.TypeAAAA {
		next.qtype = dns.TypeA
	}
	if next.zone = l.h.zoneOf(dns.CanonicalName(name)); next.zone == "" {
		return next.ask(ctx)
	}
	found, err := next.find(ctx)
	if err != nil {
		return nil
	}
	var rrs []dns.RR
	for _, f := range found {
		rrs = append(rrs, f.answer...)
	}
	return rrs
}

// ask asks the recursors about an alias that leads out of our zones.
func (l *lookup) ask(ctx context.Context) []dns.RR {
	if *l.asked >= maxAsked {
		return nil
	}
	*l.asked++
	q := new(dns.Msg).SetQuestion(dns.Fqdn(l.owner), l.qtype)
	q.Id = uint16(l.rng.Uint32())
	r := l.h.exchange(ctx, l.rng, q, l.over)
	if r == nil || r.Rcode != dns.RcodeSuccess {
		return nil
	}
	chain := slices.DeleteFunc(slices.Clone(r.Answer), func(rr dns.RR) bool {
		t := rr.Header().Rrtype
		return t != l.qtype && t != dns.TypeCNAME
	})
	return chain[:min(len(chain), l.room())]
}
