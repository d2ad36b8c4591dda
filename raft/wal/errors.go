package wal

import (
	"errors"
	"fmt"
)

// The errors of a WAL, next to those of its Disk and [*CorruptError].
var (
	// ErrNoSnapshot: there is none yet.
	ErrNoSnapshot = errors.New("wal: no snapshot")
	// ErrClosed: the WAL was closed.
	ErrClosed = errors.New("wal: closed")
	// ErrOrder: a write or a snapshot does not fit onto the log. It is a
	// mistake of the caller; nothing was changed.
	ErrOrder = errors.New("wal: does not follow the log")
	// ErrTooLarge: a write is larger than a record can be, which is about 256 MiB.
	// Nothing was changed.
	ErrTooLarge = errors.New("wal: write is too large")
)

// CorruptError says that something that was once durable is missing or was
// changed. The log must not be used: what it lost may be an entry or a vote
// that other servers rely on.
type CorruptError struct {
	File   string
	Offset int64 // in bytes from the start of the file
	Reason string
}

// Error names the file, the offset, the reason, and what the operator can do.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("wal: %s is damaged at offset %d: %s; "+
		"to repair, remove this server from the cluster, wipe its data directory and let it join again "+
		"as a new server, which fetches the log from the others; never do this to a majority of the servers",
		e.File, e.Offset, e.Reason)
}

// Repair is one thing that Open found and put right, for a line in the log of
// the program. None of them lost anything that Sync had returned for.
type Repair struct {
	File   string
	Offset int64
	What   string
}

// String returns the repair as "file at offset: what".
func (r Repair) String() string { return fmt.Sprintf("%s at offset %d: %s", r.File, r.Offset, r.What) }
