package wal

// FixSums is fixSums, for tests outside of the package.
var FixSums = fixSums
