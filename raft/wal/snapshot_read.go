package wal

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"

	"praetor/raft"
)

// OpenSnapshot opens the log's snapshot. The reader gives its body; it returns
// a *CorruptError in place of io.EOF if the body is not what was written. The
// error is ErrNoSnapshot if there is none.
func (w *WAL) OpenSnapshot() (raft.SnapshotMeta, io.ReadCloser, error) {
	switch {
	case w.err != nil:
		return raft.SnapshotMeta{}, nil, w.err
	case w.state.snap == position{}:
		return raft.SnapshotMeta{}, nil, ErrNoSnapshot
	}
	meta, r, err := openSnapshot(w.disk, w.state.snap)
	if err != nil {
		return raft.SnapshotMeta{}, nil, err
	}
	return meta, r, nil
}

// snapshotReader reads a snapshot's body and checks it.
type snapshotReader struct {
	file      File
	name      string
	body      *io.SectionReader
	sum, want checksum
}

// openSnapshot opens a snapshot and checks all but its body.
func openSnapshot(d Disk, p position) (raft.SnapshotMeta, *snapshotReader, error) {
	name := snapshotName(p)
	f, err := d.Open(name)
	if err != nil {
		return raft.SnapshotMeta{}, nil, fmt.Errorf("wal: open snapshot %s: %w", name, err)
	}
	meta, r, err := parseSnapshot(f, name)
	if err == nil && (position{meta.Index, meta.Term}) != p {
		err = corrupt(name, 0, "it is the snapshot up to index %d of term %d, not that of its name", meta.Index, meta.Term)
	}
	if err != nil {
		f.Close()
		return raft.SnapshotMeta{}, nil, err
	}
	return meta, r, nil
}

func parseSnapshot(f File, name string) (raft.SnapshotMeta, *snapshotReader, error) {
	var meta raft.SnapshotMeta
	size, err := f.Size()
	if err != nil {
		return meta, nil, fmt.Errorf("wal: size of snapshot %s: %w", name, err)
	}
	const least = snapshotHead + 4 + snapshotTrailer
	if size < least {
		return meta, nil, corrupt(name, size, "snapshot is cut short")
	}
	head := make([]byte, snapshotHead)
	if _, err := f.ReadAt(head, 0); err != nil {
		return meta, nil, fmt.Errorf("wal: read snapshot %s: %w", name, err)
	}
	n := int64(binary.BigEndian.Uint32(head[8:]))
	switch version := binary.BigEndian.Uint32(head[4:]); {
	case string(head[:4]) != snapshotMagic:
		return meta, nil, corrupt(name, 0, "not a snapshot: it begins with %q, not %q", head[:4], snapshotMagic)
	case version != formatVersion:
		return meta, nil, corrupt(name, 4, "format version %d, but this program reads version %d", version, formatVersion)
	case n > maxMeta || n > size-least:
		return meta, nil, corrupt(name, 8, "length of the snapshot's meta data is out of bounds")
	}
	b := make([]byte, snapshotHead+n+4)
	trailer := make([]byte, snapshotTrailer)
	if err := inOrder(
		func() error { _, err := f.ReadAt(b, 0); return err },
		func() error { _, err := f.ReadAt(trailer, size-snapshotTrailer); return notEOF(err) },
	); err != nil {
		return meta, nil, fmt.Errorf("wal: read snapshot %s: %w", name, err)
	}
	length := size - int64(len(b)) - snapshotTrailer
	if got := binary.BigEndian.Uint32(b[snapshotHead+n:]); checksum(got) != sumOf(0, b[:snapshotHead+n]) {
		return meta, nil, corrupt(name, 0, "checksum of the snapshot's meta data is wrong")
	}
	if want := binary.BigEndian.Uint64(trailer); want != uint64(length) {
		return meta, nil, corrupt(name, size-snapshotTrailer, "snapshot's body has %d bytes, but had %d", length, want)
	}
	if meta, err = decodeMeta(b[snapshotHead : snapshotHead+n]); err != nil {
		return meta, nil, corrupt(name, snapshotHead, "%v", err)
	}
	return meta, &snapshotReader{
		file: f, name: name,
		body: io.NewSectionReader(f, int64(len(b)), length),
		want: checksum(binary.BigEndian.Uint32(trailer[8:])),
	}, nil
}

// notEOF drops the io.EOF that may come with the last bytes of a file.
func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// Read reads from the body.
func (r *snapshotReader) Read(b []byte) (int, error) {
	n, err := r.body.Read(b)
	r.sum = sumOf(r.sum, b[:n])
	if err == io.EOF && r.sum != r.want {
		return n, corrupt(r.name, 0, "checksum of the snapshot's body is wrong")
	}
	return n, err
}

// Close closes the file.
func (r *snapshotReader) Close() error { return r.file.Close() }

// verifySnapshot reads a whole snapshot to check it.
func verifySnapshot(d Disk, p position) (raft.SnapshotMeta, error) {
	meta, r, err := openSnapshot(d, p)
	if err != nil {
		return meta, err
	}
	defer r.Close()
	_, err = bufio.NewReaderSize(r, int(min(r.body.Size(), snapshotBuffer))).WriteTo(io.Discard)
	return meta, err
}
