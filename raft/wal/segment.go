package wal

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"praetor/raft"
)

const (
	segmentMagic   = "PRWL"
	snapshotMagic  = "PRSN"
	formatVersion  = 1
	tempSuffix     = ".tmp"
	maxSegmentSize = 1 << 30 // keeps all offsets, even those after an oversized record, within 32 bits
	firstRoom      = 1 << 10 // preallocated for a new segment; what a server writes at its first start fills half of it
)

// segmentHeader is the start of a segment file. It says how the segment before
// ends, so that whatever follows there, such as a torn record that recovery
// cut off, is not part of the log.
type segmentHeader struct {
	seq     uint64   // 1, 2, 3, …
	size    int64    // beyond which no record shall reach; what the file can grow to
	prevEnd int64    // where the segment before ends; 0 if there was none
	prevSum checksum // of its last record
}

// append appends the header and returns it with its checksum, which seeds those
// of the records: a record is bound to its segment.
func (h segmentHeader) append(dst []byte) ([]byte, checksum) {
	n := len(dst)
	dst = append(dst, segmentMagic...)
	dst = binary.BigEndian.AppendUint32(dst, formatVersion)
	dst = binary.BigEndian.AppendUint64(dst, h.seq)
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.size))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.prevEnd))
	dst = binary.BigEndian.AppendUint32(dst, uint32(h.prevSum))
	sum := sumOf(0, dst[n:])
	return binary.BigEndian.AppendUint32(dst, uint32(sum)), sum
}

// decodeSegmentHeader reads a header, and the seed of the segment's records.
// The error is only a reason.
func decodeSegmentHeader(b []byte) (segmentHeader, checksum, error) {
	if len(b) < headerSize {
		return segmentHeader{}, 0, fmt.Errorf("segment of %d bytes has no room for its header", len(b))
	}
	field := func(i int) uint32 { return binary.BigEndian.Uint32(b[i:]) }
	sum := sumOf(0, b[:headerSize-4])
	switch {
	case string(b[:4]) != segmentMagic:
		return segmentHeader{}, 0, fmt.Errorf("not a segment of a log: it begins with %q, not %q", b[:4], segmentMagic)
	case checksum(field(28)) != sum:
		return segmentHeader{}, 0, fmt.Errorf("checksum of the segment's header is wrong")
	case field(4) != formatVersion:
		return segmentHeader{}, 0, fmt.Errorf("format version %d, but this program reads version %d", field(4), formatVersion)
	case field(16) > maxSegmentSize:
		return segmentHeader{}, 0, fmt.Errorf("size of the segment is out of bounds")
	}
	return segmentHeader{
		seq:     binary.BigEndian.Uint64(b[8:]),
		size:    int64(field(16)),
		prevEnd: int64(field(20)),
		prevSum: checksum(field(24)),
	}, sum, nil
}

// segmentName returns the name of the segment with a number. next is the index
// of the entry that the log would have taken next when it was made; it is there
// for people who look at the directory.
func segmentName(seq uint64, next raft.Index) string {
	return fmt.Sprintf("log-%010d-%020d.wal", seq, next)
}

func parseSegmentName(name string) (seq uint64, next raft.Index, ok bool) {
	a, b, ok := twoNumbers(name, "log-", ".wal")
	return a, raft.Index(b), ok && name == segmentName(a, raft.Index(b))
}

// twoNumbers reads a name of a prefix, a number, "-", a number and a suffix.
func twoNumbers(name, prefix, suffix string) (a, b uint64, ok bool) {
	name, hasPrefix := strings.CutPrefix(name, prefix)
	name, hasSuffix := strings.CutSuffix(name, suffix)
	first, second, hasDash := strings.Cut(name, "-")
	a, errA := strconv.ParseUint(first, 10, 64)
	b, errB := strconv.ParseUint(second, 10, 64)
	return a, b, hasPrefix && hasSuffix && hasDash && errA == nil && errB == nil
}

// snapshotName returns the name of a snapshot's file.
func snapshotName(p position) string { return fmt.Sprintf("snap-%020d-%010d.snap", p.Index, p.Term) }

func parseSnapshotName(name string) (p position, ok bool) {
	a, b, ok := twoNumbers(name, "snap-", ".snap")
	p = position{raft.Index(a), raft.Term(b)}
	return p, ok && name == snapshotName(p)
}

// listing is the content of the directory, sorted. Files with other names are
// not ours and are left alone.
type listing struct {
	segments  []string   // oldest first
	snapshots []position // oldest first
	temps     []string   // left over from a crash
}

func list(d Disk) (listing, error) {
	names, err := d.List()
	if err != nil {
		return listing{}, fmt.Errorf("wal: %w", err)
	}
	var l listing
	for _, n := range names {
		final, isTemp := strings.CutSuffix(n, tempSuffix)
		_, _, isSegment := parseSegmentName(final)
		p, isSnapshot := parseSnapshotName(final)
		switch {
		case isTemp && (isSegment || isSnapshot):
			l.temps = append(l.temps, n)
		case isSegment:
			l.segments = append(l.segments, n)
		case isSnapshot:
			l.snapshots = append(l.snapshots, p)
		}
	}
	slices.SortFunc(l.segments, func(a, b string) int {
		x, _, _ := parseSegmentName(a)
		y, _, _ := parseSegmentName(b)
		return cmp.Compare(x, y)
	})
	slices.SortFunc(l.snapshots, func(a, b position) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Term, b.Term))
	})
	return l, nil
}

// tail is the segment that is being written, and the place of its next record.
type tail struct {
	file  File
	name  string
	seq   uint64
	size  int64 // beyond which no record shall reach
	fresh bool  // it was made just now and holds only its base
	at    place
}

// roomFor returns how long the file of a segment is when its last record ends
// at end: at first firstRoom, then doubled until the record fits, but not beyond
// the segment's size, unless the record itself is. So no more than about half
// of the file is zeros, and how long it must be follows from what it holds.
func roomFor(end, size int64) int64 {
	room := int64(firstRoom)
	for room < end {
		room *= 2
	}
	return max(end, min(room, size))
}

// write writes a finished record at the tail's place. The file grows for it
// first if it must; the Sync that makes the record durable does so with the
// file's size.
func (t *tail) write(rec []byte) error {
	room := roomFor(t.at.offset+int64(len(rec)), t.size)
	if room > roomFor(t.at.offset, t.size) {
		if err := t.file.Preallocate(room); err != nil {
			return err
		}
	}
	_, err := t.file.WriteAt(rec, t.at.offset)
	return err
}

// createSegment makes a segment with its header and its base record, and
// returns once it is durable. It is written under a temporary name, so that a
// segment with its final name is always complete at its beginning.
func createSegment(d Disk, h segmentHeader, b base) (tail, error) {
	name := segmentName(h.seq, b.next)
	temp := name + tempSuffix
	f, err := d.Create(temp)
	if err != nil {
		return tail{}, fmt.Errorf("wal: begin a segment: %w", err)
	}
	buf, seed := h.append(nil)
	rec, sum := finishRecord(b.append(slices.Clone(recordHead[:])), kindBase, place{seed: seed, offset: headerSize, durable: headerSize})
	buf = append(buf, rec...)
	end := int64(len(buf))
	err = inOrder(
		func() error { return f.Preallocate(roomFor(end, h.size)) },
		func() error { _, err := f.WriteAt(buf, 0); return err },
		f.Sync,
		func() error { return d.Rename(temp, name) },
		d.SyncDir,
	)
	if err != nil {
		f.Close()
		return tail{}, fmt.Errorf("wal: begin a segment: %w", err)
	}
	return tail{file: f, name: name, seq: h.seq, size: h.size, fresh: true,
		at: place{seed: seed, prev: sum, offset: end, durable: end}}, nil
}

// inOrder runs the steps until one fails.
func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// readFile reads a file of the disk, at most limit bytes of it.
func readFile(d Disk, name string, limit int64) ([]byte, error) {
	f, err := d.Open(name)
	if err != nil {
		return nil, fmt.Errorf("wal: read a segment: %w", err)
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, fmt.Errorf("wal: read a segment: %w", err)
	}
	b := make([]byte, min(size, limit))
	if n, err := f.ReadAt(b, 0); n < len(b) {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("wal: read a segment: %w", err)
	}
	return b, nil
}
