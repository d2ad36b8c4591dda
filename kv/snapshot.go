package kv

import (
	"bufio"
	"fmt"
	"io"

	"praetor/internal/radix"
	"praetor/internal/wire"
)

// The first frame of a snapshot begins with its magic and its version.
const (
	snapshotMagic   = "kv"
	snapshotVersion = 1
)

// maxFrame bounds a frame of a snapshot: a key, a value, a session and the
// integers beside them.
const (
	maxSession = 64
	maxFrame   = MaxKey + MaxValue + maxSession + 128
)

// Save writes the state to w, in a form that is a function of the state alone.
// It makes many small writes on a buffer of its own.
func (s *State) Save(w io.Writer) error {
	buf := bufio.NewWriter(w)
	s.write(buf)
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("kv: save snapshot: %w", err)
	}
	return nil
}

// write writes all of the state to a writer that keeps its errors to itself.
func (s *State) write(w io.Writer) {
	var frame, payload []byte
	put := func() {
		frame = wire.AppendFrame(frame[:0], payload)
		w.Write(frame)
	}
	payload = append([]byte(snapshotMagic), snapshotVersion)
	payload = wire.AppendUvarint(payload, s.floor)
	payload = wire.AppendUvarint(payload, uint64(s.entries.Len()))
	payload = wire.AppendUvarint(payload, uint64(s.tombs.Len()))
	put()
	for _, e := range s.entries.All("", nil) {
		payload = appendEntry(payload[:0], e)
		put()
	}
	for key, tomb := range s.tombs.All("", nil) {
		payload = wire.AppendString(payload[:0], key)
		payload = wire.AppendUvarint(payload, tomb)
		put()
	}
}

// Load reads what Save wrote, and not a byte more. It makes many small reads:
// give it a buffered reader.
func Load(r io.Reader) (*State, error) {
	l := &loader{src: r, entries: radix.New[*Entry]().Txn(), tombs: radix.New[uint64]().Txn()}
	floor, entries, tombs := l.header()
	for range entries {
		if l.entry(); l.err != nil {
			break
		}
	}
	for range tombs {
		if l.tombstone(floor); l.err != nil {
			break
		}
	}
	if l.err != nil {
		return nil, fmt.Errorf("kv: load snapshot: %w", l.err)
	}
	return &State{entries: l.entries.Commit(), tombs: l.tombs.Commit(), floor: floor}, nil
}

// loader reads a snapshot frame by frame. The first error sticks.
type loader struct {
	src     io.Reader
	buf     []byte
	last    string // the key before, of the same kind
	err     error
	entries *radix.Txn[*Entry]
	tombs   *radix.Txn[uint64]
}

// next reads one frame.
func (l *loader) next() *wire.Reader {
	if l.err == nil {
		l.buf, l.err = wire.ReadFrame(l.src, l.buf, maxFrame)
		if l.err == io.EOF {
			l.err = io.ErrUnexpectedEOF
		}
	}
	if l.err != nil {
		return wire.NewReader(nil)
	}
	return wire.NewReader(l.buf)
}

// done ends a frame.
func (l *loader) done(r *wire.Reader) bool {
	if err := r.Close(); l.err == nil {
		l.err = err
	}
	return l.err == nil
}

func (l *loader) header() (floor, entries, tombs uint64) {
	r := l.next()
	if magic := r.Take(len(snapshotMagic)); string(magic) != snapshotMagic {
		r.Fail(fmt.Errorf("%w: not a kv snapshot", wire.ErrValue))
	}
	if v := r.Byte(); v != snapshotVersion {
		r.Fail(fmt.Errorf("%w: snapshot version %d, want %d", wire.ErrValue, v, snapshotVersion))
	}
	floor, entries, tombs = r.Uvarint(), r.Uvarint(), r.Uvarint()
	if !l.done(r) {
		return 0, 0, 0
	}
	return floor, entries, tombs
}

func (l *loader) entry() {
	r := l.next()
	e := decodeEntry(r)
	if l.done(r) && l.ascending(e.Key) {
		l.entries.Insert(e.Key, e)
	}
}

func (l *loader) tombstone(floor uint64) {
	if l.tombs.Len() == 0 {
		l.last = ""
	}
	r := l.next()
	key, index := r.String(MaxKey), r.Uvarint()
	if _, ok := l.entries.Get(key); ok || index <= floor {
		r.Fail(fmt.Errorf("%w: tombstone of %q at index %d", wire.ErrValue, clip(key), index))
	}
	if l.done(r) && l.ascending(key) {
		l.tombs.Insert(key, index)
	}
}

// ascending notes key and fails if it does not come after the one before.
func (l *loader) ascending(key string) bool {
	if key <= l.last {
		l.err = fmt.Errorf("%w: key %q after %q", wire.ErrValue, clip(key), clip(l.last))
		return false
	}
	l.last = key
	return true
}

func appendEntry(dst []byte, e *Entry) []byte {
	dst = wire.AppendString(dst, e.Key)
	dst = wire.AppendBytes(dst, e.Value)
	dst = wire.AppendUvarint(dst, e.Flags)
	dst = wire.AppendUvarint(dst, e.LockIndex)
	dst = wire.AppendString(dst, e.Session)
	dst = wire.AppendUvarint(dst, e.CreateIndex)
	return wire.AppendUvarint(dst, e.ModifyIndex)
}

func decodeEntry(r *wire.Reader) *Entry {
	return &Entry{
		Key:         r.String(MaxKey),
		Value:       cloneValue(r.Bytes(MaxValue)),
		Flags:       r.Uvarint(),
		LockIndex:   r.Uvarint(),
		Session:     r.String(maxSession),
		CreateIndex: r.Uvarint(),
		ModifyIndex: r.Uvarint(),
	}
}
