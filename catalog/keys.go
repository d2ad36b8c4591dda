package catalog

import (
	"net/netip"
	"strings"
)

// separator stands between the parts of a row's key. No name contains it.
const separator = "\x00"

// key returns the key of a row, from the names that it is found by.
func key(names ...string) string { return strings.Join(names, separator) }

// under returns the prefix of the rows whose keys begin with that name.
func under(name string) string {
	if strings.Contains(name, separator) {
		return separator + separator // no row: a name in a question may be anything
	}
	return name + separator
}

// fold returns the form of a name that is the same for all its spellings in
// upper and lower case.
func fold(name string) string { return strings.ToLower(name) }

// canonical returns the form of an IP address under which nodes are indexed,
// or "" if s is none but, say, a host name.
func canonical(s string) string {
	addr, err := netip.ParseAddr(s)
	if err != nil {
		return ""
	}
	return addr.Unmap().WithZone("").String()
}
