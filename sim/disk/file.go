package disk

import (
	"io"
	"io/fs"
	"slices"

	"praetor/raft/wal"
)

// inode is a file, whatever it is called.
type inode struct {
	id      int
	name    string  // the last one, also after it was removed
	view    []byte  // as programs see it
	durable []byte  // as of the last Sync
	pending []write // since then
}

// write is a write that is not durable yet. Without data it is a
// preallocation: the file becomes at least offset long.
type write struct {
	offset int64
	data   []byte
}

// apply carries the write out on the content of a file.
func (w write) apply(b []byte) []byte {
	if end := int(w.offset) + len(w.data); end > len(b) {
		b = append(b, make([]byte, end-len(b))...)
	}
	copy(b[w.offset:], w.data)
	return b
}

// file is an open file.
type file struct {
	disk     *Disk
	node     *inode
	lifetime int
	closed   bool
}

var _ wal.File = (*file)(nil)

// usable fails if the file was closed, or opened before the last crash.
func (f *file) usable(k OpKind) error {
	if f.closed || f.lifetime != f.disk.lifetime {
		return &fs.PathError{Op: k.String(), Path: f.node.name, Err: fs.ErrClosed}
	}
	return nil
}

// begin asks whether the operation can begin.
func (f *file) begin(op Op) (Fault, error) {
	if err := f.usable(op.Kind); err != nil {
		return Fault{}, err
	}
	return f.disk.begin(op)
}

// ReadAt reads what was written, be it durable or not.
func (f *file) ReadAt(b []byte, offset int64) (int, error) {
	fault, err := f.begin(Op{Kind: OpRead, File: f.node.name, Offset: offset, Length: int64(len(b))})
	if err != nil {
		return 0, err
	}
	if offset >= int64(len(f.node.view)) {
		return 0, io.EOF
	}
	if fault.Kind == Rot {
		f.rot(offset, int64(len(b)), fault.Bit)
	}
	n := copy(b, f.node.view[offset:])
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// rot flips one bit for good in the part of the file that is being read.
func (f *file) rot(offset, length int64, bit uint64) {
	length = min(length, int64(len(f.node.view))-offset)
	if length <= 0 {
		return
	}
	at := offset + int64(bit/8%uint64(length))
	f.node.view[at] ^= 1 << (bit % 8)
	if at < int64(len(f.node.durable)) {
		f.node.durable[at] ^= 1 << (bit % 8)
	}
}

// WriteAt writes; what it wrote is durable after the next Sync.
func (f *file) WriteAt(b []byte, offset int64) (int, error) {
	op := Op{Kind: OpWrite, File: f.node.name, Offset: offset, Length: int64(len(b))}
	if _, err := f.begin(op); err != nil {
		return 0, err
	}
	f.write(write{offset: offset, data: slices.Clone(b)})
	f.disk.done(op)
	return len(b), nil
}

func (f *file) write(w write) {
	f.node.view = w.apply(f.node.view)
	f.node.pending = append(f.node.pending, w)
}

// Preallocate makes the file at least size bytes long.
func (f *file) Preallocate(size int64) error {
	op := Op{Kind: OpPreallocate, File: f.node.name, Length: size}
	if _, err := f.begin(op); err != nil {
		return err
	}
	f.write(write{offset: size})
	f.disk.done(op)
	return nil
}

// Size returns the file's size in bytes.
func (f *file) Size() (int64, error) {
	if err := f.usable(OpRead); err != nil {
		return 0, err
	}
	return int64(len(f.node.view)), nil
}

// Sync makes all writes so far durable. If it fails, they stay visible and are
// lost; see the package comment.
func (f *file) Sync() error {
	op := Op{Kind: OpSync, File: f.node.name}
	if err := f.usable(op.Kind); err != nil {
		return err
	}
	if _, err := f.disk.begin(op); err != nil {
		f.node.pending = nil
		return err
	}
	for _, w := range f.node.pending {
		f.node.durable = w.apply(f.node.durable)
	}
	f.node.pending = nil
	f.disk.done(op)
	return nil
}

// Close closes the file. It makes nothing durable.
func (f *file) Close() error {
	if err := f.usable(OpClose); err != nil {
		return err
	}
	f.closed = true
	return nil
}
