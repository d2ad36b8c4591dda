package keyring

import (
	"errors"
	"fmt"
	"slices"

	"praetor/internal/wire"
)

const (
	// version begins every sealed message.
	version = 0x81
	// Overhead is how much longer a message gets, in bytes.
	Overhead = headerSize + tagSize

	headerSize = 2 + nonceSize
	nonceSize  = 12
	tagSize    = 16
)

// Nonce is used for one message only, under all keys.
type Nonce [nonceSize]byte

// Kind is what a message is a part of.
type Kind uint8

const (
	Datagram Kind = 'd' // gossip without a reply
	Exchange Kind = 'e' // gossip on a stream: a request, or its reply
	Control  Kind = 'k' // a Request or its Reply
)

// Context is what both sides know of a message without its being sent. A
// message opens only in the context that it was sealed in.
type Context struct {
	Label    string // of the cluster
	Kind     Kind
	Previous Nonce // of the message that this one answers; zero for the first
}

// Why a message does not open.
var (
	ErrClear     = errors.New("it is not encrypted")
	ErrKey       = errors.New("no key of the ring opens it")
	ErrMalformed = errors.New("it is malformed")
)

// additional returns what is authenticated with a message but not sent.
func (c Context) additional() []byte {
	b := append(make([]byte, 0, 2+1+len(c.Label)+nonceSize), version, byte(c.Kind))
	return append(wire.AppendString(b, c.Label), c.Previous[:]...)
}

// IsSealed reports whether a message claims to be encrypted, and its kind.
func IsSealed(b []byte) (kind Kind, sealed bool) {
	if len(b) < 2 || b[0] != version {
		return 0, false
	}
	return Kind(b[1]), true
}

// Seal appends the sealed form of plain, by the primary key. The nonce must
// never have been used before.
func (r *Ring) Seal(dst []byte, c Context, n Nonce, plain []byte) []byte {
	dst = slices.Grow(dst, len(plain)+Overhead)
	dst = append(append(dst, version, byte(c.Kind)), n[:]...)
	return r.keys[0].aead.Seal(dst, n[:], plain, c.additional())
}

// Open authenticates and decrypts a message, by whichever key fits. The error
// is one of those above, with the detail.
func (r *Ring) Open(c Context, b []byte) (plain []byte, n Nonce, err error) {
	kind, sealed := IsSealed(b)
	switch {
	case !sealed:
		return nil, n, ErrClear
	case len(b) < Overhead:
		return nil, n, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	case kind != c.Kind:
		return nil, n, fmt.Errorf("%w: kind %q where %q is expected", ErrMalformed, kind, c.Kind)
	}
	copy(n[:], b[2:])
	additional := c.additional()
	for _, k := range r.keys {
		if plain, err := k.aead.Open(nil, n[:], b[headerSize:], additional); err == nil {
			return plain, n, nil
		}
	}
	return nil, n, ErrKey
}
