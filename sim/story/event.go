package story

import "time"

// Kind says what an event is.
type Kind uint8

// The kinds of events. A message has two: its Send on the sender, and its
// Receive on the receiver or its Drop.
const (
	Other    Kind = iota
	Step          // of the scenario: a fault, or what ends one
	Send          // a message to Peer
	Receive       // the message that Cause sent, from Peer
	Drop          // of the message that Cause sent to Peer; Text says why
	Stall         // of the message that Cause sent: it waits for the link; Text says why
	Tick          // a deadline of the server was due
	Sync          // of the disk: what was written before is durable
	Say           // a line of the server's trace
	Start         // of the server
	Crash         // the power failed
	Stop          // the process ended
	Stand         // for election
	Vote          // for another server
	Lead          // a term
	Yield         // a leadership
	Follow        // a leader
	Truncate      // the log, from About.First
	Append        // to the log, up to About.Last
	Commit        // the log, up to About.Last
	Apply         // the log, up to About.Last
	Snapshot      // taken or restored, at About.Last
	Cut           // of the link to Peer
	Heal          // of the link to Peer
	Ask           // a client's request arrives
	Answer        // to a client's request
	Broken        // a rule was
)

var kindNames = [...]string{
	"other", "step", "send", "receive", "drop", "stall", "tick", "sync", "say", "start", "crash", "stop", "stand", "vote",
	"lead", "yield", "follow", "truncate", "append", "commit", "apply", "snapshot", "cut", "heal", "ask", "answer", "broken",
}

// String returns the kind in one word.
func (k Kind) String() string { return kindNames[k] }

// Event is one thing that happened in a run.
type Event struct {
	ID    int // its number, from 1 in the order in which they happened
	Cause int // the event that brought it about, or 0
	At    time.Duration
	Host  int // on which it happened, or World
	Peer  int // the other host, of a message or a link
	Kind  Kind
	Text  string // on one line, without the time and the host
	About About
	State State // of the host after it
}

// World is the Host of an event that happened on none.
const World = -1

// About is what an event has to do with; what does not apply is zero.
type About struct {
	Term        uint64 // Raft's
	First, Last uint64 // indexes of the log
	Key         string // of a client's request
	Topic       string // of a message: "raft", "heartbeat", "forward", "gossip", "exchange"
	Asked       int    // of an Answer: the number of the Ask
	Failed      bool   // of an Answer: it was not "ok"
}

// State is what a host is.
type State struct {
	Up           bool
	Role         Role
	Term         uint64
	Commit, Last uint64 // indexes of the log
}

// Role is what a server is in Raft (raft 5.1).
type Role uint8

// The roles. A server that asks for pre-votes is a candidate, too.
const (
	Follower Role = iota
	Candidate
	Leader
)

// String returns the role in the paper's word.
func (r Role) String() string { return [...]string{"follower", "candidate", "leader"}[r] }

// Record is all that happened in a run.
type Record struct {
	Hosts  []string // their names; an event has the place in it
	Events []Event  // the event with the number n is at n-1
}

// Event returns the event with the number, which must be one of the record.
func (r *Record) Event(id int) *Event { return &r.Events[id-1] }

// HostName returns the name of a host, or "" for World.
func (r *Record) HostName(host int) string {
	if host == World {
		return ""
	}
	return r.Hosts[host]
}
