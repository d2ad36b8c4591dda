package wal

import (
	"encoding/binary"
	"fmt"

	"praetor/internal/wire"
	"praetor/raft"
)

// maxName bounds a node's ID and an address, in bytes.
const maxName = 255

// minEntry is the size of the smallest encoded entry, in bytes.
const minEntry = 3

// position names an entry by its index and term. The zero position is before
// the first entry.
type position struct {
	Index raft.Index
	Term  raft.Term
}

// base is the payload of the first record of a segment: what the segments
// before it amount to, so that they can be dropped.
type base struct {
	hard raft.HardState
	next raft.Index // of the entry that the log would have taken next
	snap position   // the newest snapshot
}

func (b base) append(dst []byte) []byte {
	dst = appendHard(dst, b.hard)
	dst = wire.AppendUvarint(dst, uint64(b.next))
	return appendPosition(dst, b.snap)
}

func decodeBase(p []byte) (base, error) {
	r := wire.NewReader(p)
	b := base{hard: readHard(r), next: raft.Index(r.Uvarint()), snap: readPosition(r)}
	if b.next == 0 || b.snap.Index >= b.next {
		r.Fail(fmt.Errorf("%w: next entry %d, snapshot up to %d", wire.ErrValue, b.next, b.snap.Index))
	}
	return b, r.Close()
}

// change is the payload of a kindWrite record: what of a raft.Write must last.
// Its parts take effect in this order, all of them or none.
type change struct {
	hard    *raft.HardState
	snap    *mark
	entries []raft.Entry // replace everything from the first of them on
}

// mark says that the log has a snapshot up to snap now. The server made it of
// its own log if keep: then the entries stay. Otherwise it came from a leader,
// and the log starts anew behind it (raft figure 13, step 7).
type mark struct {
	snap position
	keep bool
}

// bound returns a number of bytes that the encoded change does not exceed.
func (c change) bound() int {
	n := 2*maxName + 2*binary.MaxVarintLen64
	for _, e := range c.entries {
		n += len(e.Data) + 2*binary.MaxVarintLen64 + 1
	}
	return n
}

// append appends the change. The indexes of the entries follow from the first.
func (c change) append(dst []byte) []byte {
	dst = wire.AppendBool(dst, c.hard != nil)
	if c.hard != nil {
		dst = appendHard(dst, *c.hard)
	}
	dst = wire.AppendBool(dst, c.snap != nil)
	if c.snap != nil {
		dst = wire.AppendBool(appendPosition(dst, c.snap.snap), c.snap.keep)
	}
	dst = wire.AppendUvarint(dst, uint64(len(c.entries)))
	if len(c.entries) > 0 {
		dst = wire.AppendUvarint(dst, uint64(c.entries[0].Index))
	}
	for _, e := range c.entries {
		dst = wire.AppendUvarint(dst, uint64(e.Term))
		dst = append(dst, byte(e.Kind))
		dst = wire.AppendBytes(dst, e.Data)
	}
	return dst
}

// decodeChange is the inverse of append. The entries' data shares memory with p.
func decodeChange(p []byte) (change, error) {
	var c change
	r := wire.NewReader(p)
	if r.Bool() {
		h := readHard(r)
		c.hard = &h
	}
	if r.Bool() {
		c.snap = &mark{snap: readPosition(r), keep: r.Bool()}
	}
	if n := r.Count(minEntry); n > 0 {
		first := raft.Index(r.Uvarint())
		if first == 0 || first+raft.Index(n) < first {
			r.Fail(fmt.Errorf("%w: entries begin at index %d", wire.ErrValue, first))
		}
		c.entries = make([]raft.Entry, n)
		for i := range c.entries {
			c.entries[i] = readEntry(r, first+raft.Index(i))
		}
	}
	return c, r.Close()
}

func readEntry(r *wire.Reader, index raft.Index) raft.Entry {
	e := raft.Entry{Index: index, Term: raft.Term(r.Uvarint()), Kind: raft.EntryKind(r.Byte())}
	if data := r.Bytes(maxPayload); len(data) > 0 {
		e.Data = data
	}
	return e
}

func appendHard(dst []byte, h raft.HardState) []byte {
	dst = wire.AppendUvarint(dst, uint64(h.Cluster))
	dst = wire.AppendUvarint(dst, uint64(h.Term))
	return wire.AppendString(dst, string(h.Vote))
}

func readHard(r *wire.Reader) raft.HardState {
	return raft.HardState{
		Cluster: raft.ClusterID(r.Uvarint()),
		Term:    raft.Term(r.Uvarint()),
		Vote:    raft.NodeID(r.String(maxName)),
	}
}

func appendPosition(dst []byte, p position) []byte {
	return wire.AppendUvarint(wire.AppendUvarint(dst, uint64(p.Index)), uint64(p.Term))
}

func readPosition(r *wire.Reader) position {
	return position{Index: raft.Index(r.Uvarint()), Term: raft.Term(r.Uvarint())}
}

// appendMeta appends a snapshot's meta data.
func appendMeta(dst []byte, m raft.SnapshotMeta) []byte {
	dst = appendPosition(dst, position{m.Index, m.Term})
	for _, peers := range [][]raft.Peer{m.Config.Voters, m.Config.Learners, m.Config.Outgoing} {
		dst = wire.AppendUvarint(dst, uint64(len(peers)))
		for _, p := range peers {
			dst = wire.AppendString(dst, string(p.ID))
			dst = wire.AppendString(dst, p.Addr)
		}
	}
	return dst
}

// decodeMeta is the inverse of appendMeta.
func decodeMeta(p []byte) (raft.SnapshotMeta, error) {
	r := wire.NewReader(p)
	at := readPosition(r)
	m := raft.SnapshotMeta{Index: at.Index, Term: at.Term}
	for _, peers := range []*[]raft.Peer{&m.Config.Voters, &m.Config.Learners, &m.Config.Outgoing} {
		for range r.Count(2) {
			*peers = append(*peers, raft.Peer{ID: raft.NodeID(r.String(maxName)), Addr: r.String(maxName)})
		}
	}
	return m, r.Close()
}

// checkNames refuses names that the decoders would refuse.
func checkNames(names ...string) error {
	for _, n := range names {
		if len(n) > maxName {
			return fmt.Errorf("name of %d bytes, at most %d: %.40q…", len(n), maxName, n)
		}
	}
	return nil
}
