package wal

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"praetor/raft"
)

func TestChangesComeBack(t *testing.T) {
	for _, c := range []change{
		{},
		{hard: &raft.HardState{Cluster: 1, Term: 1 << 63, Vote: "n1"}},
		{snap: &mark{snap: position{7, 2}, keep: true}},
		{entries: []raft.Entry{{Index: 5, Term: 1, Kind: raft.EntryNoop}, {Index: 6, Term: 2, Kind: raft.EntryConfig, Data: []byte("x")}}},
		{hard: &raft.HardState{}, snap: &mark{}, entries: []raft.Entry{{Index: 1}}},
	} {
		got, err := decodeChange(c.append(nil))
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("got %+v, %v; want %+v", got, err, c)
		}
	}
}

// tornOracle says slowly what isTorn does: can some sectors, and in one of them
// only some first bytes, of an unknown payload have been written onto zeros, so
// that this is there? The end mark, which is not zero, is known.
func tornOracle(payload []byte, start int64) bool {
	missing := func(from, to int) bool { return len(bytes.Trim(payload[from:to], "\x00")) == 0 }
	if payload[len(payload)-1] == 0 {
		return true
	}
	for i := 0; i < len(payload); {
		next := min(i+int(sector-(start+int64(i))%sector), len(payload))
		ownSector := (start+int64(i))/sector != (start-1)/sector
		if ownSector && missing(i, next) {
			return true
		}
		i = next
	}
	return false
}

func TestTornIsWhatALossOfSectorsOrOfTheEndExplains(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	torn := 0
	for range 5000 {
		start := int64(align * (1 + rng.IntN(40)))
		payload := bytes.Repeat([]byte{1}, 1+rng.IntN(2000))
		for range rng.IntN(3) {
			from := rng.IntN(len(payload))
			clear(payload[from:min(from+rng.IntN(1200), len(payload))])
		}
		want := tornOracle(payload, start)
		if got := isTorn(payload, start); got != want {
			t.Fatalf("isTorn(%d bytes at %d) = %v, want %v", len(payload), start, got, want)
		}
		if want {
			torn++
		}
	}
	if torn < 500 || torn > 4500 {
		t.Errorf("%d of 5000 were torn: the test does not test much", torn)
	}
}

// What is torn off a record in front of it leaves a torn record, never a
// damaged one or another whole one.
func TestEveryFrontOfARecordIsTorn(t *testing.T) {
	c := change{entries: []raft.Entry{{Index: 1, Term: 1, Data: bytes.Repeat([]byte("data"), 300)}}}
	b, _ := finishRecord(c.append(append([]byte(nil), recordHead[:]...)), kindWrite, place{seed: 1, prev: 2, offset: 96})
	segment := make([]byte, 4096)
	size := len(bytes.TrimRight(b, "\x00"))
	for n := 1; n < size; n++ {
		clear(segment)
		copy(segment[96:], b[:n])
		want := torn
		if isZero(b[:n]) {
			want = empty
		}
		if f := parseRecord(segment, 1, 2, 96); f.verdict != want {
			t.Fatalf("%d of %d bytes: verdict %d (%s)", n, size, f.verdict, f.reason)
		}
	}
	copy(segment[96:], b)
	if f := parseRecord(segment, 1, 2, 96); f.verdict != whole || f.record.next != 96+int64(len(b)) {
		t.Errorf("whole record: verdict %d (%s)", f.verdict, f.reason)
	}
}

func TestARecordElsewhereIsDamage(t *testing.T) {
	b, _ := finishRecord(change{}.append(append([]byte(nil), recordHead[:]...)), kindWrite, place{seed: 1, prev: 2, offset: 96})
	segment := make([]byte, 512)
	copy(segment[96:], b)
	copy(segment[256:], b)
	for _, c := range []struct {
		name       string
		seed, prev checksum
		offset     int64
	}{
		{"another place", 1, 2, 256},
		{"another segment", 9, 2, 96},
		{"after another record", 1, 9, 96},
	} {
		if f := parseRecord(segment, c.seed, c.prev, c.offset); f.verdict != damaged {
			t.Errorf("%s: verdict %d", c.name, f.verdict)
		}
	}
}

func TestTooLargeAWriteChangesNothing(t *testing.T) {
	d, err := OSDisk(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	w, _, err := Open(d, Options{SegmentSize: 4096})
	if err != nil {
		t.Fatal(err)
	}
	before := w.state
	huge := make([]byte, maxPayload/2)
	if err := w.Append(raft.Write{Entries: []raft.Entry{{Index: 1, Data: huge}, {Index: 2, Data: huge}}}); err == nil || w.err != nil {
		t.Errorf("append: %v, then %v", err, w.err)
	}
	if w.state != before {
		t.Errorf("state is %+v, was %+v", w.state, before)
	}
	if err := w.Append(raft.Write{Entries: []raft.Entry{{Index: 1}}}); err != nil {
		t.Error(err)
	}
}

func TestBoundIsOne(t *testing.T) {
	max := raft.Entry{Index: math.MaxUint64 - 1, Term: math.MaxUint64, Kind: 255, Data: make([]byte, 1<<14)}
	c := change{
		hard:    &raft.HardState{Cluster: math.MaxUint64, Term: math.MaxUint64, Vote: raft.NodeID(make([]byte, maxName))},
		snap:    &mark{snap: position{math.MaxUint64, math.MaxUint64}},
		entries: []raft.Entry{max, max},
	}
	if n := len(c.append(nil)); n > c.bound() {
		t.Errorf("encoded to %d bytes, more than the bound %d", n, c.bound())
	}
}

func FuzzRecord(f *testing.F) {
	c := change{hard: &raft.HardState{Vote: "n1"}, snap: &mark{}, entries: []raft.Entry{{Index: 1, Data: []byte("x")}}}
	f.Add(c.append(nil))
	f.Add(base{next: 1}.append(nil))
	f.Add(appendMeta(nil, raft.SnapshotMeta{Index: 1, Config: raft.Configuration{Voters: []raft.Peer{{ID: "a", Addr: "b"}}}}))
	rec, _ := finishRecord(c.append(append([]byte(nil), recordHead[:]...)), kindWrite, place{})
	f.Add(rec)
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := decodeChange(b); err == nil {
			again, err := decodeChange(c.append(nil))
			if err != nil || !reflect.DeepEqual(again, c) {
				t.Fatalf("%+v comes back as %+v, %v", c, again, err)
			}
		}
		decodeBase(b)
		decodeMeta(b)
		decodeSegmentHeader(b)
		for _, seed := range []checksum{0, 1} {
			if r := parseRecord(b, seed, 0, 0); r.verdict == whole && r.record.next <= 0 {
				t.Fatalf("record ends at %d", r.record.next)
			}
			provenDurable(b, seed, 0)
		}
	})
}

// fixSums makes the checksums of a segment's records and header right again,
// so that the fuzzer gets past them.
func fixSums(b []byte) {
	if len(b) < headerSize {
		return
	}
	seed := sumOf(0, b[:28])
	binary.BigEndian.PutUint32(b[28:], uint32(seed))
	prev := checksum(0)
	for o := headerSize; o+headerSize < len(b); {
		h := b[o:]
		n := int(binary.BigEndian.Uint32(h))
		if n < 1 || n > len(h)-headerSize {
			return
		}
		binary.BigEndian.PutUint32(h[16:], uint32(prev))
		binary.BigEndian.PutUint32(h[20:], uint32(sumOf(0, h[headerSize:headerSize+n])))
		prev = sumOf(seed, h[:24])
		binary.BigEndian.PutUint32(h[24:], uint32(prev))
		o += headerSize + n + padding(n)
	}
}

// fixSnapshotSums makes the checksums of a snapshot's head and end right again.
func fixSnapshotSums(b []byte) {
	if len(b) < snapshotHead+sumSize+snapshotTrailer {
		return
	}
	n := int(binary.BigEndian.Uint32(b[8:]))
	end := b[len(b)-snapshotTrailer:]
	if n < 0 || n > len(b)-snapshotHead-sumSize-snapshotTrailer {
		return
	}
	seed := sumOf(0, b[:snapshotHead+n])
	binary.BigEndian.PutUint32(b[snapshotHead+n:], uint32(seed))
	binary.BigEndian.PutUint32(end[8:], uint32(sumOf(seed, end[:8])))
}
