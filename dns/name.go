package dns

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// A kind is what a name in our zone stands for.
type kind uint8

const (
	nothing  kind = iota // no such name can exist
	parent               // no records of its own, but names with records below it
	apex                 // the zone itself
	servers              // ns: the zone's name servers
	nodeName             // NAME.node
	service              // [TAG.]NAME.service
	query                // NAME.query, a prepared query
	hexAddr              // HEX.addr
)

// keywords are the labels that separate what is asked for from where.
var keywords = map[string]kind{"node": nodeName, "service": service, "query": query, "addr": hexAddr}

// A target is what the labels of a name in our zone ask for.
type target struct {
	kind kind
	dc   string     // "" stands for ours
	name string     // of the node, the service or the query
	tag  string     // "" for any
	ip   netip.Addr // of a hexAddr
}

// parseName reads the labels of a name, in lower case and without the zone:
//
//	web.service               web in this datacenter
//	v1.web.service.dc2        those with the tag v1 in dc2
//	_web._v1.service.dc2.dc   the same by RFC 2782, and with an explicit datacenter
//	n1.node  0a000001.addr    a node, an address
func parseName(labels []string) target {
	what, k, dc := splitKeyword(labels)
	if k == nothing {
		return parseShort(labels)
	}
	t := target{kind: k, dc: dc, name: strings.Join(what, ".")}
	if len(what) == 0 {
		return target{kind: parent, dc: dc}
	}
	switch k {
	case service:
		return parseService(t, what)
	case hexAddr:
		b, err := hex.DecodeString(t.name)
		ip, ok := netip.AddrFromSlice(b)
		if err != nil || !ok {
			return target{}
		}
		t.ip = ip
	}
	return t
}

// splitKeyword splits labels into what stands before the keyword, the keyword
// and the datacenter behind it, if any.
func splitKeyword(labels []string) (what []string, k kind, dc string) {
	n := len(labels)
	if n >= 1 && keywords[labels[n-1]] != nothing {
		return labels[:n-1], keywords[labels[n-1]], ""
	}
	if n >= 2 && keywords[labels[n-2]] != nothing {
		return labels[:n-2], keywords[labels[n-2]], labels[n-1]
	}
	if n >= 3 && labels[n-1] == "dc" && keywords[labels[n-3]] != nothing {
		return labels[:n-3], keywords[labels[n-3]], labels[n-2]
	}
	return nil, nothing, ""
}

// parseService reads what stands before the keyword "service". A tag may hold
// dots. In the form of RFC 2782, a protocol stands for any tag: "_tcp" says
// how a client wants to talk, not which instances it wants.
func parseService(t target, what []string) target {
	last := len(what) - 1
	if last == 1 && strings.HasPrefix(what[0], "_") && strings.HasPrefix(what[1], "_") {
		t.name, t.tag = what[0][1:], what[1][1:]
		if t.tag == "tcp" || t.tag == "udp" {
			t.tag = ""
		}
		return t
	}
	if last == 0 && strings.HasPrefix(what[0], "_") {
		// "_tcp.service" stands above "_web._tcp.service".
		return target{kind: parent, dc: t.dc}
	}
	t.name, t.tag = what[last], strings.Join(what[:last], ".")
	return t
}

// parseShort reads the names without a keyword: the zone, its name servers,
// and those that are only on the way to others. Answering NXDOMAIN for the
// latter would tell a resolver that nothing exists below them (RFC 8020), and
// resolvers that ask label by label (RFC 9156) would stop there.
func parseShort(labels []string) target {
	switch {
	case len(labels) == 0:
		return target{kind: apex}
	case len(labels) == 1 && labels[0] == "ns":
		return target{kind: servers}
	case len(labels) == 1 && labels[0] == "dc":
		return target{kind: parent}
	case len(labels) == 1, len(labels) == 2 && labels[1] == "dc":
		return target{kind: parent, dc: labels[0]}
	}
	return target{}
}

// parseReverse reads the address out of a canonical name below in-addr.arpa
// or ip6.arpa. The name has all labels of an address, or it is none.
func parseReverse(name string) (netip.Addr, bool) {
	labels := dns.SplitDomainName(name)
	n := len(labels)
	if n < 2 || labels[n-1] != "arpa" {
		return netip.Addr{}, false
	}
	digits := labels[:n-2]
	slices.Reverse(digits)
	switch {
	case labels[n-2] == "in-addr":
		ip, err := netip.ParseAddr(strings.Join(digits, "."))
		return ip, err == nil && ip.Is4()
	case labels[n-2] == "ip6" && len(digits) == 32:
		b, err := hex.DecodeString(strings.Join(digits, ""))
		ip, ok := netip.AddrFromSlice(b)
		return ip, err == nil && ok
	}
	return netip.Addr{}, false
}

// zoneOf returns which of our zones the canonical name is in, "" for none. If
// one zone lies in the other, the longer one is meant.
func (h *Handler) zoneOf(name string) string {
	found := ""
	for _, zone := range []string{h.cfg.Domain, h.cfg.AltDomain} {
		if zone != "" && len(zone) > len(found) && dns.IsSubDomain(zone, name) {
			found = zone
		}
	}
	return found
}

// nodeFQDN returns a name to reach the node by. A node's name may hold what no
// host name can (a space, 70 letters, two dots in a row); the name of its
// address leads there as well.
func nodeFQDN(name, dc, zone string, ip netip.Addr) string {
	if fqdn, ok := hostFQDN(name, dc, zone); ok {
		return fqdn
	}
	return addrFQDN(ip, dc, zone)
}

// hostFQDN returns the node's own name in the zone, if DNS can express it.
func hostFQDN(name, dc, zone string) (string, bool) {
	fqdn := name + ".node." + dc + "." + zone
	_, ok := dns.IsDomainName(fqdn)
	return fqdn, ok && isHostName(name)
}

func isHostName(name string) bool {
	for _, label := range strings.Split(name, ".") {
		if label == "" || strings.Trim(label, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
			return false
		}
	}
	return true
}

// addrFQDN returns the name that stands for the address itself, such as
// 0a000001.addr.dc1.consul for 10.0.0.1.
func addrFQDN(ip netip.Addr, dc, zone string) string {
	return hex.EncodeToString(ip.AsSlice()) + ".addr." + dc + "." + zone
}
