package sim

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"time"
)

// trace is the story of a run: one line for each event that a reader wants to
// see, and a hash of everything that happened, be it shown or not. Two runs are
// the same if their hashes are.
//
//	    0.301245  n2     raft: becomes leader
//	    2.000000  n2     crash
//	time in s     who    what
type trace struct {
	out     io.Writer // nil: keep the hash only
	verbose bool      // show each message, too
	hash    uint64
	buf     []byte
}

// The parameters of 64-bit FNV-1a.
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newTrace(out io.Writer, verbose bool) trace {
	return trace{out: out, verbose: verbose, hash: fnvOffset}
}

// mix adds one number to the hash, all of it in one step of FNV; as a product
// carries nothing down, the upper half is then folded onto the lower.
func (t *trace) mix(v uint64) {
	h := (t.hash ^ v) * fnvPrime
	t.hash = h ^ h>>32
}

// text adds a text to the hash.
func (t *trace) text(s string) { t.mix(uint64(crc32.Checksum([]byte(s), castagnoli))) }

// line adds a line to the story.
func (t *trace) line(at time.Duration, who, format string, args ...any) {
	t.buf = formatLine(t.buf[:0], at, who, format, args...)
	t.mix(uint64(crc32.Checksum(t.buf, castagnoli)))
	if t.out != nil {
		t.out.Write(t.buf)
	}
}

// note adds n to the hash, and a line to the story if that is verbose.
func (t *trace) note(at time.Duration, who string, n noted) {
	t.mix(uint64(at))
	n.mix(t)
	if t.shows() {
		t.out.Write(formatLine(nil, at, who, "%v", n))
	}
}

// noted is something that is not worth a line, but part of what happened: it
// adds to the hash what tells it from others, which costs less than its text.
type noted interface {
	fmt.Stringer
	mix(t *trace)
}

// shows reports whether somebody sees messages and notes.
func (t *trace) shows() bool { return t.out != nil && t.verbose }

// message adds a message to the hash, and to the story if that is verbose.
// what is called only then.
func (t *trace) message(at time.Duration, from, to *host, data []byte, what func() string) {
	t.mix(uint64(at))
	t.mix(uint64(from.num)<<32 | uint64(to.num))
	t.mix(uint64(crc32.Checksum(data, castagnoli)))
	if t.shows() {
		t.out.Write(formatLine(nil, at, from.name, "-> %s: %s", to.name, what()))
	}
}

func formatLine(dst []byte, at time.Duration, who, format string, args ...any) []byte {
	dst = fmt.Appendf(dst, "%12.6f  %-5s  ", at.Seconds(), who)
	return append(fmt.Appendf(dst, format, args...), '\n')
}

// sum returns the hash as it is printed.
func (t *trace) sum() string {
	return fmt.Sprintf("%x", binary.BigEndian.AppendUint64(nil, t.hash))
}
