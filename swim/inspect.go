package swim

import (
	"iter"

	"praetor/internal/wire"
)

// Said is one thing that a message says, for who watches a group from outside:
// a simulator, or whoever looks at packets on a wire.
type Said struct {
	Kind        string // "ping", "ack", "nack", "ping-req", or a State in words
	Seq         uint32 // of the first four: what ties an answer to its ping
	Name        []byte // of the member that it is about or meant for; shares memory with the message
	Incarnation Incarnation
}

// Inspect goes over what a message says, be it a datagram or a frame of a
// stream. It knows neither the group's label nor looks at the checksum. It
// stops at what it cannot read, and leaves out what is no part of Said, such as
// user events and exchanges of state.
func Inspect(b []byte) iter.Seq[Said] {
	return func(yield func(Said) bool) {
		r := wire.NewReader(b)
		if version := r.Byte(); version < MinProtocol || version > ProtocolVersion {
			return
		}
		r.Take(headerFixed - 1)
		r.Bytes(MaxLabel)
		for r.Err() == nil && r.Len() > 0 {
			kind := sectionKind(r.Byte())
			body := wire.NewReader(r.Bytes(MaxStream))
			s, ok := inspect(kind, body)
			if ok && r.Err() == nil && body.Err() == nil && !yield(s) {
				return
			}
		}
	}
}

// inspect reads one section; ok is false if it is of another kind.
func inspect(kind sectionKind, body *wire.Reader) (s Said, ok bool) {
	var c claim
	switch kind {
	case kindPing, kindAck, kindNack, kindPingReq:
		p := decodeProbe(kind, body)
		return Said{Kind: probeWords[kind], Seq: uint32(p.seq), Name: p.target}, true
	case kindAlive:
		c = decodeAlive(body)
	case kindSuspect, kindDead, kindLeft, kindPruned:
		c = decodeAccusation(kind, body)
	default:
		return Said{}, false
	}
	return Said{Kind: c.state.String(), Name: c.Name, Incarnation: c.incarnation}, true
}

var probeWords = [...]string{kindPing: "ping", kindAck: "ack", kindNack: "nack", kindPingReq: "ping-req"}
