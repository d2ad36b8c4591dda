package raft

import (
	"fmt"
	"math"
	"time"

	"praetor/internal/wire"
)

// codecVersion is the first byte of a message and of a configuration.
const codecVersion = 1

// Limits of what a decoder takes. No message that a core sends is longer than
// MaxMessageBytes.
const (
	MaxEntryBytes   = 8 << 20 // the data of one entry
	MaxSnapshotPart = 4 << 20 // the data of one SnapshotPart
	MaxMessageBytes = MaxEntryBytes + 1<<20
)

// The second byte of a message says what its body is.
const (
	kindVoteRequest = iota + 1
	kindVoteResponse
	kindAppendRequest
	kindAppendAccept
	kindAppendReject
	kindHeartbeat
	kindHeartbeatAck
	kindSnapshotPart
	kindSnapshotAck
	kindTimeoutNow
	kindReadRequest
	kindReadResponse
	kindStaleTerm
)

// AppendMessage appends the encoding of m to dst; see the package comment for
// the format. It panics on a Body that is none of this package's.
func AppendMessage(dst []byte, m Message) []byte {
	dst = append(dst, codecVersion, 0)
	kind := len(dst) - 1
	dst = wire.AppendString(dst, string(m.From))
	dst = wire.AppendString(dst, string(m.To))
	dst = wire.AppendUvarint(dst, uint64(m.Cluster))
	dst = wire.AppendUvarint(dst, uint64(m.Term))
	switch b := m.Body.(type) {
	case VoteRequest:
		dst[kind] = kindVoteRequest
		dst = appendUvarints(dst, uint64(b.LastIndex), uint64(b.LastTerm))
		dst = wire.AppendBool(wire.AppendBool(dst, b.Pre), b.Transfer)
	case VoteResponse:
		dst[kind] = kindVoteResponse
		dst = wire.AppendBool(wire.AppendBool(dst, b.Pre), b.Granted)
	case AppendRequest:
		dst[kind] = kindAppendRequest
		dst = appendAppendRequest(dst, b)
	case AppendAccept:
		dst[kind] = kindAppendAccept
		dst = appendUvarints(dst, uint64(b.Match))
	case AppendReject:
		dst[kind] = kindAppendReject
		dst = appendUvarints(dst, uint64(b.PrevIndex), uint64(b.HintTerm), uint64(b.HintIndex))
	case Heartbeat:
		dst[kind] = kindHeartbeat
		dst = appendUvarints(dst, b.Round, uint64(b.SentAt), uint64(b.Commit))
	case HeartbeatAck:
		dst[kind] = kindHeartbeatAck
		dst = appendUvarints(dst, b.Round, uint64(b.SentAt))
	case SnapshotPart:
		dst[kind] = kindSnapshotPart
		dst = AppendSnapshotMeta(dst, b.Meta)
		dst = wire.AppendBool(appendUvarints(dst, b.Offset), b.Last)
		dst = wire.AppendBytes(dst, b.Data)
	case SnapshotAck:
		dst[kind] = kindSnapshotAck
		dst = appendUvarints(dst, uint64(b.Index), b.Received)
	case TimeoutNow:
		dst[kind] = kindTimeoutNow
	case ReadRequest:
		dst[kind] = kindReadRequest
		dst = appendUvarints(dst, b.Seq, uint64(b.Mode))
	case ReadResponse:
		dst[kind] = kindReadResponse
		dst = wire.AppendBool(appendUvarints(dst, b.Seq, uint64(b.Index)), b.OK)
	case StaleTerm:
		dst[kind] = kindStaleTerm
	default:
		panic(fmt.Sprintf("raft: encode message: unknown body %T", m.Body))
	}
	return dst
}

func appendUvarints(dst []byte, vs ...uint64) []byte {
	for _, v := range vs {
		dst = wire.AppendUvarint(dst, v)
	}
	return dst
}

// DecodeMessage is the reverse of AppendMessage. The data of entries and of a
// snapshot's part shares memory with b, which must not be used for anything
// else afterwards. It takes only what a correct server can have sent.
func DecodeMessage(b []byte) (Message, error) {
	r := wire.NewReader(b)
	readVersion(r)
	kind := r.Byte()
	m := Message{From: NodeID(r.String(maxIDBytes)), To: NodeID(r.String(maxIDBytes))}
	m.Cluster, m.Term = ClusterID(r.Uvarint()), Term(r.Uvarint())
	m.Body = readBody(r, kind, m.Term)
	if err := r.Close(); err != nil {
		return Message{}, fmt.Errorf("raft: decode message of kind %d: %w", kind, err)
	}
	return m, nil
}

func readBody(r *wire.Reader, kind byte, term Term) Body {
	switch kind {
	case kindVoteRequest:
		return VoteRequest{LastIndex: readIndex(r), LastTerm: readTerm(r), Pre: r.Bool(), Transfer: r.Bool()}
	case kindVoteResponse:
		return VoteResponse{Pre: r.Bool(), Granted: r.Bool()}
	case kindAppendRequest:
		return readAppendRequest(r, term)
	case kindAppendAccept:
		return AppendAccept{Match: readIndex(r)}
	case kindAppendReject:
		return AppendReject{PrevIndex: readIndex(r), HintTerm: readTerm(r), HintIndex: readIndex(r)}
	case kindHeartbeat:
		return Heartbeat{Round: r.Uvarint(), SentAt: readTime(r), Commit: readIndex(r)}
	case kindHeartbeatAck:
		return HeartbeatAck{Round: r.Uvarint(), SentAt: readTime(r)}
	case kindSnapshotPart:
		b := SnapshotPart{Meta: ReadSnapshotMeta(r), Offset: r.Uvarint(), Last: r.Bool(), Data: r.Bytes(MaxSnapshotPart)}
		if b.Meta.Term > term {
			r.Fail(fmt.Errorf("%w: snapshot of term %d in term %d", wire.ErrValue, b.Meta.Term, term))
		}
		return b
	case kindSnapshotAck:
		return SnapshotAck{Index: readIndex(r), Received: r.Uvarint()}
	case kindTimeoutNow:
		return TimeoutNow{}
	case kindReadRequest:
		b := ReadRequest{Seq: r.Uvarint(), Mode: ReadMode(min(r.Uvarint(), math.MaxUint8))}
		if b.Mode > ReadLease {
			r.Fail(fmt.Errorf("%w: read mode %d", wire.ErrValue, b.Mode))
		}
		return b
	case kindReadResponse:
		return ReadResponse{Seq: r.Uvarint(), Index: readIndex(r), OK: r.Bool()}
	case kindStaleTerm:
		return StaleTerm{}
	}
	r.Fail(fmt.Errorf("%w: unknown kind of message", wire.ErrValue))
	return nil
}

// appendAppendRequest writes the entries without what follows from their
// places: the index, and the part of the term that is the one before's.
func appendAppendRequest(dst []byte, b AppendRequest) []byte {
	dst = appendUvarints(dst, uint64(b.PrevIndex), uint64(b.PrevTerm), uint64(b.Commit), uint64(len(b.Entries)))
	term := b.PrevTerm
	for _, e := range b.Entries {
		dst = append(dst, byte(e.Kind))
		dst = wire.AppendUvarint(dst, uint64(e.Term-term))
		dst = wire.AppendBytes(dst, e.Data)
		term = e.Term
	}
	return dst
}

func readAppendRequest(r *wire.Reader, messageTerm Term) AppendRequest {
	b := AppendRequest{PrevIndex: readIndex(r), PrevTerm: readTerm(r), Commit: readIndex(r)}
	n := r.Count(3)
	if n == 0 || r.Err() != nil {
		return b
	}
	b.Entries = make([]Entry, n)
	term := b.PrevTerm
	for i := range b.Entries {
		kind := EntryKind(r.Byte())
		term += readTerm(r)
		e := Entry{Index: b.PrevIndex + 1 + Index(i), Term: term, Kind: kind, Data: r.Bytes(MaxEntryBytes)}
		if e.Term > messageTerm {
			r.Fail(fmt.Errorf("%w: entry of term %d in term %d", wire.ErrValue, e.Term, messageTerm))
		}
		checkEntry(r, e)
		if r.Err() != nil {
			break
		}
		b.Entries[i] = e
	}
	return b
}

// AppendEntry appends the encoding of e, as the log on disk holds it:
//
//	+---------+-----------+-----------+------------------+
//	| kind u8 | index uv  | term uv   | data: length, .. |
//	+---------+-----------+-----------+------------------+
func AppendEntry(dst []byte, e Entry) []byte {
	dst = append(dst, byte(e.Kind))
	dst = appendUvarints(dst, uint64(e.Index), uint64(e.Term))
	return wire.AppendBytes(dst, e.Data)
}

// ReadEntry reads what AppendEntry appended. Its data shares the memory that r
// reads from. What makes no sense, such as a configuration that cannot be in
// force, becomes the failure of r.
func ReadEntry(r *wire.Reader) Entry {
	kind := EntryKind(r.Byte())
	e := Entry{Index: readIndex(r), Term: readTerm(r), Kind: kind, Data: r.Bytes(MaxEntryBytes)}
	checkEntry(r, e)
	return e
}

// checkEntry fails r if e is no entry of a log.
func checkEntry(r *wire.Reader, e Entry) {
	switch {
	case r.Err() != nil:
	case e.Kind > EntryConfig || e.Index == 0 || e.Term == 0 || e.Kind == EntryNoop && len(e.Data) > 0:
		r.Fail(fmt.Errorf("%w: entry %d/%d of kind %d", wire.ErrValue, e.Index, e.Term, e.Kind))
	case e.Kind == EntryConfig:
		if _, err := DecodeConfiguration(e.Data); err != nil {
			r.Fail(err)
		}
	}
}

// AppendSnapshotMeta appends the encoding of m:
//
//	+-----------+-----------+------------------------------+
//	| index uv  | term uv   | configuration: length, bytes |
//	+-----------+-----------+------------------------------+
func AppendSnapshotMeta(dst []byte, m SnapshotMeta) []byte {
	dst = appendUvarints(dst, uint64(m.Index), uint64(m.Term))
	return wire.AppendBytes(dst, AppendConfiguration(nil, m.Config))
}

// ReadSnapshotMeta reads what AppendSnapshotMeta appended. What makes no sense
// becomes the failure of r.
func ReadSnapshotMeta(r *wire.Reader) SnapshotMeta {
	m := SnapshotMeta{Index: readIndex(r), Term: readTerm(r)}
	config := r.Bytes(maxPeers * (maxIDBytes + maxAddrBytes + 4))
	if r.Err() != nil {
		return SnapshotMeta{}
	}
	var err error
	if m.Config, err = DecodeConfiguration(config); err != nil {
		r.Fail(err)
	}
	if m.Index == 0 || m.Term == 0 {
		r.Fail(fmt.Errorf("%w: snapshot %d/%d", wire.ErrValue, m.Index, m.Term))
	}
	return m
}

func readVersion(r *wire.Reader) {
	if v := r.Byte(); v != codecVersion {
		r.Fail(fmt.Errorf("%w: version %d", wire.ErrValue, v))
	}
}

// Indexes, terms and times stay below half of what 64 bits hold, so that no
// sum of one with a length can overflow.
func readIndex(r *wire.Reader) Index        { return Index(readHalf(r)) }
func readTerm(r *wire.Reader) Term          { return Term(readHalf(r)) }
func readTime(r *wire.Reader) time.Duration { return time.Duration(readHalf(r)) }

func readHalf(r *wire.Reader) uint64 {
	v := r.Uvarint()
	if v > math.MaxInt64 {
		r.Fail(fmt.Errorf("%w: number %d", wire.ErrValue, v))
		return 0
	}
	return v
}
