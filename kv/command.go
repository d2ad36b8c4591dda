package kv

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"praetor/internal/wire"
)

// What is wrong with a command; the errors of Validate and DecodeCommand wrap
// one of these or one of package wire's.
var (
	ErrInvalid  = errors.New("invalid command")
	ErrTooLarge = errors.New("too large")
)

// commandVersion is the first byte of an encoded command. A server refuses
// versions that it does not know rather than guess: replicas must not differ.
const commandVersion = 1

// Validate returns an error that wraps ErrInvalid or ErrTooLarge if the
// command may not be applied, whatever the state.
func (c Command) Validate() error {
	switch {
	case c.Op > opMax:
		return fmt.Errorf("kv: %w: unknown operation %d", ErrInvalid, c.Op)
	case c.Op == OpReap:
		return nil
	case c.Op == OpDeleteTree: // any prefix, also the empty one
		if len(c.Key) > MaxKey {
			return fmt.Errorf("kv: prefix %q: %w: %d bytes, at most %d", clip(c.Key), ErrTooLarge, len(c.Key), MaxKey)
		}
		return nil
	case len(c.Value) > MaxValue:
		return fmt.Errorf("kv: value of key %q: %w: %d bytes, at most %d", clip(c.Key), ErrTooLarge, len(c.Value), MaxValue)
	}
	return ValidateKey(c.Key)
}

// ValidateKey returns an error that wraps ErrInvalid or ErrTooLarge unless key
// can name an entry: 1 to MaxKey bytes of UTF-8, without control characters,
// and without the path segments "." and "..", which proxies and clients on the
// way would resolve to another key.
func ValidateKey(key string) error {
	switch {
	case key == "":
		return fmt.Errorf("kv: key: %w: it is empty", ErrInvalid)
	case len(key) > MaxKey:
		return fmt.Errorf("kv: key %q: %w: %d bytes, at most %d", clip(key), ErrTooLarge, len(key), MaxKey)
	case !utf8.ValidString(key):
		return fmt.Errorf("kv: key %q: %w: it is not UTF-8", clip(key), ErrInvalid)
	case strings.ContainsFunc(key, unicode.IsControl):
		return fmt.Errorf("kv: key %q: %w: it has a control character", clip(key), ErrInvalid)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("kv: key %q: %w: %q is no path segment", clip(key), ErrInvalid, segment)
		}
	}
	return nil
}

// clip shortens a key for a message.
func clip(key string) string {
	const most = 64
	if len(key) <= most {
		return key
	}
	return key[:most] + "..."
}

// AppendCommand appends the encoded form of c.
func AppendCommand(dst []byte, c Command) []byte {
	dst = append(dst, commandVersion, byte(c.Op))
	dst = wire.AppendString(dst, c.Key)
	dst = wire.AppendBytes(dst, c.Value)
	dst = wire.AppendUvarint(dst, c.Flags)
	return wire.AppendUvarint(dst, c.CAS)
}

// DecodeCommand is the inverse of AppendCommand. The command's Value shares
// memory with b. It checks bounds, and Apply the rest.
func DecodeCommand(b []byte) (Command, error) {
	r := wire.NewReader(b)
	if v := r.Byte(); v != commandVersion {
		r.Fail(fmt.Errorf("%w: version %d, want %d", wire.ErrValue, v, commandVersion))
	}
	c := Command{Op: Op(r.Byte())}
	if c.Op > opMax {
		r.Fail(fmt.Errorf("%w: unknown operation %d", wire.ErrValue, c.Op))
	}
	c.Key = r.String(MaxKey)
	c.Value = r.Bytes(MaxValue)
	c.Flags = r.Uvarint()
	c.CAS = r.Uvarint()
	if err := r.Close(); err != nil {
		return Command{}, fmt.Errorf("kv: decode command: %w", err)
	}
	return c, nil
}
