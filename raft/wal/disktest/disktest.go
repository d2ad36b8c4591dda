// Package disktest is the conformance suite of wal.Disk: what the log relies on
// of the real disk and the simulated one must give, each promise a subtest.
//
//	func TestConformance(t *testing.T) {
//		disktest.Test(t, func(t *testing.T) wal.Disk { return disk.New() })
//	}
//
// What is durable after a crash is not in it: only a disk that can crash on
// demand can be asked. praetor/sim/disk has those tests.
package disktest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"slices"
	"testing"

	"praetor/raft/wal"
)

// Test runs the suite. fresh returns an empty disk for each subtest.
func Test(t *testing.T, fresh func(t *testing.T) wal.Disk) {
	for _, c := range []struct {
		promise string
		test    func(*suite)
	}{
		{"a created file is empty", created},
		{"a name is created once", createdTwice},
		{"a file that is not there cannot be opened, renamed or removed", absent},
		{"a name cannot lead out of the directory", separators},
		{"what was written is read", written},
		{"a write past the end leaves zeros between", gap},
		{"a read past the end is io.EOF", pastEnd},
		{"preallocation adds zeros and keeps what is there", preallocated},
		{"preallocation never makes a file shorter", neverShorter},
		{"all open files of a name are the same", shared},
		{"a renamed file keeps its bytes and its open files", renamed},
		{"a rename replaces", replaced},
		{"a removed file can be read while it is open", removed},
		{"the list is sorted and complete", listed},
		{"a closed file is of no more use", closed},
	} {
		t.Run(c.promise, func(t *testing.T) { c.test(&suite{T: t, disk: fresh(t)}) })
	}
}

// suite is one test and its disk; its methods fail the test on an error.
type suite struct {
	*testing.T
	disk wal.Disk
}

func (s *suite) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(err, want error) {
	s.Helper()
	if !errors.Is(err, want) {
		s.Errorf("got error %v, want %v", err, want)
	}
}

// create makes a file with the content and leaves it open.
func (s *suite) create(name, content string) wal.File {
	s.Helper()
	f, err := s.disk.Create(name)
	s.ok(err)
	s.Cleanup(func() { f.Close() })
	_, err = f.WriteAt([]byte(content), 0)
	s.ok(err)
	return f
}

// holds checks the size and the bytes of a file.
func (s *suite) holds(f wal.File, want string) {
	s.Helper()
	size, err := f.Size()
	s.ok(err)
	b := make([]byte, size)
	if n, err := f.ReadAt(b, 0); n != len(b) || err != nil && err != io.EOF {
		s.Errorf("read %d of %d bytes: %v", n, len(b), err)
	}
	if string(b) != want {
		s.Errorf("file holds %q, want %q", b, want)
	}
}

// named checks what a file holds by its name.
func (s *suite) named(name, want string) {
	s.Helper()
	f, err := s.disk.Open(name)
	s.ok(err)
	defer f.Close()
	s.holds(f, want)
}

func created(s *suite) { s.holds(s.create("a", ""), "") }

func createdTwice(s *suite) {
	s.create("a", "one")
	_, err := s.disk.Create("a")
	s.is(err, fs.ErrExist)
	s.named("a", "one")
}

func absent(s *suite) {
	_, err := s.disk.Open("a")
	s.is(err, fs.ErrNotExist)
	s.is(s.disk.Rename("a", "b"), fs.ErrNotExist)
	s.is(s.disk.Remove("a"), fs.ErrNotExist)
}

func separators(s *suite) {
	for _, name := range []string{"", ".", "..", "../a", "a/b", "/a"} {
		if _, err := s.disk.Create(name); err == nil {
			s.Errorf("created %q", name)
		}
	}
}

func written(s *suite) {
	f := s.create("a", "hello world")
	_, err := f.WriteAt([]byte("W"), 6)
	s.ok(err)
	s.holds(f, "hello World")
	s.ok(f.Sync())
	s.ok(s.disk.SyncDir())
	s.named("a", "hello World")
}

func gap(s *suite) {
	f := s.create("a", "x")
	_, err := f.WriteAt([]byte("y"), 3)
	s.ok(err)
	s.holds(f, "x\x00\x00y")
}

func pastEnd(s *suite) {
	f := s.create("a", "abc")
	b := make([]byte, 4)
	n, err := f.ReadAt(b, 1)
	if n != 2 || !bytes.Equal(b[:n], []byte("bc")) {
		s.Errorf("read %q", b[:n])
	}
	s.is(err, io.EOF)
	n, err = f.ReadAt(b, 10)
	if n != 0 {
		s.Errorf("read %q", b[:n])
	}
	s.is(err, io.EOF)
}

func preallocated(s *suite) {
	f := s.create("a", "ab")
	s.ok(f.Preallocate(5))
	s.holds(f, "ab\x00\x00\x00")
}

func neverShorter(s *suite) {
	f := s.create("a", "abc")
	s.ok(f.Preallocate(2))
	s.holds(f, "abc")
}

func shared(s *suite) {
	f := s.create("a", "abc")
	g, err := s.disk.Open("a")
	s.ok(err)
	defer g.Close()
	_, err = g.WriteAt([]byte("B"), 1)
	s.ok(err)
	s.holds(f, "aBc")
}

func renamed(s *suite) {
	f := s.create("a", "abc")
	s.ok(s.disk.Rename("a", "b"))
	_, err := f.WriteAt([]byte("B"), 1)
	s.ok(err)
	s.named("b", "aBc")
	_, err = s.disk.Open("a")
	s.is(err, fs.ErrNotExist)
}

func replaced(s *suite) {
	s.create("a", "new")
	s.create("b", "old")
	s.ok(s.disk.Rename("a", "b"))
	s.named("b", "new")
}

func removed(s *suite) {
	f := s.create("a", "abc")
	s.ok(s.disk.Remove("a"))
	s.holds(f, "abc")
	_, err := s.disk.Open("a")
	s.is(err, fs.ErrNotExist)
}

func listed(s *suite) {
	for _, name := range []string{"c", "a", "b", "d"} {
		s.create(name, "")
	}
	s.ok(s.disk.Remove("b"))
	s.ok(s.disk.Rename("d", "0"))
	names, err := s.disk.List()
	s.ok(err)
	if want := []string{"0", "a", "c"}; !slices.Equal(names, want) {
		s.Errorf("list is %q, want %q", names, want)
	}
}

func closed(s *suite) {
	f := s.create("a", "abc")
	s.ok(f.Close())
	_, err := f.WriteAt([]byte("x"), 0)
	s.is(err, fs.ErrClosed)
	_, err = f.ReadAt(make([]byte, 1), 0)
	s.is(err, fs.ErrClosed)
	s.is(f.Sync(), fs.ErrClosed)
}
