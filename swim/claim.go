package swim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"net/netip"
	"slices"
	"time"

	"praetor/internal/wire"
)

// A claim is what somebody says of a member: an update as it travels. Its
// byte slices share memory with the message that it came in.
type claim struct {
	standing
	Name    []byte
	accuser []byte // of all but Alive: who says so
	mark    uint32 // of all but Alive, when there is no ID: markOf the member's ID

	// Alive only, and in a record: who the member is.
	ID   []byte
	Addr netip.AddrPort
	Tags []byte
	Protocols
}

// A record is a member's line in a push-pull: its description and its state.
type record struct {
	claim
	age time.Duration // Dead, Left: since when, in whole seconds
	// accuser, of the claim, is set for Suspect: the first who said so
}

// maxAge bounds the age in a record: ten years.
const maxAge = 10 * 365 * 24 * time.Hour

// recordMin is the size of the shortest record, to check a count against.
const recordMin = 15

// appendClaim appends what this Pool says of m, by the authority of accuser.
func appendClaim(dst []byte, m *member, accuser string) []byte {
	if m.State == Alive {
		return appendSection(dst, kindAlive, appendDescription(nil, m))
	}
	body := wire.AppendUvarint(nil, uint64(m.Incarnation))
	body = wire.AppendString(body, m.Name)
	body = binary.BigEndian.AppendUint32(body, markOf(m.ID))
	body = wire.AppendString(body, accuser)
	return appendSection(dst, kindAlive+sectionKind(m.State), body)
}

// appendDescription appends who m is.
func appendDescription(dst []byte, m *member) []byte {
	dst = wire.AppendUvarint(dst, uint64(m.Incarnation))
	dst = appendNode(dst, m.Name, m.ID, m.Addr)
	dst = append(dst, m.Protocols.Min, m.Protocols.Max)
	return wire.AppendString(dst, m.tags)
}

// appendNode appends the body of a join or a refusal.
func appendNode(dst []byte, name, id string, addr netip.AddrPort) []byte {
	dst = wire.AppendString(dst, name)
	dst = wire.AppendString(dst, id)
	return appendAddr(dst, addr)
}

// appendRecord appends a member's line in a push-pull.
func appendRecord(dst []byte, m *member, now time.Duration) []byte {
	dst = append(dst, byte(m.State))
	age := time.Duration(0)
	if !m.State.live() {
		age = min(max(now-m.changed, 0), maxAge)
	}
	dst = wire.AppendUvarint(dst, uint64(age/time.Second))
	dst = appendDescription(dst, m)
	if m.State == Suspect {
		dst = wire.AppendString(dst, m.suspicion.accusers[0])
	}
	return dst
}

// decodeAlive reads a description.
func decodeAlive(r *wire.Reader) claim {
	incarnation := decodeIncarnation(r)
	c := decodeNode(r)
	c.standing = standing{Alive, incarnation}
	c.Protocols = Protocols{Min: r.Byte(), Max: r.Byte()}
	if c.Protocols.Min == 0 || c.Protocols.Max < c.Protocols.Min {
		r.Fail(fmt.Errorf("%w: protocols %d to %d", wire.ErrValue, c.Protocols.Min, c.Protocols.Max))
	}
	c.Tags = r.Bytes(MaxTags)
	if err := checkTags(c.Tags); err != nil {
		r.Fail(err)
	}
	return c
}

// markOf shortens a node's ID to what an accusation carries of it. Where two
// nodes have one name, what is said of one must not be taken for the other.
func markOf(id string) uint32 { return crc32.Checksum([]byte(id), castagnoli) }

// decodeAccusation reads the body of a suspect, dead, left or pruned section.
func decodeAccusation(kind sectionKind, r *wire.Reader) claim {
	var c claim
	c.standing = standing{State(kind - kindAlive), decodeIncarnation(r)}
	c.Name = decodeName(r)
	if b := r.Take(4); b != nil {
		c.mark = binary.BigEndian.Uint32(b)
	}
	c.accuser = decodeName(r)
	return c
}

func decodeNode(r *wire.Reader) claim {
	var c claim
	c.Name = decodeName(r)
	c.ID = r.Bytes(MaxID)
	if len(c.ID) == 0 {
		r.Fail(fmt.Errorf("%w: empty ID", wire.ErrValue))
	}
	c.Addr = decodeAddr(r)
	return c
}

func decodeIncarnation(r *wire.Reader) Incarnation {
	i := r.Uvarint()
	if i > maxIncarnation {
		r.Fail(fmt.Errorf("%w: incarnation %d", wire.ErrValue, i))
	}
	return Incarnation(i)
}

// decodeRecords reads the body of a members section.
func decodeRecords(r *wire.Reader) []record {
	n := r.Count(recordMin)
	if n > MaxMembers {
		r.Fail(fmt.Errorf("%w: %d members, at most %d", wire.ErrTooLong, n, MaxMembers))
		return nil
	}
	records := make([]record, 0, n)
	for range n {
		state, age := State(r.Byte()), r.Uvarint()
		if state > Pruned || age > uint64(maxAge/time.Second) {
			r.Fail(fmt.Errorf("%w: state %d for %d s", wire.ErrValue, state, age))
		}
		c := decodeAlive(r)
		if c.state = state; state == Suspect {
			c.accuser = decodeName(r)
		}
		if r.Err() != nil {
			return nil
		}
		records = append(records, record{claim: c, age: time.Duration(age) * time.Second})
	}
	return records
}

var errTags = errors.New("swim: set tags: more than 512 bytes as they travel")

// encodeTags returns the tags as they travel: each key and value, by key.
func encodeTags(tags map[string]string) (string, error) {
	var b []byte
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		b = wire.AppendString(wire.AppendString(b, k), tags[k])
		if len(b) > MaxTags {
			return "", errTags
		}
	}
	return string(b), nil
}

// checkTags returns an error if b is not what encodeTags makes.
func checkTags(b []byte) error {
	r := wire.NewReader(b)
	var last []byte
	for first := true; r.Len() > 0; first = false {
		key := r.Bytes(MaxTags)
		if !first && bytes.Compare(key, last) <= 0 {
			return fmt.Errorf("%w: tag keys are not in order", wire.ErrValue)
		}
		last = key
		r.Bytes(MaxTags)
	}
	return r.Close()
}

// decodeTags makes the map of tags that checkTags has seen.
func decodeTags(b string) map[string]string {
	if b == "" {
		return nil
	}
	tags := make(map[string]string)
	for r := wire.NewReader([]byte(b)); r.Len() > 0; {
		key := r.String(MaxTags)
		tags[key] = r.String(MaxTags)
	}
	return tags
}
