package wal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Sizes and bounds of records, in bytes.
const (
	sector     = 512       // what a disk writes as a whole or not at all
	headerSize = 32        // of a record and of a segment
	align      = 32        // records begin at multiples, so that no header crosses a sector
	maxPayload = 256 << 20 // with the end mark
	endMark    = 0xA5      // last byte of a header and of a payload; not zero, which says "not written"
)

// checksum is a CRC-32C (Castagnoli).
type checksum uint32

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumOf continues seed over b.
func sumOf(seed checksum, b []byte) checksum {
	return checksum(crc32.Update(uint32(seed), castagnoli, b))
}

// kind says what a record's payload is.
type kind uint8

const (
	kindBase  kind = 1 + iota // the state before this segment; first in each, and only there
	kindWrite                 // a change
	kindSeal                  // the log goes on in the next segment
)

// place is where a record stands in the log.
type place struct {
	seed    checksum // of the segment
	prev    checksum // of the record before it
	offset  int64    // in the segment
	durable int64    // the segment was on disk up to here when the record was written
}

// recordHead is an empty header, to which a payload is appended.
var recordHead [headerSize]byte

// finishRecord completes b, a blank header and a payload, to a record: end
// mark, header, padding. It returns it with its checksum.
func finishRecord(b []byte, k kind, at place) ([]byte, checksum) {
	b = append(b, endMark)
	length := len(b) - headerSize
	b = append(b, recordHead[:padding(len(b))]...)
	h := b[:headerSize]
	binary.BigEndian.PutUint32(h[0:], uint32(length))
	binary.BigEndian.PutUint32(h[4:], uint32(k)) // three bytes to spare
	binary.BigEndian.PutUint32(h[8:], uint32(at.offset))
	binary.BigEndian.PutUint32(h[12:], uint32(at.durable))
	binary.BigEndian.PutUint32(h[16:], uint32(at.prev))
	binary.BigEndian.PutUint32(h[20:], uint32(sumOf(0, b[headerSize:headerSize+length])))
	sum := sumOf(at.seed, h[:24])
	binary.BigEndian.PutUint32(h[24:], uint32(sum))
	copy(h[28:], "rec")
	h[31] = endMark
	return b, sum
}

// recordSize returns the size of a record with a payload of n bytes.
func recordSize(n int) int64 {
	n += headerSize + 1 // the end mark
	return int64(n + padding(n))
}

// padding is how many bytes follow n to reach the next multiple of align.
func padding(n int) int { return -n & (align - 1) }

// verdict says what was found at a place where a record may begin.
type verdict uint8

const (
	whole   verdict = iota // a record
	empty                  // zeros: nothing was written
	torn                   // begun but not finished, as a crash leaves it
	foreign                // nothing that was ever written there
	damaged                // finished once, and different now
)

// record is a record that was read.
type record struct {
	kind    kind
	at      place
	sum     checksum
	payload []byte // without the end mark; shares memory with the segment
	end     int64  // the offset after its end mark, where the padding begins
	next    int64  // the offset after that
}

// dirty reports whether the record's padding, as far as it is there, is not zero.
func (rec record) dirty(seg []byte) bool {
	n := int64(len(seg))
	return !isZero(seg[min(rec.end, n):min(rec.next, n)])
}

// finding is a verdict with its reason, and the record if it is whole.
type finding struct {
	verdict
	reason string
	record record
}

// header is a record's header, decoded.
type header struct {
	length             int64
	kind               uint32
	offset, durable    int64
	prev, payload, sum checksum
}

// parseHeader judges the header at the offset, which follows a record with the
// checksum prev. Bytes past the end of seg count as zeros: they were never
// written.
func parseHeader(seg []byte, seed, prev checksum, offset int64) (header, finding) {
	var b [headerSize]byte
	copy(b[:], seg[min(offset, int64(len(seg))):])
	switch {
	case b == recordHead:
		return header{}, finding{verdict: empty}
	case b[31] == 0: // its end, which a torn write leaves out
		return header{}, finding{verdict: torn, reason: "header of a record is not finished"}
	}
	field := func(i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }
	h := header{
		length: int64(field(0)), kind: field(4),
		offset: int64(field(8)), durable: int64(field(12)),
		prev: checksum(field(16)), payload: checksum(field(20)), sum: checksum(field(24)),
	}
	valid := b[31] == endMark && string(b[28:31]) == "rec" && h.sum == sumOf(seed, b[:24])
	switch {
	case !valid && h.offset != offset && h.prev != prev:
		return header{}, finding{verdict: foreign, reason: "it never was a record of this log"}
	case !valid:
		return header{}, finding{verdict: damaged, reason: "checksum of a record's header is wrong"}
	case h.offset != offset:
		return header{}, finding{verdict: damaged, reason: "record belongs to another place"}
	case h.durable > offset:
		return header{}, finding{verdict: damaged, reason: "record says that more is durable than was written"}
	case h.length < 1 || h.length > maxPayload:
		return header{}, finding{verdict: damaged, reason: "length of a record is out of bounds"}
	}
	return h, finding{verdict: whole}
}

// parseRecord judges what begins at the offset. prev is the checksum of the
// record before it.
func parseRecord(seg []byte, seed, prev checksum, offset int64) finding {
	h, f := parseHeader(seg, seed, prev, offset)
	if f.verdict != whole {
		return f
	}
	start := offset + headerSize
	end := start + h.length
	payload := seg[min(start, int64(len(seg))):min(end, int64(len(seg)))]
	switch {
	case int64(len(payload)) < h.length:
		return finding{verdict: torn, reason: "record is cut short by the end of the file"}
	case sumOf(0, payload) != h.payload && isTorn(payload, start):
		return finding{verdict: torn, reason: "payload of a record is not finished"}
	case sumOf(0, payload) != h.payload:
		return finding{verdict: damaged, reason: "checksum of a record's payload is wrong"}
	case payload[h.length-1] != endMark:
		return finding{verdict: damaged, reason: "record lacks its end mark"}
	case h.prev != prev:
		return finding{verdict: damaged, reason: "record does not follow the one before it"}
	}
	return finding{verdict: whole, record: record{
		kind:    kind(min(h.kind, 255)),
		at:      place{seed: seed, prev: prev, offset: offset, durable: h.durable},
		sum:     h.sum,
		payload: payload[:h.length-1],
		end:     end,
		next:    end + int64(padding(int(h.length))),
	}}
}

// isTorn reports whether a write that a crash interrupted can have left this
// payload, which begins at the offset start, on a disk that was zero before:
// its end is missing, or a whole sector of it is. The sector that it shares
// with its header is on disk, since the header is.
func isTorn(payload []byte, start int64) bool {
	if payload[len(payload)-1] == 0 {
		return true
	}
	for i := (sector - start%sector) % sector; i < int64(len(payload)); i += sector {
		if isZero(payload[i:min(i+sector, int64(len(payload)))]) {
			return true
		}
	}
	return false
}

var zeros [4096]byte

// isZero reports whether all of b is zero.
func isZero(b []byte) bool {
	for len(b) > len(zeros) {
		if !bytes.Equal(b[:len(zeros)], zeros[:]) {
			return false
		}
		b = b[len(zeros):]
	}
	return bytes.Equal(b, zeros[:len(b)])
}

// provenDurable looks through the segment after the offset for a record that
// was written when the segment was on disk beyond the offset, and returns
// where that record is. Such a record proves that what is at the offset was
// once durable. Headers suffice: each is bound to its place by its checksum.
func provenDurable(seg []byte, seed checksum, offset int64) (int64, bool) {
	for o := offset + align; o+headerSize <= int64(len(seg)); o += align {
		if seg[o+headerSize-1] != endMark {
			continue
		}
		if h, f := parseHeader(seg, seed, 0, o); f.verdict == whole && h.durable > offset {
			return o, true
		}
	}
	return 0, false
}
