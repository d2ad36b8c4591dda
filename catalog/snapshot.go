package catalog

import (
	"bufio"
	"fmt"
	"io"

	"praetor/internal/radix"
	"praetor/internal/wire"
)

// The first frame of a snapshot begins with its magic and its version.
const (
	snapshotMagic   = "catalog"
	snapshotVersion = 2 // 1 has no coordinates
)

// maxKey bounds a folded name with a topic: some letters are longer in lower
// case.
const maxKey = 1 + 2*MaxName

// maxFrame bounds a frame of a snapshot; the largest is a service with every
// map and list full.
const maxFrame = 16*MaxText + (MaxTags+4*MaxMeta)*MaxName + 2*MaxMeta*MaxText

// Save writes the state to w, in a form that is a function of the state alone.
// It makes many small writes on a buffer of its own.
func (s *State) Save(w io.Writer) error {
	buf := bufio.NewWriter(w)
	s.write(buf)
	if err := buf.Flush(); err != nil {
		return fmt.Errorf("catalog: save snapshot: %w", err)
	}
	return nil
}

// write writes all of the state to a writer that keeps its errors to itself.
func (s *State) write(w io.Writer) {
	var frame []byte
	put := func(payload []byte) []byte {
		frame = wire.AppendFrame(frame[:0], payload)
		w.Write(frame)
		return payload[:0]
	}
	p := append([]byte(snapshotMagic), snapshotVersion)
	p = wire.AppendUvarint(p, s.marks.floor)
	for _, n := range []int{s.nodes.Len(), s.services.Len(), s.checks.Len(), s.marks.live.Len(), s.marks.tombs.Len(), s.coordinates.Len()} {
		p = wire.AppendUvarint(p, uint64(n))
	}
	p = put(p)
	for _, n := range s.nodes.All("", nil) {
		p = put(appendIndexes(appendNode(p, n), n.CreateIndex, n.ModifyIndex))
	}
	for k, v := range s.services.All("", nil) {
		p = wire.AppendString(p, k[:len(k)-len(separator)-len(v.ID)])
		p = put(appendIndexes(appendService(p, v), v.CreateIndex, v.ModifyIndex))
	}
	for _, c := range s.checks.All("", nil) {
		p = put(appendIndexes(appendCheck(p, c), c.CreateIndex, c.ModifyIndex))
	}
	for _, c := range s.coordinates.All("", nil) {
		p = put(appendCoordinate(p, c))
	}
	for _, marks := range []radix.Tree[uint64]{s.marks.live, s.marks.tombs} {
		for k, mark := range marks.All("", nil) {
			p = put(wire.AppendUvarint(wire.AppendString(p, k), mark))
		}
	}
}

func appendIndexes(dst []byte, create, modify uint64) []byte {
	return wire.AppendUvarint(wire.AppendUvarint(dst, create), modify)
}

// Load reads what Save wrote, and not a byte more, and builds the views from
// it. It makes many small reads: give it a buffered reader.
func Load(src io.Reader) (*State, error) {
	l := &loader{src: src, txn: New().Txn()}
	h := l.header()
	l.each(h.nodes, l.node)
	l.each(h.services, l.service)
	l.each(h.checks, l.check)
	l.each(h.coordinates, l.coordinate)
	l.txn.settle()
	l.txn.marks = marksTxn{live: radix.New[uint64]().Txn(), tombs: radix.New[uint64]().Txn(), floor: h.floor}
	l.each(h.live, func(r *wire.Reader) { l.mark(r, l.txn.marks.live) })
	l.each(h.tombs, func(r *wire.Reader) { l.mark(r, l.txn.marks.tombs) })
	if l.err != nil {
		return nil, fmt.Errorf("catalog: load snapshot: %w", l.err)
	}
	return l.txn.Commit(), nil
}

// header is the first frame of a snapshot: how many frames of each kind follow.
type header struct {
	floor, nodes, services, checks, live, tombs, coordinates uint64
}

// loader reads a snapshot frame by frame. The first error sticks.
type loader struct {
	src io.Reader
	buf []byte
	err error
	txn *Txn
}

// each reads n frames with decode.
func (l *loader) each(n uint64, decode func(*wire.Reader)) {
	for ; n > 0 && l.err == nil; n-- {
		if l.buf, l.err = wire.ReadFrame(l.src, l.buf, maxFrame); l.err == io.EOF {
			l.err = io.ErrUnexpectedEOF
		}
		if l.err == nil {
			r := wire.NewReader(l.buf)
			decode(r)
			l.err = r.Close()
		}
	}
}

func (l *loader) header() (h header) {
	l.each(1, func(r *wire.Reader) {
		if magic := r.Take(len(snapshotMagic)); string(magic) != snapshotMagic {
			r.Fail(fmt.Errorf("%w: not a catalog snapshot", wire.ErrValue))
		}
		v := r.Byte()
		if v < 1 || v > snapshotVersion {
			r.Fail(fmt.Errorf("%w: snapshot version %d, want %d", wire.ErrValue, v, snapshotVersion))
		}
		h = header{floor: r.Uvarint(), nodes: r.Uvarint(), services: r.Uvarint(), checks: r.Uvarint(), live: r.Uvarint(), tombs: r.Uvarint()}
		if v > 1 {
			h.coordinates = r.Uvarint()
		}
	})
	return h
}

func (l *loader) node(r *wire.Reader) {
	n := decodeNode(r)
	n.CreateIndex, n.ModifyIndex = r.Uvarint(), r.Uvarint()
	_, known := l.txn.nodes.Get(fold(n.Node))
	_, taken := l.txn.ids.Get(fold(n.ID))
	l.refuse(r, known || taken, n.validate())
	if r.Err() == nil {
		l.txn.putNode(&n)
	}
}

func (l *loader) service(r *wire.Reader) {
	node, s := r.String(maxKey), decodeService(r)
	s.CreateIndex, s.ModifyIndex = r.Uvarint(), r.Uvarint()
	_, orphan := l.txn.nodes.Get(node)
	_, known := l.txn.services.Get(key(node, s.ID))
	l.refuse(r, !orphan || known, s.validate())
	if r.Err() == nil {
		l.txn.putService(node, &s)
	}
}

func (l *loader) check(r *wire.Reader) {
	c := decodeCheck(r)
	c.CreateIndex, c.ModifyIndex = r.Uvarint(), r.Uvarint()
	node := fold(c.Node)
	n, ok := l.txn.nodes.Get(node)
	_, known := l.txn.checks.Get(key(node, c.CheckID))
	l.refuse(r, !ok || n.Node != c.Node || known, c.validate())
	if c.ServiceID != "" {
		s, ok := l.txn.services.Get(key(node, c.ServiceID))
		if l.refuse(r, !ok, nil); ok {
			c.ServiceName, c.ServiceTags = s.Service, s.Tags
		}
	}
	if r.Err() == nil {
		l.txn.putCheck(node, &c)
	}
}

func (l *loader) coordinate(r *wire.Reader) {
	c := decodeCoordinate(r)
	node := fold(c.Node)
	n, ok := l.txn.nodes.Get(node)
	_, known := l.txn.coordinates.Get(node)
	l.refuse(r, !ok || n.Node != c.Node || known, nil)
	if r.Err() == nil {
		l.txn.putCoordinate(node, &c)
	}
}

func (l *loader) mark(r *wire.Reader, marks *radix.Txn[uint64]) {
	k, mark := r.String(maxKey), r.Uvarint()
	l.refuse(r, k == "", nil)
	if r.Err() == nil {
		marks.Insert(k, mark)
	}
}

// refuse fails r if the row is of something unknown, or there twice, or not
// valid.
func (l *loader) refuse(r *wire.Reader, misplaced bool, invalid error) {
	if misplaced {
		r.Fail(fmt.Errorf("%w: a row is double or belongs to nothing", wire.ErrValue))
	}
	if invalid != nil {
		r.Fail(invalid)
	}
}
