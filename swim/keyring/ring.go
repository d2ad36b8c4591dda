package keyring

import (
	"crypto/cipher"
	"errors"
	"fmt"
	"slices"
)

// MaxKeys bounds a ring.
const MaxKeys = 8

// The errors of changing a ring.
var (
	ErrPrimary = errors.New("it is the primary key, which encrypts: use another one first")
	ErrUnknown = errors.New("it is not installed")
	ErrFull    = fmt.Errorf("there are %d keys already: remove one that is not used any more", MaxKeys)
	errEmpty   = errors.New("keyring: no keys")
)

// Ring is an immutable set of keys. The first is the primary: it encrypts.
type Ring struct{ keys []sealer }

// sealer is a key, ready for use.
type sealer struct {
	key  Key
	aead cipher.AEAD
}

// New returns a ring of 1 to MaxKeys keys, of which the first is the primary.
// A key that is there twice counts once.
func New(keys ...Key) (*Ring, error) {
	r := &Ring{}
	for _, k := range keys {
		next, err := r.install(k)
		if err != nil {
			return nil, fmt.Errorf("keyring: %w", err)
		}
		r = next
	}
	if len(r.keys) == 0 {
		return nil, errEmpty
	}
	return r, nil
}

// Keys returns all keys, the primary first.
func (r *Ring) Keys() []Key {
	keys := make([]Key, len(r.keys))
	for i := range r.keys {
		keys[i] = r.keys[i].key
	}
	return keys
}

// Primary returns the key that encrypts.
func (r *Ring) Primary() Key { return r.keys[0].key }

// Has reports whether k is in the ring.
func (r *Ring) Has(k Key) bool { return r.find(k) >= 0 }

func (r *Ring) find(k Key) int {
	return slices.IndexFunc(r.keys, func(s sealer) bool { return s.key == k })
}

// Do returns the ring that a request leads to: r itself if nothing changes. An
// error says why the request is refused.
func (r *Ring) Do(req Request) (*Ring, error) {
	switch req.Op {
	case List:
		return r, nil
	case Install:
		return r.install(req.Key)
	case Use:
		return r.use(req.Key)
	case Remove:
		return r.remove(req.Key)
	}
	return r, fmt.Errorf("operation %d is unknown", req.Op)
}

// install adds a key, which from then on decrypts.
func (r *Ring) install(k Key) (*Ring, error) {
	if r.Has(k) {
		return r, nil
	}
	if len(r.keys) >= MaxKeys {
		return r, ErrFull
	}
	block, err := k.cipher()
	if err != nil {
		return r, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return r, err
	}
	return &Ring{append(slices.Clip(r.keys), sealer{k, aead})}, nil
}

// use makes an installed key the primary.
func (r *Ring) use(k Key) (*Ring, error) {
	i := r.find(k)
	if i < 0 {
		return r, ErrUnknown
	}
	return &Ring{slices.Concat(r.keys[i:i+1], r.keys[:i], r.keys[i+1:])}, nil
}

// remove takes a key out. One that is not there is removed already.
func (r *Ring) remove(k Key) (*Ring, error) {
	switch i := r.find(k); i {
	case -1:
		return r, nil
	case 0:
		return r, ErrPrimary
	default:
		return &Ring{slices.Concat(r.keys[:i], r.keys[i+1:])}, nil
	}
}
