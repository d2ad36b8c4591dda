package catalog

import (
	"fmt"
	"maps"
	"slices"

	"praetor/internal/wire"
)

// The encodings of nodes, services and checks, which commands and snapshots
// share. The indexes are no part of them: a command has none yet.

func appendNode(dst []byte, n *Node) []byte {
	for _, s := range []string{n.ID, n.Node, n.Address, n.Datacenter} {
		dst = wire.AppendString(dst, s)
	}
	return appendPairs(appendPairs(dst, n.TaggedAddresses), n.Meta)
}

func decodeNode(r *wire.Reader) Node {
	return Node{
		ID:              r.String(MaxName),
		Node:            r.String(MaxName),
		Address:         r.String(MaxName),
		Datacenter:      r.String(MaxName),
		TaggedAddresses: decodePairs(r),
		Meta:            decodePairs(r),
	}
}

func appendService(dst []byte, s *Service) []byte {
	for _, s := range []string{s.Kind, s.ID, s.Service, s.Address} {
		dst = wire.AppendString(dst, s)
	}
	dst = appendStrings(dst, s.Tags)
	dst = wire.AppendUvarint(dst, uint64(len(s.TaggedAddresses)))
	for _, k := range sortedKeys(s.TaggedAddresses) {
		dst = wire.AppendString(dst, k)
		dst = wire.AppendString(dst, s.TaggedAddresses[k].Address)
		dst = wire.AppendVarint(dst, int64(s.TaggedAddresses[k].Port))
	}
	dst = appendPairs(dst, s.Meta)
	for _, n := range []int{s.Port, s.Weights.Passing, s.Weights.Warning} {
		dst = wire.AppendVarint(dst, int64(n))
	}
	return wire.AppendBool(dst, s.EnableTagOverride)
}

func decodeService(r *wire.Reader) Service {
	return Service{
		Kind:              r.String(MaxName),
		ID:                r.String(MaxName),
		Service:           r.String(MaxName),
		Address:           r.String(MaxName),
		Tags:              decodeStrings(r),
		TaggedAddresses:   decodeAddresses(r),
		Meta:              decodePairs(r),
		Port:              int(r.Varint()),
		Weights:           Weights{Passing: int(r.Varint()), Warning: int(r.Varint())},
		EnableTagOverride: r.Bool(),
	}
}

// appendCheck leaves out what follows from the check's service.
func appendCheck(dst []byte, c *Check) []byte {
	for _, s := range []string{c.Node, c.CheckID, c.Name, c.Status, c.Notes, c.Output, c.ServiceID, c.Type, c.Interval, c.Timeout} {
		dst = wire.AppendString(dst, s)
	}
	return dst
}

func decodeCheck(r *wire.Reader) Check {
	return Check{
		Node:      r.String(MaxName),
		CheckID:   r.String(MaxName),
		Name:      r.String(MaxName),
		Status:    r.String(MaxName),
		Notes:     r.String(MaxText),
		Output:    r.String(MaxOutput),
		ServiceID: r.String(MaxName),
		Type:      r.String(MaxName),
		Interval:  r.String(MaxName),
		Timeout:   r.String(MaxName),
	}
}

// count reads a number of elements, of at least one byte each.
func count(r *wire.Reader, limit int) int {
	n := r.Count(1)
	if n > limit {
		r.Fail(fmt.Errorf("%w: %d elements, at most %d", wire.ErrTooLong, n, limit))
		return 0
	}
	return n
}

func appendStrings(dst []byte, list []string) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = wire.AppendString(dst, s)
	}
	return dst
}

func decodeStrings(r *wire.Reader) []string {
	var list []string
	for range count(r, MaxTags) {
		list = append(list, r.String(MaxName))
	}
	return list
}

// Maps are encoded in the order of their keys, so that equal values have equal
// encodings; decoders refuse any other order.

func appendPairs(dst []byte, m map[string]string) []byte {
	dst = wire.AppendUvarint(dst, uint64(len(m)))
	for _, k := range sortedKeys(m) {
		dst = wire.AppendString(dst, k)
		dst = wire.AppendString(dst, m[k])
	}
	return dst
}

func decodePairs(r *wire.Reader) map[string]string {
	return decodeMap(r, func() string { return r.String(MaxText) })
}

func decodeAddresses(r *wire.Reader) map[string]ServiceAddress {
	return decodeMap(r, func() ServiceAddress {
		return ServiceAddress{Address: r.String(MaxName), Port: int(r.Varint())}
	})
}

func decodeMap[V any](r *wire.Reader, value func() V) map[string]V {
	n := count(r, MaxMeta)
	if n == 0 {
		return nil
	}
	m, last := make(map[string]V, n), ""
	for i := range n {
		k := r.String(MaxName)
		if i > 0 && k <= last {
			r.Fail(fmt.Errorf("%w: key %q after %q", wire.ErrValue, clip(k), clip(last)))
		}
		m[k], last = value(), k
		if r.Err() != nil {
			return nil
		}
	}
	return m
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
