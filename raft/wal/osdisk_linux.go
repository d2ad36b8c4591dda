package wal

import (
	"errors"
	"os"
	"syscall"
)

// datasync is fdatasync: it leaves out the times in the inode, which would be
// a second write to the disk, but not the size.
func datasync(f *os.File) error {
	return control(f, "fdatasync", syscall.Fdatasync)
}

// allocate extends the file by n zero bytes at the offset.
func allocate(f *os.File, offset, n int64) error {
	err := control(f, "fallocate", func(fd int) error { return syscall.Fallocate(fd, 0, offset, n) })
	if errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) {
		return writeZeros(f, offset, n)
	}
	return err
}

// lock keeps other processes from the directory for as long as it is open.
func lock(dir *os.File) error {
	return control(dir, "flock", func(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) })
}

// control runs a system call on an open file, again if a signal interrupts it.
func control(f *os.File, name string, call func(fd int) error) error {
	conn, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var callErr error
	err = conn.Control(func(fd uintptr) {
		for {
			if callErr = call(int(fd)); callErr != syscall.EINTR {
				return
			}
		}
	})
	if err != nil { // the only reason is that the file is closed
		return &os.PathError{Op: name, Path: f.Name(), Err: os.ErrClosed}
	}
	if callErr != nil {
		return &os.PathError{Op: name, Path: f.Name(), Err: callErr}
	}
	return nil
}
