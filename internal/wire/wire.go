// Package wire holds the few primitives that every hand-written format of
// Praetor is made of: varints, length-prefixed strings and byte slices, and
// length-prefixed frames on a stream.
//
// Encoders append to a byte slice with the Append functions. Decoders read
// through a [Reader], which never panics and never allocates more than the
// bytes that it was given can hold: every length is checked against what is
// left before anything is made of it. The first failure sticks, so a decoder
// reads all its fields and looks at the error once:
//
//	r := wire.NewReader(b)
//	name, port := r.String(255), r.Uvarint()
//	if err := r.Close(); err != nil {
//		return err // truncated, too long, or bytes left over
//	}
//
// A frame is a four-byte big-endian length and that many bytes:
//
//	 0               4
//	+---------------+---------------- ... ---+
//	| length (u32)  | payload                |
//	+---------------+---------------- ... ---+
package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The errors of a Reader and of ReadFrame; they are wrapped with the detail.
var (
	ErrShort    = errors.New("wire: message is cut short")
	ErrTooLong  = errors.New("wire: field is longer than allowed")
	ErrTrailing = errors.New("wire: bytes left over after the message")
	ErrValue    = errors.New("wire: value is not allowed here")
)

// AppendUvarint appends v as a varint of 1 to 10 bytes.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendVarint appends v in zig-zag form, so that small negatives stay small.
func AppendVarint(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

// AppendBool appends one byte, 0 or 1.
func AppendBool(dst []byte, v bool) []byte {
	if v {
		return append(dst, 1)
	}
	return append(dst, 0)
}

// AppendString appends the length of s as a uvarint, then its bytes.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendBytes appends the length of b as a uvarint, then its bytes.
func AppendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

// A Reader takes a message apart from front to back. After the first failure
// every further read returns a zero value and the failure stays in Err.
type Reader struct {
	b   []byte
	err error
}

// NewReader returns a Reader of b. The Reader keeps b and never writes to it.
func NewReader(b []byte) *Reader { return &Reader{b: b} }

// Fail makes err the Reader's failure, unless it has one already. Decoders
// call it for values that parse but make no sense.
func (r *Reader) Fail(err error) {
	if r.err == nil {
		r.err, r.b = err, nil
	}
}

// Err returns the first failure, or nil.
func (r *Reader) Err() error { return r.err }

// Len returns how many bytes are left.
func (r *Reader) Len() int { return len(r.b) }

// Close returns the first failure, or ErrTrailing if bytes are left over.
func (r *Reader) Close() error {
	if r.err == nil && len(r.b) > 0 {
		r.err = fmt.Errorf("%w: %d", ErrTrailing, len(r.b))
	}
	return r.err
}

// Byte reads one byte.
func (r *Reader) Byte() byte {
	if len(r.b) == 0 {
		r.Fail(ErrShort)
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

// Bool reads one byte that must be 0 or 1.
func (r *Reader) Bool() bool {
	switch r.Byte() {
	case 0:
		return false
	case 1:
		return true
	}
	r.Fail(fmt.Errorf("%w: boolean is neither 0 nor 1", ErrValue))
	return false
}

// Uvarint reads an unsigned varint.
func (r *Reader) Uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	return v * uint64(r.advance(n))
}

// Varint reads a zig-zag varint.
func (r *Reader) Varint() int64 {
	v, n := binary.Varint(r.b)
	return v * int64(r.advance(n))
}

// advance moves past a varint of n bytes (as encoding/binary reports it) and
// returns 1, or fails and returns 0.
func (r *Reader) advance(n int) int {
	switch {
	case n > 0:
		r.b = r.b[n:]
		return 1
	case n == 0:
		r.Fail(ErrShort)
	default:
		r.Fail(fmt.Errorf("%w: varint overflows 64 bits", ErrValue))
	}
	return 0
}

// Count reads a uvarint that says how many elements follow, each at least
// size bytes long, and fails if the rest of the message cannot hold so many.
// What it returns is therefore safe to allocate for.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if n > uint64(len(r.b)/max(size, 1)) {
		r.Fail(fmt.Errorf("%w: %d elements in %d bytes", ErrShort, n, len(r.b)))
		return 0
	}
	return int(n)
}

// Bytes reads a length-prefixed byte slice of at most limit bytes. The slice
// shares memory with the message; clone it to keep it longer.
func (r *Reader) Bytes(limit int) []byte {
	n := r.Uvarint()
	switch {
	case r.err != nil:
		return nil
	case n > uint64(limit):
		r.Fail(fmt.Errorf("%w: %d bytes, at most %d", ErrTooLong, n, limit))
		return nil
	case n > uint64(len(r.b)):
		r.Fail(ErrShort)
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// String reads a length-prefixed string of at most limit bytes.
func (r *Reader) String(limit int) string { return string(r.Bytes(limit)) }

// Take reads exactly n bytes without a length prefix; they share memory with
// the message.
func (r *Reader) Take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.Fail(ErrShort)
		return nil
	}
	b := r.b[:n:n]
	r.b = r.b[n:]
	return b
}

// frameHeader is the length prefix of a frame.
const frameHeader = 4

// AppendFrame appends payload as one frame.
func AppendFrame(dst, payload []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(payload))), payload...)
}

// ReadFrame reads one frame of at most limit bytes into buf, which grows as
// needed, and returns the payload, a part of buf. It returns io.EOF only if
// the stream ends between two frames. The limit is checked before memory is
// made for the payload.
func ReadFrame(src io.Reader, buf []byte, limit int) ([]byte, error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(src, head[:]); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if uint64(n) > uint64(limit) {
		return nil, fmt.Errorf("%w: frame of %d bytes, at most %d", ErrTooLong, n, limit)
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(src, buf); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return buf, nil
}
