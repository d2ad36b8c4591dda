//go:build !linux

package wal

import "os"

// datasync syncs the file.
func datasync(f *os.File) error { return f.Sync() }

// allocate extends the file by n zero bytes at the offset.
func allocate(f *os.File, offset, n int64) error { return writeZeros(f, offset, n) }

// lock does nothing here: that a data directory is used once is up to whoever
// starts the program.
func lock(*os.File) error { return nil }
