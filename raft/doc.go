// Package raft keeps a log the same on several servers (Ongaro & Ousterhout,
// "In Search of an Understandable Consensus Algorithm"; Ongaro's thesis).
package raft
