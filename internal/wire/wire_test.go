package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
)

func TestReaderGivesBackWhatWasAppended(t *testing.T) {
	var b []byte
	b = AppendUvarint(b, 1<<63)
	b = AppendVarint(b, -5)
	b = AppendBool(b, true)
	b = AppendString(b, "hello")
	b = AppendBytes(b, []byte{1, 2})
	r := NewReader(b)
	if u, v, t1, s, y := r.Uvarint(), r.Varint(), r.Bool(), r.String(5), r.Bytes(2); u != 1<<63 || v != -5 || !t1 || s != "hello" || !bytes.Equal(y, []byte{1, 2}) {
		t.Fatal(u, v, t1, s, y)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestReaderRefuses(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   []byte
		read func(*Reader)
		want error
	}{
		{"short string", []byte{5, 'a'}, func(r *Reader) { r.String(10) }, ErrShort},
		{"long string", []byte{5, 'a', 'b', 'c', 'd', 'e'}, func(r *Reader) { r.String(4) }, ErrTooLong},
		{"empty uvarint", nil, func(r *Reader) { r.Uvarint() }, ErrShort},
		{"overflowing uvarint", bytes.Repeat([]byte{0xff}, 11), func(r *Reader) { r.Uvarint() }, ErrValue},
		{"bool of 2", []byte{2}, func(r *Reader) { r.Bool() }, ErrValue},
		{"count beyond the message", []byte{200, 1, 0}, func(r *Reader) { r.Count(1) }, ErrShort},
		{"bytes left over", []byte{1, 2}, func(r *Reader) { r.Byte() }, ErrTrailing},
		{"take too much", []byte{1, 2}, func(r *Reader) { r.Take(3) }, ErrShort},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := NewReader(tc.in)
			tc.read(r)
			if err := r.Close(); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestFrames(t *testing.T) {
	b := AppendFrame(nil, []byte("one"))
	b = AppendFrame(b, nil)
	src := bytes.NewReader(b)
	for _, want := range []string{"one", ""} {
		got, err := ReadFrame(src, nil, 3)
		if err != nil || string(got) != want {
			t.Fatalf("got %q, %v; want %q", got, err, want)
		}
	}
	if _, err := ReadFrame(src, nil, 3); err != io.EOF {
		t.Errorf("at the end: got %v, want io.EOF", err)
	}
	if _, err := ReadFrame(bytes.NewReader(b), nil, 2); !errors.Is(err, ErrTooLong) {
		t.Errorf("frame over the limit: got %v, want ErrTooLong", err)
	}
	if _, err := ReadFrame(bytes.NewReader(b[:5]), nil, 3); err != io.ErrUnexpectedEOF {
		t.Errorf("cut frame: got %v, want io.ErrUnexpectedEOF", err)
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte{5, 'h', 'e', 'l', 'l', 'o', 1, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := NewReader(b)
		for r.Err() == nil && r.Len() > 0 {
			before := r.Len()
			_ = r.String(64)
			_ = r.Bool()
			_ = r.Varint()
			if n := r.Count(2); n*2 > before {
				t.Fatalf("count %d in %d bytes", n, before)
			}
		}
	})
}
