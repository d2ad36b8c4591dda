package swim

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"net/netip"

	"praetor/internal/wire"
	"praetor/swim/coordinate"
)

// sectionKind says what a section of a message holds. Kinds that are not
// known are skipped by their length, so that a newer member may say more.
type sectionKind uint8

const (
	kindPing    sectionKind = 1
	kindAck     sectionKind = 2
	kindNack    sectionKind = 3
	kindPingReq sectionKind = 4

	kindAlive   sectionKind = 16
	kindSuspect sectionKind = 17
	kindDead    sectionKind = 18
	kindLeft    sectionKind = 19
	kindPruned  sectionKind = 20

	kindEvent sectionKind = 24

	kindJoin    sectionKind = 32
	kindMembers sectionKind = 33
	kindRefusal sectionKind = 34
	kindClock   sectionKind = 35
)

// The reasons to drop a message before it is taken apart.
var (
	errVersion  = errors.New("message of another version")
	errLabel    = errors.New("message of another group")
	errChecksum = errors.New("message is damaged")
)

// headerFixed is the size of a message's header without the label's bytes.
const headerFixed = 1 + 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendHeader begins a message to members of the group label. It is of the
// oldest version that is spoken here: news has many readers, and all in the
// group understand that one.
func appendHeader(dst []byte, label string) []byte {
	dst = append(dst, MinProtocol, 0, 0, 0, 0)
	return wire.AppendString(dst, label)
}

// seal fills in the checksum of a message, which must begin at b[0].
func seal(b []byte) []byte {
	binary.BigEndian.PutUint32(b[1:], crc32.Checksum(b[headerFixed:], castagnoli))
	return b
}

// openMessage checks the header of a message and returns a reader of its sections.
func openMessage(b []byte, label string) (*wire.Reader, error) {
	r := wire.NewReader(b)
	if version := r.Byte(); r.Err() == nil && (version < MinProtocol || version > ProtocolVersion) {
		return nil, fmt.Errorf("%w: %d, this member speaks %d to %d", errVersion, version, MinProtocol, ProtocolVersion)
	}
	sum := r.Take(4)
	if r.Err() != nil {
		return nil, r.Err()
	}
	if binary.BigEndian.Uint32(sum) != crc32.Checksum(b[headerFixed:], castagnoli) {
		return nil, errChecksum
	}
	if got := r.Bytes(MaxLabel); r.Err() == nil && string(got) != label {
		return nil, fmt.Errorf("%w: %q", errLabel, got)
	}
	return r, r.Err()
}

// appendSection appends one section.
func appendSection(dst []byte, kind sectionKind, body []byte) []byte {
	return wire.AppendBytes(append(dst, byte(kind)), body)
}

// A section is one part of a message, decoded. Its byte slices share memory
// with the message.
type section struct {
	kind    sectionKind
	probe   probeBody // ping, ack, nack, ping-req
	claim   claim     // alive, suspect, dead, left, pruned
	node    claim     // join, refusal: only Name, ID and Addr
	records []record  // members
	event   *UserEvent
	clock   LamportTime
}

// decodeSections appends the sections that r holds to dst, without those of
// unknown kinds, and returns how many those were. A message is wrong as a
// whole: after an error nothing of it may be used.
func decodeSections(dst []section, r *wire.Reader) (sections []section, unknown int, err error) {
	for r.Len() > 0 && r.Err() == nil {
		kind := sectionKind(r.Byte())
		body := wire.NewReader(r.Bytes(MaxStream))
		if r.Err() != nil {
			break
		}
		s := section{kind: kind}
		switch kind {
		case kindPing, kindAck, kindNack, kindPingReq:
			s.probe = decodeProbe(kind, body)
		case kindAlive:
			s.claim = decodeAlive(body)
		case kindSuspect, kindDead, kindLeft, kindPruned:
			s.claim = decodeAccusation(kind, body)
		case kindEvent:
			e := decodeEvent(body)
			s.event = &e
		case kindClock:
			s.clock = decodeLamport(body)
		case kindJoin, kindRefusal:
			s.node = decodeNode(body)
		case kindMembers:
			s.records = decodeRecords(body)
		default:
			unknown++
			continue
		}
		if err := body.Close(); err != nil {
			return dst, unknown, fmt.Errorf("section of kind %d: %w", kind, err)
		}
		dst = append(dst, s)
	}
	return dst, unknown, r.Err()
}

// A sequence number ties an ack to its ping. It starts at random, so that an
// ack for a process that had this address before means nothing.
type sequence uint32

// probeBody is the body of a ping, an ack, a nack or a ping-req.
type probeBody struct {
	seq    sequence
	target []byte         // ping, ping-req: the name that the ping is meant for
	addr   netip.AddrPort // ping-req: where the target is
	nack   bool           // ping-req: answer with a nack if the target does not
	place  []byte         // ack: the sender's coordinate, encoded, or nothing
}

func appendPing(dst []byte, seq sequence, target string) []byte {
	body := wire.AppendString(wire.AppendUvarint(nil, uint64(seq)), target)
	return appendSection(dst, kindPing, body)
}

// appendAck appends an ack or a nack. place is the sender's coordinate, or nil.
func appendAck(dst []byte, kind sectionKind, seq sequence, place []byte) []byte {
	return appendSection(dst, kind, append(wire.AppendUvarint(nil, uint64(seq)), place...))
}

func appendPingReq(dst []byte, seq sequence, m *member, nack bool) []byte {
	body := wire.AppendString(wire.AppendUvarint(nil, uint64(seq)), m.Name)
	body = wire.AppendBool(appendAddr(body, m.Addr), nack)
	return appendSection(dst, kindPingReq, body)
}

func decodeProbe(kind sectionKind, r *wire.Reader) probeBody {
	var b probeBody
	seq := r.Uvarint()
	if seq > 1<<32-1 {
		r.Fail(fmt.Errorf("%w: sequence number %d", wire.ErrValue, seq))
	}
	b.seq = sequence(seq)
	if kind == kindPing || kind == kindPingReq {
		b.target = decodeName(r)
	}
	if kind == kindPingReq {
		b.addr = decodeAddr(r)
		b.nack = r.Bool()
	}
	if kind == kindAck {
		// Not taken apart here: an ack counts, whatever its place is worth.
		b.place = r.Take(min(r.Len(), coordinate.Size))
	}
	return b
}

// appendAddr appends an address: the length of the IP, its bytes, the port.
func appendAddr(dst []byte, a netip.AddrPort) []byte {
	ip := a.Addr().Unmap()
	dst = append(dst, byte(ip.BitLen()/8))
	if ip.Is4() {
		b := ip.As4()
		dst = append(dst, b[:]...)
	} else {
		b := ip.As16()
		dst = append(dst, b[:]...)
	}
	return binary.BigEndian.AppendUint16(dst, a.Port())
}

func decodeAddr(r *wire.Reader) netip.AddrPort {
	n := int(r.Byte())
	if n != 4 && n != 16 {
		r.Fail(fmt.Errorf("%w: IP address of %d bytes", wire.ErrValue, n))
	}
	ip, ok := netip.AddrFromSlice(r.Take(n))
	port := r.Take(2)
	if r.Err() != nil {
		return netip.AddrPort{}
	}
	if !ok || ip.Is4In6() || ip.IsUnspecified() || port[0]|port[1] == 0 {
		r.Fail(fmt.Errorf("%w: address nobody can reach", wire.ErrValue))
	}
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(port))
}

// decodeName reads a member's name, which is never empty.
func decodeName(r *wire.Reader) []byte {
	name := r.Bytes(MaxName)
	if len(name) == 0 {
		r.Fail(fmt.Errorf("%w: empty name", wire.ErrValue))
	}
	return name
}
