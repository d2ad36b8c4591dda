package kv

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"praetor/internal/wire"
)

var sample = Command{Op: OpCAS, Key: "a/b", Value: []byte("v"), Flags: 1 << 63, CAS: 300}

func TestCommandHasTheFormatOfThePackageComment(t *testing.T) {
	want := "\x01\x01\x03a/b\x01v" + "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01" + "\xac\x02"
	if got := AppendCommand(nil, sample); string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got, err := DecodeCommand([]byte(want))
	if err != nil || !cmp.Equal(got, sample) {
		t.Errorf("decoded %+v, %v", got, err)
	}
}

func TestDecodeCommandRefuses(t *testing.T) {
	good := AppendCommand(nil, sample)
	long := AppendCommand(nil, Command{Op: OpSet, Key: strings.Repeat("k", MaxKey+1)})
	large := AppendCommand(nil, Command{Op: OpSet, Key: "k", Value: make([]byte, MaxValue+1)})
	for _, tc := range []struct {
		name string
		in   []byte
		want error
	}{
		{"nothing", nil, wire.ErrShort},
		{"an unknown version", append([]byte{2}, good[1:]...), wire.ErrValue},
		{"an unknown operation", append([]byte{1, 99}, good[2:]...), wire.ErrValue},
		{"a cut command", good[:len(good)-1], wire.ErrShort},
		{"bytes left over", append(good[:len(good):len(good)], 0), wire.ErrTrailing},
		{"a long key", long, wire.ErrTooLong},
		{"a large value", large, wire.ErrTooLong},
	} {
		if _, err := DecodeCommand(tc.in); !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestValidate(t *testing.T) {
	for _, tc := range []struct {
		name string
		c    Command
		want error
	}{
		{"the longest key", Command{Key: strings.Repeat("k", MaxKey)}, nil},
		{"a longer key", Command{Key: strings.Repeat("k", MaxKey+1)}, ErrTooLarge},
		{"the largest value", Command{Key: "k", Value: make([]byte, MaxValue)}, nil},
		{"a larger value", Command{Key: "k", Value: make([]byte, MaxValue+1)}, ErrTooLarge},
		{"no key", Command{}, ErrInvalid},
		{"no UTF-8", Command{Key: "\xff"}, ErrInvalid},
		{"a control character", Command{Key: "a\nb"}, ErrInvalid},
		{"a parent segment", Command{Key: "a/../b"}, ErrInvalid},
		{"a parent segment at the end", Command{Key: "a/.."}, ErrInvalid},
		{"a segment for the same", Command{Key: "./a"}, ErrInvalid},
		{"dots in a segment", Command{Key: "a/...b/.c"}, nil},
		{"a unicode key", Command{Key: "größe/値"}, nil},
		{"the tree of all", Command{Op: OpDeleteTree}, nil},
		{"a prefix that is no key", Command{Op: OpDeleteTree, Key: "a/."}, nil},
		{"a long prefix", Command{Op: OpDeleteTree, Key: strings.Repeat("k", MaxKey+1)}, ErrTooLarge},
		{"a reap", Command{Op: OpReap}, nil},
		{"an unknown operation", Command{Op: 99, Key: "k"}, ErrInvalid},
	} {
		err := tc.c.Validate()
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
		if _, applied := New().Txn().Apply(1, tc.c); (applied == nil) != (err == nil) {
			t.Errorf("%s: Validate says %v, Apply %v", tc.name, err, applied)
		}
	}
}

func TestStateKeepsNothingOfTheMessage(t *testing.T) {
	b := AppendCommand(nil, Command{Op: OpSet, Key: "k", Value: []byte("old")})
	c, _ := DecodeCommand(b)
	txn := New().Txn()
	txn.Apply(1, c)
	copy(b, bytes.Repeat([]byte("x"), len(b)))
	if e, _ := txn.Commit().Get("k", nil); string(e.Value) != "old" {
		t.Errorf("the value became %q with the message's buffer", e.Value)
	}
}

func TestSetLeavesTheLockAlone(t *testing.T) {
	txn := New().Txn()
	txn.put(1, &Entry{Key: "k", LockIndex: 3, Session: "holder", CreateIndex: 1})
	txn.Apply(2, Command{Op: OpSet, Key: "k", Value: []byte("v")})
	want := &Entry{Key: "k", Value: []byte("v"), LockIndex: 3, Session: "holder", CreateIndex: 1, ModifyIndex: 2}
	if got, _ := reload(t, txn.Commit()).Get("k", nil); !cmp.Equal(got, want) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestLoadRefusesADamagedSnapshot(t *testing.T) {
	txn := New().Txn()
	for i, c := range []Command{{Key: "a"}, {Key: "b"}, {Key: "a", Op: OpDelete}} {
		txn.Apply(uint64(i+1), c)
	}
	var b bytes.Buffer
	if err := txn.Commit().Save(&b); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := Load(bytes.NewReader(b.Bytes()[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d bytes: got %v", n, err)
		}
	}
	frames := func(payloads ...string) io.Reader {
		var b []byte
		for _, p := range payloads {
			b = wire.AppendFrame(b, []byte(p))
		}
		return bytes.NewReader(b)
	}
	const entry = "\x01a\x00\x00\x00\x00\x01\x01" // the key a, created and modified at 1
	for name, src := range map[string]io.Reader{
		"another kind of snapshot": frames("cat\x01\x00\x00\x00"),
		"a later version":          frames("kv\x02\x00\x00\x00"),
		"a key twice":              frames("kv\x01\x00\x02\x00", entry, entry),
		"an entry with tombstone":  frames("kv\x01\x00\x01\x01", entry, "\x01a\x02"),
		"a tombstone of the floor": frames("kv\x01\x05\x00\x01", "\x01a\x05"),
		"an endless frame":         strings.NewReader("\xff\xff\xff\xff"),
	} {
		if _, err := Load(src); !errors.Is(err, wire.ErrValue) && !errors.Is(err, wire.ErrTooLong) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := Load(frames("kv\x01\x00\x01\x00", entry)); err != nil {
		t.Errorf("the frames of this test do not load: %v", err)
	}
}

func FuzzDecodeCommand(f *testing.F) {
	f.Add(AppendCommand(nil, sample))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeCommand(b)
		if err != nil {
			return
		}
		again, err := DecodeCommand(AppendCommand(nil, c))
		if d := cmp.Diff(c, again, cmpopts.EquateEmpty()); err != nil || d != "" {
			t.Fatalf("decoding twice: %v\n%s", err, d)
		}
		New().Txn().Apply(1, c)
	})
}

func FuzzLoad(f *testing.F) {
	txn := New().Txn()
	txn.Apply(1, sample)
	txn.Apply(2, Command{Op: OpSet, Key: "x", Value: []byte("y")})
	txn.Apply(3, Command{Op: OpDelete, Key: "x"})
	var b bytes.Buffer
	txn.Commit().Save(&b)
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Load(bytes.NewReader(b))
		if err != nil {
			return
		}
		s.check(t)
		if again := reload(t, s); again.Hash() != s.Hash() {
			t.Fatal("a state differs from its own snapshot")
		}
	})
}
