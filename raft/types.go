package raft

import "time"

// The domain's words. No two bare integers stand side by side in a signature.
type (
	// NodeID names one server for good; it outlives changes of address.
	NodeID string
	// Term numbers an election period (raft 5.1).
	Term uint64
	// Index numbers a place in the log; the first entry has index 1.
	Index uint64
	// ClusterID tells clusters apart. 0 is a server that belongs to none yet;
	// such a server adopts the cluster of the first leader or candidate that
	// it hears, durably, and from then on ignores every other cluster.
	ClusterID uint64
	// WriteID numbers the writes that a core asked for, from 1, in order.
	WriteID uint64
	// ReadID is the caller's own name for a linearizable read it waits for.
	ReadID uint64
)

// EntryKind says what an entry's data is.
type EntryKind uint8

const (
	EntryCommand EntryKind = iota // opaque bytes for the state machine
	EntryNoop                     // the first entry of a leader's term (raft 8)
	EntryConfig                   // an encoded Configuration, used as soon as it is in the log (raft 6)
)

// Entry is one place of the replicated log.
type Entry struct {
	Index Index
	Term  Term
	Kind  EntryKind
	Data  []byte
}

// HardState is what a server must not forget (raft figure 2, persistent state).
type HardState struct {
	Cluster ClusterID
	Term    Term
	Vote    NodeID // whom the server voted for in Term, or ""
}

// Peer is a member of a configuration: its ID and the address that it was
// last known at ("host:port", opaque to the core).
type Peer struct {
	ID   NodeID
	Addr string
}

// Configuration is the set of members that an EntryConfig holds. Outgoing is
// empty but during joint consensus, when a decision needs a majority of
// Voters and a majority of Outgoing (raft 6).
type Configuration struct {
	Voters   []Peer
	Learners []Peer // receive the log, do not vote, do not count
	Outgoing []Peer
}

// SnapshotMeta names a snapshot: the last entry that it covers and the
// configuration as of that entry.
type SnapshotMeta struct {
	Index  Index
	Term   Term
	Config Configuration
}

// Stored is what a server finds on its disk when it starts.
type Stored struct {
	Hard     HardState
	Snapshot SnapshotMeta // zero if there is none
	Entries  []Entry      // contiguous, the first one at most Snapshot.Index+1
}

// A Write is what must become durable, in the order of the IDs. Hard is nil if
// it did not change. Snapshot, if there is one, is the received snapshot whose
// parts were handed out as Effects.SnapshotParts: it becomes the snapshot on
// disk, and the log starts anew behind it. Entries (after that) replace
// everything in the log from the index of the first of them on. All of a Write
// or nothing of it is on disk; once it is, the driver calls Persisted.
type Write struct {
	ID       WriteID
	Hard     *HardState
	Snapshot *SnapshotMeta
	Entries  []Entry
}

// Role is what a server is at the moment (raft 5.1).
type Role uint8

const (
	Follower Role = iota
	PreCandidate
	Candidate
	Leader
)

// String returns the role in the paper's words.
func (r Role) String() string {
	return [...]string{"follower", "pre-candidate", "candidate", "leader"}[r]
}

// ReadMode says how a read makes sure that its answer is not stale.
type ReadMode uint8

const (
	// ReadQuorum confirms the leadership with one heartbeat round (thesis 6.4).
	ReadQuorum ReadMode = iota
	// ReadLease trusts the leader's lease while it holds, and falls back to
	// ReadQuorum when it does not (thesis 6.4.1).
	ReadLease
)

// ReadResult ends a read: once the state machine has applied Index, its state
// is at least as new as every write acknowledged before the read began. Err is
// ErrNotLeader or ErrLeadershipLost.
type ReadResult struct {
	ID    ReadID
	Index Index
	Err   error
}

// Effects is what the driver must do after an event. Any part may be empty.
// Messages may be lost, reordered and delivered twice; they may leave before
// Write is durable, because the core holds back those that depend on it. The
// parts are carried out in the order of the fields, except Messages, which
// wait for nothing.
type Effects struct {
	Messages      []Message
	SnapshotParts []SnapshotPart // to store beside the state, in order; Write.Snapshot completes them
	Write         *Write
	Restore       *SnapshotMeta  // replace the state machine by this received snapshot, before Committed
	Committed     []Entry        // to apply, in order, each exactly once
	Reads         []ReadResult   // answers to Read
	SnapshotReads []SnapshotRead // to answer with SnapshotData
}

// SnapshotRead asks the driver for the bytes of its snapshot from Offset on,
// at most Max of them, to be sent to To. The driver answers with SnapshotData.
type SnapshotRead struct {
	To     NodeID
	Meta   SnapshotMeta
	Offset uint64
	Max    int
}

// TraceEvent tells of one step that a reader of a trace wants to see: "becomes
// leader", "grants vote to n2", "truncates from 7". It has no effect.
type TraceEvent struct {
	At   time.Duration
	Node NodeID
	Term Term
	What string // one line, plain words
}
