package keyring

import (
	"fmt"

	"praetor/internal/wire"
)

// Op is what is to be done with a ring.
type Op uint8

const (
	List    Op = iota // tell its keys
	Install           // add a key, which then decrypts
	Use               // make an installed key the primary, which encrypts
	Remove            // take a key out, never the primary
)

// String returns the operation as an operator calls it.
func (o Op) String() string {
	switch o {
	case List:
		return "list"
	case Install:
		return "install"
	case Use:
		return "use"
	case Remove:
		return "remove"
	}
	return fmt.Sprintf("operation %d", uint8(o))
}

// Request asks a member to look at its ring or to change it. Key does not count
// for List.
type Request struct {
	Op  Op
	Key Key
}

// Reply is what a member's ring is after a Request, the primary first. Err says
// why the request was refused; then nothing has changed.
type Reply struct {
	Keys []Key
	Err  string
}

// MaxControl bounds a Request and a Reply in bytes, and maxErr the text in one.
const (
	MaxControl = 2048
	maxErr     = 1024
	maxSecret  = 32
)

// AppendRequest appends the encoded form of a request.
func AppendRequest(dst []byte, q Request) []byte {
	return wire.AppendString(append(dst, byte(q.Op)), q.Key.secret)
}

// DecodeRequest is the inverse of AppendRequest.
func DecodeRequest(b []byte) (Request, error) {
	r := wire.NewReader(b)
	q := Request{Op: Op(r.Byte())}
	secret := r.Bytes(maxSecret)
	if q.Op > Remove || q.Op == List && len(secret) > 0 {
		r.Fail(fmt.Errorf("%w: %v with a key of %d bytes", wire.ErrValue, q.Op, len(secret)))
	}
	if q.Op != List {
		q.Key = decodeKey(r, secret)
	}
	if err := r.Close(); err != nil {
		return Request{}, fmt.Errorf("keyring: decode request: %w", err)
	}
	return q, nil
}

// AppendReply appends the encoded form of a reply; a long error is cut.
func AppendReply(dst []byte, p Reply) []byte {
	dst = wire.AppendString(dst, p.Err[:min(len(p.Err), maxErr)])
	dst = wire.AppendUvarint(dst, uint64(len(p.Keys)))
	for _, k := range p.Keys {
		dst = wire.AppendString(dst, k.secret)
	}
	return dst
}

// DecodeReply is the inverse of AppendReply.
func DecodeReply(b []byte) (Reply, error) {
	r := wire.NewReader(b)
	p := Reply{Err: r.String(maxErr)}
	n := r.Count(1 + 16)
	if n > MaxKeys {
		r.Fail(fmt.Errorf("%w: %d keys, at most %d", wire.ErrTooLong, n, MaxKeys))
	}
	for i := 0; i < n && r.Err() == nil; i++ {
		p.Keys = append(p.Keys, decodeKey(r, r.Bytes(maxSecret)))
	}
	if err := r.Close(); err != nil {
		return Reply{}, fmt.Errorf("keyring: decode reply: %w", err)
	}
	return p, nil
}

func decodeKey(r *wire.Reader, secret []byte) Key {
	k, err := NewKey(secret)
	if err != nil {
		r.Fail(fmt.Errorf("%w: %w", wire.ErrValue, err))
	}
	return k
}
