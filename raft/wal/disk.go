package wal

import "io"

// Disk is one flat directory of files: all that the log needs of a disk. Names
// hold no separators. [OSDisk] is the real one; praetor/sim/disk simulates one
// that crashes and fails on demand. Both pass praetor/raft/wal/disktest, which
// states the promises as tests.
//
// What is durable, and when, is the point of the interface:
//
//   - a file's bytes and its size: when its Sync returns nil;
//   - a name, be it created, renamed or removed: when SyncDir returns nil.
//
// Before that, a crash may keep any part of it.
//
// An error of a Disk or File says the operation and the name of the file, like
// an *fs.PathError; the log does not repeat them.
//
// Files are used by one goroutine at a time each. The methods of the Disk and
// of different Files may be called by several, if the implementation is for
// more than a single-threaded simulation.
type Disk interface {
	// Create makes an empty file and opens it. It fails with fs.ErrExist if
	// the name is taken.
	Create(name string) (File, error)
	// Open opens a file that is there to be read and written. It fails with
	// fs.ErrNotExist if it is not there.
	Open(name string) (File, error)
	// Rename gives a file another name in one step. A file that had the new
	// name is gone.
	Rename(from, to string) error
	// Remove deletes a file. It fails with fs.ErrNotExist if it is not there.
	Remove(name string) error
	// List returns the names of all files, sorted.
	List() ([]string, error)
	// SyncDir makes all creations, renames and removals so far durable.
	SyncDir() error
}

// File is one open file of a [Disk]. Offsets and sizes are in bytes.
type File interface {
	io.ReaderAt
	io.WriterAt // one write to the disk a call; past the end the file grows
	io.Closer   // does not sync

	Size() (int64, error)
	// Preallocate makes the file at least size bytes long, the new ones zero,
	// and takes the room for them now, so that a write inside of them cannot
	// fail for want of space.
	Preallocate(size int64) error
	// Sync makes all writes so far durable, and the size (fdatasync). After it
	// failed nothing is known about them, and a later Sync that succeeds says
	// nothing about them either.
	Sync() error
}
