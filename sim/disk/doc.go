// Package disk simulates the disk beneath a server's log. It does what a real
// one does, and what a real one may do on a bad day: lose in a crash what was
// not synced, whole or in part or out of order, refuse, run full, be slow, rot.
//
//	d := disk.New()
//	w, _, err := wal.Open(d, wal.Options{SegmentSize: 4096})
//	w.Append(…)          // not synced
//	d.Crash(rng)         // power fails; open files are dead
//	w, stored, err := wal.Open(d, wal.Options{SegmentSize: 4096})
//
// # What a crash may leave
//
// Each file has its durable bytes and a list of writes since the last Sync, and
// the directory has its durable names and a list of changes since the last
// SyncDir. In a crash each of these, on its own, survives or not; a write may
// also survive in part, the front of it or some of its sectors:
//
//	durable   AAAAAAAA
//	write 1       BBBBBBBB
//	write 2               CCCC        after a crash, among others:
//
//	AAAAAAAA                          both lost
//	AAAABBBBBBBBCCCC                  both kept
//	AAAABB                            write 1 torn, write 2 lost
//	AAAAAAAA....CCCC                  write 1 lost, write 2 kept, zeros between
//
// [Disk.Crash] draws one of these states; [Disk.CrashStates] gives every one of
// a small history. What is durable never changes in a crash: all that does is
// a fault, and comes from the hook in [Disk.Fault].
//
// # An fsync that fails
//
// After it, reads still give what was written, but it is gone from the list:
// nothing will bring it to the disk, and the next Sync succeeds without it. So
// do Linux file systems, and so the log must not try a second time (Rebello et
// al., "Can Applications Recover from fsync Failures?", ATC 2020).
//
// A Disk is for one goroutine. It has no clock and no randomness of its own:
// the same calls give the same results.
package disk
