package raft

import (
	"fmt"
	"strings"
	"time"
)

// Message is what one server says to another. To is never the sender. Term is
// the term that the sender was in when it spoke; of a pre-vote and its answer
// it is the term that the candidate would campaign in.
type Message struct {
	From, To NodeID
	Cluster  ClusterID
	Term     Term
	Body     Body
}

// Body is one of the message types of this package.
type Body interface{ body() }

// VoteRequest asks for a vote (raft 5.2). With Pre it asks only whether the
// vote would be given (thesis 9.6). With Transfer the old leader itself wants
// this election, so that a voter need not stand by it (thesis 3.10, 4.2.3).
type VoteRequest struct {
	LastIndex Index
	LastTerm  Term
	Pre       bool
	Transfer  bool
}

// VoteResponse answers a VoteRequest.
type VoteResponse struct {
	Pre     bool
	Granted bool
}

// AppendRequest replicates entries that follow the one at PrevIndex (raft
// 5.3). With no entries it asks whether the logs agree up to PrevIndex, and
// tells how far the log is committed.
type AppendRequest struct {
	PrevIndex Index
	PrevTerm  Term
	Commit    Index
	Entries   []Entry
}

// AppendAccept says that the sender's log agrees with the leader's up to
// Match, and that all of it up to there is durable.
type AppendAccept struct{ Match Index }

// AppendReject says that the sender has no entry at PrevIndex of the term that
// the leader named. HintTerm is the term of the entry that it has there, and
// HintIndex the first index of that term in its log (raft 5.3). If its log is
// too short, HintTerm is 0 and HintIndex the index behind its last entry.
type AppendReject struct {
	PrevIndex Index
	HintTerm  Term
	HintIndex Index
}

// Heartbeat keeps the leader's followers. Round numbers the leader's rounds of
// heartbeats in its term, SentAt is the leader's clock; both come back in the
// HeartbeatAck. Commit is at most what the follower has acknowledged.
type Heartbeat struct {
	Round  uint64
	SentAt time.Duration
	Commit Index
}

// HeartbeatAck answers a Heartbeat: at the time when it was received, the
// sender knew of no newer leader.
type HeartbeatAck struct {
	Round  uint64
	SentAt time.Duration
}

// SnapshotPart is a piece of a snapshot, at Offset in its bytes (raft 7). Last
// marks the final one.
type SnapshotPart struct {
	Meta   SnapshotMeta
	Offset uint64
	Data   []byte
	Last   bool
}

// SnapshotAck says how much of the snapshot at Index the sender holds, without
// a gap. The last part is answered by an AppendAccept instead.
type SnapshotAck struct {
	Index    Index
	Received uint64
}

// TimeoutNow makes the receiver campaign at once (thesis 3.10).
type TimeoutNow struct{}

// ReadRequest asks the leader for a read index (thesis 6.4). Seq is the
// asker's name for the batch of reads that waits for it.
type ReadRequest struct {
	Seq  uint64
	Mode ReadMode
}

// ReadResponse answers a ReadRequest. OK is false if the sender does not lead.
type ReadResponse struct {
	Seq   uint64
	Index Index
	OK    bool
}

// StaleTerm answers a request of an older term, so that its sender learns the
// newer one from Message.Term (raft 5.1).
type StaleTerm struct{}

func (VoteRequest) body()   {}
func (VoteResponse) body()  {}
func (AppendRequest) body() {}
func (AppendAccept) body()  {}
func (AppendReject) body()  {}
func (Heartbeat) body()     {}
func (HeartbeatAck) body()  {}
func (SnapshotPart) body()  {}
func (SnapshotAck) body()   {}
func (TimeoutNow) body()    {}
func (ReadRequest) body()   {}
func (ReadResponse) body()  {}
func (StaleTerm) body()     {}

// String returns the message on one line, as traces and golden scripts show it.
func (m Message) String() string {
	return fmt.Sprintf("%s->%s term %d %v", m.From, m.To, m.Term, m.Body)
}

// String returns "vote? last 4/2", "pre-vote? ..." or "transfer-vote? ...".
func (b VoteRequest) String() string {
	kind := "vote?"
	switch {
	case b.Pre:
		kind = "pre-vote?"
	case b.Transfer:
		kind = "transfer-vote?"
	}
	return fmt.Sprintf("%s last %d/%d", kind, b.LastIndex, b.LastTerm)
}

// String returns "vote yes" or "pre-vote no".
func (b VoteResponse) String() string {
	kind, answer := "vote", "no"
	if b.Pre {
		kind = "pre-vote"
	}
	if b.Granted {
		answer = "yes"
	}
	return kind + " " + answer
}

// String returns "append after 4/2 commit 3: 5/2 x, 6/2 y".
func (b AppendRequest) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "append after %d/%d commit %d", b.PrevIndex, b.PrevTerm, b.Commit)
	for i, e := range b.Entries {
		s.WriteString([]string{", ", ": "}[min(1, max(0, 1-i))])
		s.WriteString(e.String())
	}
	return s.String()
}

// String returns "match 5".
func (b AppendAccept) String() string { return fmt.Sprintf("match %d", b.Match) }

// String returns "no 4, have term 2 from 3" or "no 9, have nothing from 5".
func (b AppendReject) String() string {
	if b.HintTerm == 0 {
		return fmt.Sprintf("no %d, have nothing from %d", b.PrevIndex, b.HintIndex)
	}
	return fmt.Sprintf("no %d, have term %d from %d", b.PrevIndex, b.HintTerm, b.HintIndex)
}

// String returns "heartbeat 3 commit 5".
func (b Heartbeat) String() string { return fmt.Sprintf("heartbeat %d commit %d", b.Round, b.Commit) }

// String returns "heartbeat-ack 3".
func (b HeartbeatAck) String() string { return fmt.Sprintf("heartbeat-ack %d", b.Round) }

// String returns "snapshot 9/3 bytes 0..100" and " end" for the last part.
func (b SnapshotPart) String() string {
	s := fmt.Sprintf("snapshot %d/%d bytes %d..%d", b.Meta.Index, b.Meta.Term, b.Offset, b.Offset+uint64(len(b.Data)))
	if b.Last {
		s += " end"
	}
	return s
}

// String returns "snapshot-ack 9 has 100".
func (b SnapshotAck) String() string {
	return fmt.Sprintf("snapshot-ack %d has %d", b.Index, b.Received)
}

// String returns "timeout-now".
func (TimeoutNow) String() string { return "timeout-now" }

// String returns "read?" or "lease-read?".
func (b ReadRequest) String() string {
	if b.Mode == ReadLease {
		return "lease-read?"
	}
	return "read?"
}

// String returns "read at 5" or "read refused".
func (b ReadResponse) String() string {
	if !b.OK {
		return "read refused"
	}
	return fmt.Sprintf("read at %d", b.Index)
}

// String returns "stale term".
func (StaleTerm) String() string { return "stale term" }

// String returns "5/2 x": index, term and data; "noop" or the configuration
// for entries of the other kinds.
func (e Entry) String() string {
	what := string(e.Data)
	switch e.Kind {
	case EntryNoop:
		what = "noop"
	case EntryConfig:
		c, err := DecodeConfiguration(e.Data)
		if what = c.String(); err != nil {
			what = err.Error()
		}
	}
	return fmt.Sprintf("%d/%d %s", e.Index, e.Term, what)
}
