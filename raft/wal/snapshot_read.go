package wal

import (
	"encoding/binary"
	"fmt"
	"io"

	"praetor/raft"
)

// SnapshotReader reads a snapshot's body. It checks all that it returns: what
// is damaged is a [*CorruptError], never wrong bytes. It may be used by another
// goroutine than the WAL.
type SnapshotReader struct {
	file   File
	name   string
	seed   checksum // of the head
	start  int64    // of the body in the file
	size   int64    // of the body
	offset int64    // of the next Read
	block  []byte   // the block that was read last, with its checksum
	number int64    // of that block, -1 if there is none
}

var (
	_ io.ReadCloser = (*SnapshotReader)(nil)
	_ io.ReaderAt   = (*SnapshotReader)(nil)
)

// OpenSnapshot opens the log's snapshot. The error is ErrNoSnapshot if there is
// none. A snapshot that Compact or a newer one makes superfluous can be read
// to its end.
func (w *WAL) OpenSnapshot() (raft.SnapshotMeta, *SnapshotReader, error) {
	switch {
	case w.err != nil:
		return raft.SnapshotMeta{}, nil, w.err
	case w.state.snap == position{}:
		return raft.SnapshotMeta{}, nil, ErrNoSnapshot
	}
	return openSnapshot(w.disk, w.state.snap)
}

// openSnapshot opens a snapshot and checks all but its body.
func openSnapshot(d Disk, p position) (raft.SnapshotMeta, *SnapshotReader, error) {
	name := snapshotName(p)
	f, err := d.Open(name)
	if err != nil {
		return raft.SnapshotMeta{}, nil, fmt.Errorf("wal: read a snapshot: %w", err)
	}
	r := &SnapshotReader{file: f, name: name, number: -1}
	meta, err := r.readHead()
	if err == nil {
		err = r.readTrailer()
	}
	if err == nil && (position{meta.Index, meta.Term}) != p {
		err = corrupt(name, 0, "it is the snapshot up to index %d of term %d, not that of its name", meta.Index, meta.Term)
	}
	if err != nil {
		f.Close()
		return raft.SnapshotMeta{}, nil, err
	}
	return meta, r, nil
}

// readHead reads and checks what is before the body.
func (r *SnapshotReader) readHead() (raft.SnapshotMeta, error) {
	head := make([]byte, snapshotHead)
	if err := r.read(head, 0); err != nil {
		return raft.SnapshotMeta{}, err
	}
	n := int64(binary.BigEndian.Uint32(head[8:]))
	switch {
	case string(head[:4]) != snapshotMagic:
		return raft.SnapshotMeta{}, corrupt(r.name, 0, "not a snapshot: it begins with %q, not %q", head[:4], snapshotMagic)
	case n > maxMeta:
		return raft.SnapshotMeta{}, corrupt(r.name, 8, "length of the snapshot's meta data is out of bounds")
	}
	r.start = snapshotHead + n + sumSize
	head = make([]byte, r.start)
	if err := r.read(head, 0); err != nil {
		return raft.SnapshotMeta{}, err
	}
	head, sum := head[:snapshotHead+n], binary.BigEndian.Uint32(head[snapshotHead+n:])
	r.seed = sumOf(0, head)
	if checksum(sum) != r.seed {
		return raft.SnapshotMeta{}, corrupt(r.name, 0, "checksum of the snapshot's meta data is wrong")
	}
	if version := binary.BigEndian.Uint32(head[4:]); version != formatVersion {
		return raft.SnapshotMeta{}, corrupt(r.name, 4, "format version %d, but this program reads version %d", version, formatVersion)
	}
	meta, err := decodeMeta(head[snapshotHead:])
	if err != nil {
		err = corrupt(r.name, snapshotHead, "%v", err)
	}
	return meta, err
}

// readTrailer reads and checks what is after the body.
func (r *SnapshotReader) readTrailer() error {
	end, err := r.file.Size()
	if err != nil {
		return fmt.Errorf("wal: read a snapshot: %w", err)
	}
	if end < r.start+snapshotTrailer {
		return corrupt(r.name, end, "snapshot is cut short")
	}
	trailer := make([]byte, snapshotTrailer)
	if err := r.read(trailer, end-snapshotTrailer); err != nil {
		return err
	}
	if checksum(binary.BigEndian.Uint32(trailer[8:])) != sumOf(r.seed, trailer[:8]) {
		return corrupt(r.name, end-snapshotTrailer, "checksum of the snapshot's end is wrong")
	}
	r.size = int64(binary.BigEndian.Uint64(trailer))
	blocks := (r.size + blockSize - 1) / blockSize
	if r.size < 0 || r.size > end || r.start+r.size+blocks*sumSize+snapshotTrailer != end {
		return corrupt(r.name, end-snapshotTrailer, "snapshot's body does not have the %d bytes that it had", r.size)
	}
	return nil
}

// read reads a part of the file that must be there.
func (r *SnapshotReader) read(b []byte, offset int64) error {
	switch n, err := r.file.ReadAt(b, offset); {
	case n == len(b):
		return nil
	case err == io.EOF:
		return corrupt(r.name, offset+int64(n), "snapshot is cut short")
	default:
		return fmt.Errorf("wal: read a snapshot: %w", err)
	}
}

// Size returns the size of the body in bytes.
func (r *SnapshotReader) Size() int64 { return r.size }

// Read reads on in the body.
func (r *SnapshotReader) Read(b []byte) (int, error) {
	n, err := r.readBlock(b, r.offset)
	r.offset += int64(n)
	return n, err
}

// ReadAt reads at an offset of the body.
func (r *SnapshotReader) ReadAt(b []byte, offset int64) (n int, err error) {
	for n < len(b) && err == nil {
		var k int
		k, err = r.readBlock(b[n:], offset+int64(n))
		n += k
	}
	return n, err
}

// readBlock reads at an offset of the body to the end of its block.
func (r *SnapshotReader) readBlock(b []byte, offset int64) (int, error) {
	if offset < 0 || offset >= r.size {
		return 0, io.EOF
	}
	if err := r.load(offset / blockSize); err != nil {
		return 0, err
	}
	return copy(b, r.block[offset%blockSize:len(r.block)-sumSize]), nil
}

// load reads and checks a block, unless it was the last one.
func (r *SnapshotReader) load(number int64) error {
	if number == r.number {
		return nil
	}
	r.number = -1
	n := min(r.size-number*blockSize, blockSize)
	if r.block == nil {
		r.block = make([]byte, 0, min(r.size, blockSize)+sumSize)
	}
	r.block = r.block[:n+sumSize]
	at := r.start + number*(blockSize+sumSize)
	if err := r.read(r.block, at); err != nil {
		return err
	}
	if blockSum(r.seed, uint64(number), r.block[:n]) != checksum(binary.BigEndian.Uint32(r.block[n:])) {
		return corrupt(r.name, at, "checksum of a block of the snapshot is wrong")
	}
	r.number = number
	return nil
}

// Close closes the file.
func (r *SnapshotReader) Close() error { return r.file.Close() }

// verifySnapshot reads a whole snapshot to check it.
func verifySnapshot(d Disk, p position) (raft.SnapshotMeta, error) {
	meta, r, err := openSnapshot(d, p)
	if err != nil {
		return meta, err
	}
	defer r.Close()
	for number := int64(0); number*blockSize < r.size; number++ {
		if err := r.load(number); err != nil {
			return meta, err
		}
	}
	return meta, nil
}
