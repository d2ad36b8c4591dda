package server

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"net/netip"

	"praetor/internal/wire"
	"praetor/raft"
)

// PeerBody is what one server says to another over the server port: exactly
// one of the fields is set.
type PeerBody struct {
	Raft    *raft.Message
	Forward *Forward
	Reply   *Reply
}

// PeerMessage is a message to another server. Addr is where it was last known.
type PeerMessage struct {
	To   raft.NodeID
	Addr netip.AddrPort
	Body PeerBody
}

// The first byte of an encoded PeerBody.
const (
	peerRaft    = 1
	peerForward = 2
	peerReply   = 3
)

// MaxPeerMessage bounds an encoded PeerBody, in bytes.
const MaxPeerMessage = 8 << 20

// The bounds of a Result's parts, in bytes.
const (
	maxErrText    = 4096
	maxResultData = 1 << 20
)

// The checksum in front of each message sees what TCP's does not: that one has
// sixteen bits, and words that were swapped leave it as it was (Stone and
// Partridge, "When the CRC and TCP Checksum Disagree", SIGCOMM 2000). What is
// damaged would become part of the log.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errDamaged is the error of a message whose checksum is wrong.
var errDamaged = errors.New("server: message was damaged on its way")

// AppendPeer appends the encoded form of b. The sum is the CRC-32C of what
// follows it:
//
//	raft:    | sum u32 | 1 | raft message, as package raft writes it                    |
//	forward: | sum u32 | 2 | id uvarint | command                                       |
//	reply:   | sum u32 | 3 | id uvarint | code | index uvarint | ok | error str | data   |
func AppendPeer(dst []byte, b PeerBody) []byte {
	at := len(dst)
	dst = appendBody(append(dst, 0, 0, 0, 0), b)
	binary.BigEndian.PutUint32(dst[at:], crc32.Checksum(dst[at+4:], castagnoli))
	return dst
}

func appendBody(dst []byte, b PeerBody) []byte {
	switch {
	case b.Raft != nil:
		return raft.AppendMessage(append(dst, peerRaft), *b.Raft)
	case b.Forward != nil:
		dst = wire.AppendUvarint(append(dst, peerForward), uint64(b.Forward.ID))
		return append(dst, b.Forward.Cmd...)
	case b.Reply != nil:
		r := b.Reply
		dst = wire.AppendUvarint(append(dst, peerReply), uint64(r.ID))
		dst = wire.AppendUvarint(append(dst, byte(r.Code)), r.Result.Index)
		dst = wire.AppendString(wire.AppendBool(dst, r.Result.OK), r.Result.Err)
		return wire.AppendBytes(dst, r.Result.Data)
	}
	panic("server: encode a peer message without a body")
}

// DecodePeer is the inverse of AppendPeer. The result shares memory with b.
func DecodePeer(b []byte) (PeerBody, error) {
	if len(b) < 4 {
		return PeerBody{}, wire.ErrShort
	}
	sum, b := binary.BigEndian.Uint32(b), b[4:]
	if crc32.Checksum(b, castagnoli) != sum {
		return PeerBody{}, errDamaged
	}
	r := wire.NewReader(b)
	switch kind := r.Byte(); kind {
	case peerRaft:
		m, err := raft.DecodeMessage(b[1:])
		if err != nil {
			return PeerBody{}, err
		}
		return PeerBody{Raft: &m}, nil
	case peerForward:
		f := &Forward{ID: forwardID(r.Uvarint())}
		f.Cmd = r.Take(r.Len())
		return PeerBody{Forward: f}, r.Close()
	case peerReply:
		p := &Reply{ID: forwardID(r.Uvarint()), Code: replyCode(r.Byte())}
		p.Result = Result{Index: r.Uvarint(), OK: r.Bool(), Err: r.String(maxErrText)}
		if data := r.Bytes(maxResultData); len(data) > 0 {
			p.Result.Data = data
		}
		if p.Code >= codeEnd {
			r.Fail(wire.ErrValue)
		}
		return PeerBody{Reply: p}, r.Close()
	}
	r.Fail(wire.ErrValue)
	return PeerBody{}, r.Err()
}

// send addresses a message to another server.
func (s *Server) send(to raft.NodeID, b PeerBody) {
	s.out.Peers = append(s.out.Peers, PeerMessage{To: to, Addr: s.addrOf(to), Body: b})
}

// addrOf finds a server's address: what gossip says, which follows a server
// that moved, else what the configuration says, which is known before any
// gossip has arrived. The zero address means that nothing is known.
func (s *Server) addrOf(id raft.NodeID) netip.AddrPort {
	if a, ok := s.duties.addrs[id]; ok {
		return a
	}
	c := s.raft.Config() // rare: until gossip knows the server
	for _, list := range [][]raft.Peer{c.Voters, c.Learners, c.Outgoing, s.boot.peers} {
		for _, p := range list {
			if p.ID == id {
				a, _ := netip.ParseAddrPort(p.Addr)
				return a
			}
		}
	}
	return netip.AddrPort{}
}
