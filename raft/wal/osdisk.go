package wal

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// Directory is a [Disk] that is a directory of the operating system.
type Directory struct {
	root *os.Root // names cannot lead out of it
	dir  *os.File // to sync and to lock
}

var _ Disk = (*Directory)(nil)

// OSDisk opens a directory as a [Disk], and makes it if it is not there. No
// other process, nor this one, can open it a second time before Close.
func OSDisk(path string) (*Directory, error) {
	if err := makeDir(path); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	dir, err := os.Open(path)
	if err != nil {
		root.Close()
		return nil, err
	}
	if err := lock(dir); err != nil {
		root.Close()
		dir.Close()
		return nil, fmt.Errorf("another process may be using the directory: %w", err)
	}
	return &Directory{root: root, dir: dir}, nil
}

// makeDir makes the directory and makes its name durable.
func makeDir(path string) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(filepath.Clean(path)))
	if err != nil {
		return err
	}
	defer parent.Close()
	return parent.Sync()
}

// Close releases the directory. Files that are open stay so.
func (d *Directory) Close() error {
	d.root.Close()
	return d.dir.Close()
}

// Create makes an empty file and opens it.
func (d *Directory) Create(name string) (File, error) {
	return d.open(name, os.O_RDWR|os.O_CREATE|os.O_EXCL)
}

// Open opens a file that is there to be read and written.
func (d *Directory) Open(name string) (File, error) { return d.open(name, os.O_RDWR) }

func (d *Directory) open(name string, flag int) (File, error) {
	if filepath.Base(name) != name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	f, err := d.root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

// Rename gives a file another name in one step.
func (d *Directory) Rename(from, to string) error { return d.root.Rename(from, to) }

// Remove deletes a file.
func (d *Directory) Remove(name string) error { return d.root.Remove(name) }

// List returns the names of all files, sorted.
func (d *Directory) List() ([]string, error) {
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// SyncDir makes names durable.
func (d *Directory) SyncDir() error { return d.dir.Sync() }

// osFile is a file of a Directory.
type osFile struct{ *os.File }

// Size returns the file's size in bytes.
func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// Preallocate makes the file at least size bytes long.
func (f osFile) Preallocate(size int64) error {
	have, err := f.Size()
	if err != nil || have >= size {
		return err
	}
	return allocate(f.File, have, size-have)
}

// Sync makes the file's bytes and its size durable.
func (f osFile) Sync() error { return datasync(f.File) }

// writeZeros extends the file by n zero bytes at the offset.
func writeZeros(f *os.File, offset, n int64) error {
	for n > 0 {
		b := zeros[:min(n, int64(len(zeros)))]
		if _, err := f.WriteAt(b, offset); err != nil {
			return err
		}
		offset += int64(len(b))
		n -= int64(len(b))
	}
	return nil
}
