package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
)

// Key is a secret of 16, 24 or 32 bytes: AES-128, AES-192 or AES-256. Make one
// with ParseKey, or of random bytes with NewKey.
type Key struct{ secret string }

// NewKey makes a key of its bytes. The error says how many there must be.
func NewKey(b []byte) (Key, error) {
	switch len(b) {
	case 16, 24, 32:
		return Key{string(b)}, nil
	}
	return Key{}, fmt.Errorf("a key has 16, 24 or 32 bytes, not %d; 'praetor keygen' makes one", len(b))
}

// ParseKey reads a key in base64, as Consul writes it. The error does not
// repeat what it could not read.
func ParseKey(s string) (Key, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return Key{}, fmt.Errorf("a key is written in base64, and this is none; 'praetor keygen' makes one")
	}
	return NewKey(b)
}

// Encode returns the key in base64. It is for the keyring's file, and for who
// asked for a list of the keys; never for a log.
func (k Key) Encode() string { return base64.StdEncoding.EncodeToString([]byte(k.secret)) }

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.secret == "" }

// Format hides the key from all verbs of package fmt.
func (k Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// String hides the key.
func (k Key) String() string {
	if k.IsZero() {
		return "(no key)"
	}
	return fmt.Sprintf("(a key of %d bytes)", len(k.secret))
}

// MarshalText hides the key from JSON and log handlers.
func (k Key) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// cipher returns the block cipher; a Key has a length that fits.
func (k Key) cipher() (cipher.Block, error) { return aes.NewCipher([]byte(k.secret)) }
