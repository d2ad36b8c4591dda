package swim

import (
	"fmt"
	"net/netip"
	"time"
)

// Incarnation orders what is said of a member; only the member raises its own
// (swim 4.2).
type Incarnation uint64

// State is what the group believes of a member.
type State uint8

const (
	Alive State = iota
	Suspect
	Dead   // failed: did not answer, and did not refute the suspicion
	Left   // went in good order, or was made to: see ForceLeave
	Pruned // as Left, and by order not to be listed any more
)

// String returns the state in lower case.
func (s State) String() string {
	switch s {
	case Alive:
		return "alive"
	case Suspect:
		return "suspect"
	case Dead:
		return "dead"
	case Left:
		return "left"
	case Pruned:
		return "pruned"
	}
	return fmt.Sprintf("state %d", uint8(s))
}

// Gone reports whether a member in this state is no part of the group and is
// not expected back: Left or Pruned.
func (s State) Gone() bool { return s == Left || s == Pruned }

// Member is one member of the group as this one sees it.
type Member struct {
	Name        string // unique in the group
	ID          string // a UUID; a node that comes back elsewhere under its ID is the same node
	Addr        netip.AddrPort
	Tags        map[string]string // never modified once published
	State       State
	Incarnation Incarnation
	Protocols   Protocols // the versions of the formats that it speaks
}

// Protocols is a range of versions of the formats, both ends included.
type Protocols struct{ Min, Max uint8 }

// spoken is the range that this code speaks.
var spoken = Protocols{MinProtocol, ProtocolVersion}

// Common returns the newest version that both ranges have, and whether there
// is one. Two members speak that to each other.
func (r Protocols) Common(other Protocols) (version uint8, ok bool) {
	version = min(r.Max, other.Max)
	return version, version >= max(r.Min, other.Min)
}

// StreamID names an exchange over a stream that the core asked for.
type StreamID uint64

// Packet is a datagram to send. The data is the driver's.
type Packet struct {
	To   netip.AddrPort
	Data []byte
}

// Stream is an exchange to have: connect to To, send Data as one frame, read
// one frame, and call StreamReply with it, or with the error.
type Stream struct {
	ID   StreamID
	To   netip.AddrPort
	Data []byte
}

// EventKind says what happened to a member.
type EventKind uint8

const (
	Joined   EventKind = iota // became known, or came back from Dead or Left
	Failed                    // was declared dead
	Departed                  // left in good order, was made to, or was pruned
	Updated                   // changed its address or tags
	Reaped                    // was forgotten
	Conflict                  // Member claims the name of another live member; it was not let in
)

// String returns the kind in lower case.
func (k EventKind) String() string {
	switch k {
	case Joined:
		return "joined"
	case Failed:
		return "failed"
	case Departed:
		return "departed"
	case Updated:
		return "updated"
	case Reaped:
		return "reaped"
	case Conflict:
		return "conflict"
	}
	return fmt.Sprintf("event %d", uint8(k))
}

// Event tells of a change in the membership. In a Conflict, Member is the
// newcomer and Other the one that has the name.
type Event struct {
	Kind   EventKind
	Member Member
	Other  Member
}

// JoinResult ends a Join: Err is nil if the address answered and its state
// was merged. A *ConflictError says that this node's own name is taken.
type JoinResult struct {
	Addr netip.AddrPort
	Err  error
}

// A ConflictError says why a node was not let in: another live member, or one
// that failed too recently, has its name. ID and Addr are that member's.
type ConflictError struct {
	Name string
	ID   string
	Addr netip.AddrPort
}

// Error names the member that has the name.
func (e *ConflictError) Error() string {
	return fmt.Sprintf("swim: join as %q: the name belongs to node %s at %v", e.Name, e.ID, e.Addr)
}

// Effects is what the driver must do after an event. Packets may be lost.
type Effects struct {
	Packets    []Packet
	Streams    []Stream
	Events     []Event
	UserEvents []UserEvent // each once, in the order in which they came
	Joins      []JoinResult
	Left       bool // a Leave has been told to enough of the group: the driver may stop
}

// TraceEvent tells of one step that a reader of a trace wants to see.
type TraceEvent struct {
	At   time.Duration
	Node string
	What string // one line, plain words
}
