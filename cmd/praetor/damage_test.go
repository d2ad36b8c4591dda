package main

import (
	"bytes"
	bin "encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// lone writes 50 keys to a server, kills it, and returns it with its data
// directory.
func lone(t *testing.T) (p *process, dir string) {
	t.Helper()
	ip := loopback(t, 1)[0]
	dir = t.TempDir()
	p = start(t, ip, "-server", "-bootstrap", "-node=lone", "-bind="+ip, "-client="+ip, "-data-dir="+dir).ready()
	for i := range 50 {
		p.must(200, "PUT", fmt.Sprintf("/v1/kv/k%02d", i), strings.Repeat("v", 100))
	}
	p.kill()
	return p, dir
}

// startOnCopy starts the server again on a copy of its data directory, in which
// the newest segment of the log was changed, and returns that segment's path.
func startOnCopy(t *testing.T, p *process, dir string, change func([]byte) []byte) (*process, string) {
	t.Helper()
	file, b := segment(t, dir)
	ours := t.TempDir()
	if err := os.CopyFS(ours, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(ours, "raft", filepath.Base(file))
	if err := os.WriteFile(file, change(b), 0o600); err != nil {
		t.Fatal(err)
	}
	args := slices.Clone(p.args)
	args[slices.Index(args, "-data-dir="+dir)] = "-data-dir=" + ours
	return start(t, p.ip, args...), file
}

// segment returns the path and the bytes of the newest segment of a log.
func segment(t *testing.T, dir string) (string, []byte) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "raft", "*.wal"))
	if len(files) == 0 {
		t.Fatalf("no segment in %s", dir)
	}
	file := slices.Max(files)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return file, b
}

// lastRecord returns where the last record of a segment begins, and where its
// payload ends. Records begin at multiples of 32 with the length of what
// follows their header of 32 bytes; see the documentation of praetor/raft/wal.
func lastRecord(b []byte) (from, to int) {
	for at := 32; at+32 <= len(b); at = (to + 31) &^ 31 {
		n := int(bin.BigEndian.Uint32(b[at:]))
		if n == 0 {
			break
		}
		from, to = at, at+32+n
	}
	return from, to
}

var keyName = regexp.MustCompile(`k\d\d`)

// TestServerWithATornTailStarts does to the newest file of the log what a crash
// may do, or somebody who tries what happens.
func TestServerWithATornTailStarts(t *testing.T) {
	p, dir := lone(t)
	_, whole := segment(t, dir)
	from, end := lastRecord(whole)
	next := (end + 31) &^ 31
	garbage := bytes.Repeat([]byte("garbage!"), 625)
	middle := (from + end) / 2
	for _, c := range []struct {
		name  string
		bytes []byte
		lost  []byte // records
	}{
		{"1 byte is cut off", whole[:len(whole)-1], nil},
		{"7 bytes are cut off", whole[:len(whole)-7], nil},
		{"100 bytes are cut off", whole[:len(whole)-100], nil},
		{"all zeros are cut off", whole[:end], nil},
		{"the last record is cut in two", whole[:middle], whole[from:end]},
		{"37 bytes of garbage at the end of the file", slices.Concat(whole, garbage[:37]), nil},
		{"5000 bytes of garbage at the end of the file", slices.Concat(whole, garbage), nil},
		{"37 bytes of garbage behind the last byte", slices.Concat(whole[:end], garbage[:37]), nil},
		{"5000 bytes of garbage where the next record goes", slices.Concat(whole[:next], garbage), nil},
		{"100 bytes of garbage in the zeros", slices.Concat(whole[:next], garbage[:100], whole[next+100:]), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, _ := startOnCopy(t, p, dir, func([]byte) []byte { return c.bytes })
			p.ready()
			keys := get[[]string](p, "/v1/kv/?keys")
			if want := 50 - len(keyName.FindAll(c.lost, -1)); len(keys) != want {
				t.Errorf("%d keys are there, want %d", len(keys), want)
			}
			if !strings.Contains(p.out.String(), "repaired") {
				t.Error("the repair is not in the log")
			}
			p.must(200, "PUT", "/v1/kv/later", "it goes on")
			p.kill()
			p.run()
			p.ready()
			p.must(200, "GET", "/v1/kv/later", "")
			if strings.Contains(p.out.String(), "repaired") {
				t.Error("the next start repairs something again")
			}
		})
	}
}

func TestServerWithADamagedLogRefusesAndSaysWhatToDo(t *testing.T) {
	p, dir := lone(t)
	_, whole := segment(t, dir)
	_, end := lastRecord(whole)
	if end <= len(whole)/2 {
		t.Fatalf("only %d of %d bytes are used", end, len(whole))
	}
	for name, at := range map[string]int{
		"at 1/4 of what is used":    end / 4,
		"at 3/4 of what is used":    end * 3 / 4,
		"in the middle of the file": len(whole) / 2,
	} {
		t.Run(name, func(t *testing.T) {
			p, file := startOnCopy(t, p, dir, func(b []byte) []byte { b[at] ^= 0x40; return b })
			if code := p.exit(10 * time.Second); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			out := p.out.String()
			for _, want := range []string{filepath.Base(file), "offset", "data directory"} {
				if !strings.Contains(out, want) {
					t.Errorf("the refusal does not say %q:\n%s", want, out)
				}
			}
			sameLog(t, dir, filepath.Dir(filepath.Dir(file)), file, at)
		})
	}
}

// sameLog checks that the log in two data directories differs by nothing but
// the flipped bit.
func sameLog(t *testing.T, dir, other, file string, at int) {
	t.Helper()
	want, _ := filepath.Glob(filepath.Join(dir, "raft", "*"))
	got, _ := filepath.Glob(filepath.Join(other, "raft", "*"))
	if len(want) != len(got) {
		t.Errorf("the refusal left %v of %v", got, want)
		return
	}
	for i := range want {
		a, _ := os.ReadFile(want[i])
		b, _ := os.ReadFile(got[i])
		if got[i] == file {
			b[at] ^= 0x40
		}
		if filepath.Base(got[i]) != filepath.Base(want[i]) || !bytes.Equal(a, b) {
			t.Errorf("the refusal changed %s", got[i])
		}
	}
}
