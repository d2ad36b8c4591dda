package dns

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"praetor/catalog"
)

// header returns the header of a record of the class IN. ttl is in seconds.
func header(owner string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: owner, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

// soa returns the zone's start of authority. Its serial tells secondary
// servers when to transfer the zone again; this zone cannot be transferred,
// so it never changes.
func (h *Handler) soa(owner, zone string) dns.RR {
	t := h.cfg.SOA
	return &dns.SOA{
		Hdr:     header(owner, dns.TypeSOA, seconds(t.MinTTL)),
		Ns:      "ns." + zone,
		Mbox:    "hostmaster." + zone,
		Serial:  1,
		Refresh: seconds(t.Refresh),
		Retry:   seconds(t.Retry),
		Expire:  seconds(t.Expire),
		Minttl:  seconds(t.MinTTL),
	}
}

// ipRRs returns the one record that gives owner the address.
func ipRRs(owner string, ip netip.Addr, ttl uint32) []dns.RR {
	if ip = ip.Unmap(); ip.Is4() {
		return []dns.RR{&dns.A{Hdr: header(owner, dns.TypeA, ttl), A: ip.AsSlice()}}
	}
	return []dns.RR{&dns.AAAA{Hdr: header(owner, dns.TypeAAAA, ttl), AAAA: ip.AsSlice()}}
}

// ip answers with the address if it is of the family that is asked for.
func (l *lookup) ip(ip netip.Addr, ttl uint32) []record {
	rrs := ipRRs(l.owner, ip, ttl)
	if l.qtype != dns.TypeANY && l.qtype != rrs[0].Header().Rrtype {
		return nil
	}
	return []record{{answer: rrs}}
}

// The bounds of metadata in one answer; what is beyond is left out.
const (
	maxMeta     = 64   // pairs of a node
	maxMetaText = 1024 // bytes of a pair
	maxString   = 255  // bytes of a string in a TXT record (RFC 1035, 3.3)
)

// metaRRs returns a TXT record for each pair of the node's metadata, as k=v
// (RFC 1464), in the order of the keys. A key that starts with "rfc1035-"
// stands for a record with the value alone.
func metaRRs(owner string, n *catalog.Node, ttl uint32) []dns.RR {
	var rrs []dns.RR
	for _, k := range slices.Sorted(maps.Keys(n.Meta)) {
		text := n.Meta[k]
		if !strings.HasPrefix(strings.ToLower(k), "rfc1035-") {
			text = attribute(k) + "=" + text
		}
		if len(text) > maxMetaText || len(rrs) == maxMeta {
			continue
		}
		rrs = append(rrs, &dns.TXT{Hdr: header(owner, dns.TypeTXT, ttl), Txt: textStrings(text)})
	}
	return rrs
}

// attribute quotes the characters that RFC 1464 reserves in the name of an
// attribute: "=" ends it, "`" quotes, and blanks around it would be cut.
func attribute(name string) string {
	name = strings.NewReplacer("`", "``", "=", "`=").Replace(name)
	inner := strings.Trim(name, " \t")
	lead, trail, _ := strings.Cut(name, inner)
	quote := strings.NewReplacer(" ", "` ", "\t", "`\t")
	if inner == "" {
		return quote.Replace(name)
	}
	return quote.Replace(lead) + inner + quote.Replace(trail)
}

// textStrings splits text into strings that a TXT record can hold, escaped as
// miekg/dns wants them.
func textStrings(text string) []string {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	var parts []string
	for len(text) > maxString {
		parts = append(parts, escape.Replace(text[:maxString]))
		text = text[maxString:]
	}
	return append(parts, escape.Replace(text))
}
