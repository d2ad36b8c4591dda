package swim

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"praetor/internal/wire"
)

// The bounds of a user event, in bytes. Consul takes 512 for all of it; here
// only the payload counts against that.
const (
	MaxEventPayload = 512
	MaxEventName    = 128
	MaxEventFilter  = 128 // each of the three
)

// maxEvents is how many user events a Pool remembers, and maxEventsPushed how
// many of those, the newest, go with a push-pull.
const (
	maxEvents       = 512
	maxEventsPushed = 32
)

// maxLamport bounds what is believed of a Lamport time, so that nobody can
// push the clock to its end.
const maxLamport = 1 << 48

// LamportTime orders user events: one that was fired by somebody who had seen
// another has a later time (Lamport, "Time, Clocks, and the Ordering of Events
// in a Distributed System", CACM 1978). Two that knew nothing of each other may
// have the same.
type LamportTime uint64

// EventID tells user events apart. It is random.
type EventID [16]byte

// String writes the ID as a UUID.
func (id EventID) String() string {
	s := hex.EncodeToString(id[:])
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// A UserEvent is a short message to all members: fired by one, and taken in by
// each at most once. It has no promise of order or of arrival.
type UserEvent struct {
	Time    LamportTime // set by Fire
	ID      EventID     // set by Fire
	Name    string      // 1 to MaxEventName bytes
	Payload []byte      // at most MaxEventPayload bytes; never modified once fired
	Filter  EventFilter
}

// EventFilter says whom a user event is for. It travels with the event to
// everybody; who is not meant ignores it. The Pool does not look at it.
type EventFilter struct{ Node, Service, Tag string }

// ErrEventTooLarge says that an event is over one of its bounds.
var ErrEventTooLarge = errors.New("over the bound")

// Fire sends a user event to all members, this one too, and returns it with its
// ID and time. The error wraps ErrEventTooLarge or says that this member leaves.
func (p *Pool) Fire(now time.Duration, e UserEvent) (UserEvent, error) {
	p.at(now)
	if err := e.check(); err != nil {
		return e, err
	}
	if p.departure.begun {
		return e, fmt.Errorf("swim: fire event %q: %w", e.Name, errLeaving)
	}
	e.Time = min(p.events.clock+1, maxLamport)
	for i := range e.ID {
		e.ID[i] = byte(p.cfg.Rand.Uint32())
	}
	p.stats.Events.Fired++
	p.takeEvent(e)
	return e, nil
}

// check returns what is wrong with an event that is to be fired.
func (e *UserEvent) check() error {
	if e.Name == "" {
		return errors.New("swim: fire event: it has no name")
	}
	f := &e.Filter
	for _, part := range []struct {
		what     string
		n, bound int
	}{
		{"name", len(e.Name), MaxEventName}, {"payload", len(e.Payload), MaxEventPayload},
		{"node filter", len(f.Node), MaxEventFilter}, {"service filter", len(f.Service), MaxEventFilter}, {"tag filter", len(f.Tag), MaxEventFilter},
	} {
		if part.n > part.bound {
			return fmt.Errorf("swim: fire event %.40q: its %s has %d bytes, at most %d: %w", e.Name, part.what, part.n, part.bound, ErrEventTooLarge)
		}
	}
	return nil
}

// events is what a Pool knows of user events. The clock and the memory make
// sure that each is taken in at most once, in bounded space:
//
//	        floor                         clock
//	----------|------------------------------|-------> Lamport time
//	too old   |  recent: is it among these?  |  new
//
// When the memory is full, the oldest goes and the floor rises to it.
type events struct {
	clock  LamportTime // the latest time that was seen
	floor  UserEvent   // only its time and ID: this and what is before is not taken in
	recent []UserEvent // by time and ID
	queue  queue
}

// compare orders events by time, and those of one time by ID.
func (e UserEvent) compare(other UserEvent) int {
	return cmp.Or(cmp.Compare(e.Time, other.Time), bytes.Compare(e.ID[:], other.ID[:]))
}

// hearEvent takes in an event of another member, unless it is known or old.
func (p *Pool) hearEvent(e UserEvent) {
	if p.departure.begun {
		return
	}
	if e.compare(p.events.floor) <= 0 {
		p.stats.Events.Old++
		return
	}
	if _, known := slices.BinarySearchFunc(p.events.recent, e, UserEvent.compare); !known {
		p.stats.Events.Heard++
		p.takeEvent(e)
	}
}

// takeEvent takes in a new event, and passes it on.
func (p *Pool) takeEvent(e UserEvent) {
	p.events.remember(e)
	p.out.UserEvents = append(p.out.UserEvents, e)
	p.trace("event %s at Lamport time %d: %d bytes", e.Name, e.Time, len(e.Payload))
	if !p.events.queue.put(string(e.ID[:]), appendEvent(nil, e)) {
		p.stats.Dropped.Full++
	}
	p.gossipSoon()
}

// remember notes an event as known.
func (v *events) remember(e UserEvent) {
	v.clock = max(v.clock, e.Time)
	at, _ := slices.BinarySearchFunc(v.recent, e, UserEvent.compare)
	v.recent = slices.Insert(v.recent, at, e)
	if len(v.recent) > maxEvents {
		v.floor = UserEvent{Time: v.recent[0].Time, ID: v.recent[0].ID}
		v.recent = slices.Delete(v.recent, 0, 1)
	}
}

// skip raises the floor to the clock in a host's answer, for a member that is
// new to the group.
func (v *events) skip(sections []section) {
	for i := range sections {
		if s := &sections[i]; s.kind == kindClock {
			v.floor.Time = max(v.floor.Time, s.clock)
			v.floor.ID = EventID(bytes.Repeat([]byte{0xff}, len(v.floor.ID)))
		}
	}
}

// appendState appends the clock and the newest events, for a push-pull: who was
// cut off gets what it missed.
func (v *events) appendState(dst []byte) []byte {
	if v.clock == 0 {
		return dst
	}
	dst = appendSection(dst, kindClock, wire.AppendUvarint(nil, uint64(v.clock)))
	for _, e := range v.recent[max(0, len(v.recent)-maxEventsPushed):] {
		dst = appendEvent(dst, e)
	}
	return dst
}

// appendEvent appends the section of an event.
func appendEvent(dst []byte, e UserEvent) []byte {
	body := append(wire.AppendUvarint(nil, uint64(e.Time)), e.ID[:]...)
	body = wire.AppendBytes(wire.AppendString(body, e.Name), e.Payload)
	for _, f := range []string{e.Filter.Node, e.Filter.Service, e.Filter.Tag} {
		body = wire.AppendString(body, f)
	}
	return appendSection(dst, kindEvent, body)
}

// decodeEvent reads the body of an event. It shares no memory with the message.
func decodeEvent(r *wire.Reader) UserEvent {
	e := UserEvent{Time: decodeLamport(r)}
	copy(e.ID[:], r.Take(len(e.ID)))
	e.Name = r.String(MaxEventName)
	e.Payload = bytes.Clone(r.Bytes(MaxEventPayload))
	e.Filter = EventFilter{Node: r.String(MaxEventFilter), Service: r.String(MaxEventFilter), Tag: r.String(MaxEventFilter)}
	if e.Name == "" || e.Time == 0 {
		r.Fail(fmt.Errorf("%w: event without a name or a time", wire.ErrValue))
	}
	return e
}

func decodeLamport(r *wire.Reader) LamportTime {
	t := r.Uvarint()
	if t > maxLamport {
		r.Fail(fmt.Errorf("%w: Lamport time %d", wire.ErrValue, t))
	}
	return LamportTime(t)
}
