package wal

// For tests outside of the package.
var (
	FixSums         = fixSums
	FixSnapshotSums = fixSnapshotSums
)
