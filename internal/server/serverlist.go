package server

import (
	"net/netip"
	"slices"

	"praetor/swim"
)

// ServerList is the servers that a client knows, in the order in which it asks
// them: the first one as long as that answers. It is made from gossip. The zero
// value knows none.
type ServerList struct {
	addrs []netip.AddrPort
}

// Update takes the live servers of the datacenter from the members. The server
// that is in use stays in use while it lives; newcomers go to a place that
// depends on the client's ID, so that clients spread over the servers.
func (l *ServerList) Update(ms []swim.Member, datacenter, clientID string) {
	var addrs []netip.AddrPort
	for _, m := range ms {
		a := AgentOf(m)
		if a.Server && a.Addr.IsValid() && a.Datacenter == datacenter && (m.State == swim.Alive || m.State == swim.Suspect) {
			addrs = append(addrs, a.Addr)
		}
	}
	if len(addrs) > 0 {
		addrs = rotate(addrs, placeOf(clientID)%len(addrs))
	}
	if len(l.addrs) > 0 {
		if i := slices.Index(addrs, l.addrs[0]); i > 0 {
			addrs = rotate(addrs, i)
		}
	}
	l.addrs = addrs
}

// Addrs returns the servers' addresses, those to be asked first in front. They
// are not modified later.
func (l *ServerList) Addrs() []netip.AddrPort { return l.addrs }

// Demote moves a server that did not answer to the end, if it is the first.
func (l *ServerList) Demote(addr netip.AddrPort) {
	if len(l.addrs) > 1 && l.addrs[0] == addr {
		l.addrs = rotate(l.addrs, 1)
	}
}

// rotate returns a copy that begins at the n-th address.
func rotate(addrs []netip.AddrPort, n int) []netip.AddrPort {
	return slices.Concat(addrs[n:], addrs[:n])
}

// placeOf makes a number of an ID, the same each time.
func placeOf(id string) int {
	var n uint16
	for _, b := range []byte(id) {
		n = n*31 + uint16(b)
	}
	return int(n)
}
