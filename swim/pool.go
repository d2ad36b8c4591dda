package swim

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"praetor/swim/coordinate"
)

// A Pool is one member's part in the group: its view of the members, and what
// it does to keep that view true. It is not safe for concurrent use.
//
// The driver calls Tick at or after Deadline, hands over what arrives, and
// after each call carries out the Effects. The time that it passes may not go
// backwards; where it does, the Pool stays at the latest time it saw.
type Pool struct {
	cfg  Config
	now  time.Duration // of the call being served
	self *member       // not in the ring

	members  members
	suspects suspects
	queue    queue
	events   events

	detector
	streams
	rivals
	timers    timers
	departure departure

	out   Effects
	stats Stats
	buffers
}

// detector is the failure detector's state.
type detector struct {
	health awareness
	seq    sequence // of the last ping
	probe  *probe   // of the current protocol period, nil once acked
	relays []relay  // pings under way in the place of others
	places *coordinate.Client
}

// streams are the exchanges under way, and what they are for.
type streams struct {
	lastID    StreamID
	exchanges []exchange
	joins     []*join
}

// rivals is what was found of others who use a taken name.
type rivals struct {
	twins     int        // how often this node's own identity was found in use elsewhere
	conflicts []conflict // reported a short while ago
}

// buffers are reused from call to call.
type buffers struct {
	inbox   []section // a datagram, taken apart
	scratch []byte    // a datagram being built
}

// timers are when the periodic duties are next due, or Never.
type timers struct {
	probe, gossip, pushPull, reconnect, reap time.Duration
}

// New returns a Pool of one member, which knows nobody until it joins or is
// joined. The error says which part of the configuration is not acceptable.
func New(now time.Duration, cfg Config) (*Pool, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	tags, err := encodeTags(cfg.Tags)
	if err != nil {
		return nil, err
	}
	p := &Pool{cfg: cfg, now: now}
	p.self = &member{
		description: &description{
			Name: cfg.Name, ID: cfg.ID,
			Addr: netip.AddrPortFrom(cfg.Addr.Addr().Unmap(), cfg.Addr.Port()),
			Tags: decodeTags(tags), Protocols: spoken, tags: tags,
		},
		Incarnation: cfg.Incarnation, changed: now,
	}
	p.queue = newQueue(maxQueue, maxQueueBytes)
	p.events.queue = newQueue(maxEventQueue, maxEventQueueBytes)
	p.members.byName = map[string]*member{cfg.Name: p.self}
	p.members.live = 1
	p.health.max = cfg.AwarenessMax
	p.suspects.due = Never
	p.seq = sequence(cfg.Rand.Uint32())
	p.places = newPlaces(p.seq)
	p.timers = timers{
		probe:     p.later(cfg.ProbeInterval),
		gossip:    Never,
		pushPull:  p.later(cfg.PushPullInterval),
		reconnect: p.later(cfg.ReconnectInterval),
		reap:      Never,
	}
	if cfg.FirstProbe > 0 {
		p.timers.probe = now + cfg.FirstProbe
	}
	return p, nil
}

// at begins the serving of a call at time now.
func (p *Pool) at(now time.Duration) { p.now = max(p.now, now) }

// Deadline returns when Tick must be called next, or Never.
func (p *Pool) Deadline() time.Duration {
	if p.departure.done {
		return Never
	}
	t := &p.timers
	due := min(t.probe, t.gossip, t.pushPull, t.reconnect, t.reap, p.suspects.due, p.departure.deadline())
	if p.probe != nil {
		due = min(due, p.probe.deadline())
	}
	for i := range p.relays {
		due = min(due, p.relays[i].due)
	}
	for i := range p.exchanges {
		due = min(due, p.exchanges[i].due)
	}
	for _, j := range p.joins {
		due = min(due, j.due)
	}
	return due
}

// Tick does what is due at time now. It may be called at any time.
func (p *Pool) Tick(now time.Duration) {
	p.at(now)
	if p.departure.done {
		return
	}
	p.tickStreams()
	p.tickJoins()
	p.tickRelays()
	p.tickProbe()
	p.tickSuspects()
	p.tickGossip()
	p.tickPushPull()
	p.tickReap()
	p.tickLeave()
}

// Packet serves a datagram that arrived from an address. What is malformed or
// not meant for this group is counted and dropped. The Pool does not keep b.
func (p *Pool) Packet(now time.Duration, from netip.AddrPort, b []byte) {
	p.at(now)
	p.stats.Traffic.PacketsIn++
	p.stats.Traffic.BytesIn += uint64(len(b))
	if p.departure.done {
		return
	}
	if len(b) > MaxPacket {
		p.stats.Dropped.Oversized++
		return
	}
	sections, err := p.open(p.inbox[:0], b)
	if err != nil {
		return
	}
	for i := range sections {
		p.section(from, &sections[i])
	}
	clear(sections) // they share memory with b
	p.inbox = sections[:0]
	p.tickLeave()
}

// open takes a message apart and counts it if it has to be dropped.
func (p *Pool) open(dst []section, b []byte) ([]section, error) {
	r, err := openMessage(b, p.cfg.Label)
	if err != nil {
		p.stats.Dropped.count(err)
		return nil, err
	}
	sections, unknown, err := decodeSections(dst, r)
	if err != nil {
		p.stats.Dropped.count(err)
		return nil, err
	}
	p.stats.Dropped.Unknown += uint64(unknown)
	return sections, nil
}

// section serves one section of a datagram. What belongs on a stream only
// does nothing here.
func (p *Pool) section(from netip.AddrPort, s *section) {
	switch s.kind {
	case kindPing:
		p.answerPing(from, &s.probe)
	case kindAck:
		p.locate(from, &s.probe)
		p.ack(s.probe.seq)
	case kindNack:
		p.nack(s.probe.seq)
	case kindPingReq:
		p.relay(from, &s.probe)
	case kindAlive, kindSuspect, kindDead, kindLeft, kindPruned:
		p.hear(s.claim)
	case kindEvent:
		p.hearEvent(*s.event)
	}
}

// send sends a datagram to an address: the control section, if there is one,
// and as many updates as fit beside it: first the news of members, so that no
// storm of user events delays it, and user events in the room that is left. It
// sends nothing if all are empty.
func (p *Pool) send(to netip.AddrPort, control []byte) { p.sendExcept(to, control, "") }

// sendExcept is send without the updates about one member, of which the
// control section speaks itself.
func (p *Pool) sendExcept(to netip.AddrPort, control []byte, except string) {
	b := appendHeader(p.scratch[:0], p.cfg.Label)
	empty := len(b)
	b = append(b, control...)
	b = p.queue.fill(b, p.cfg.PacketSize, p.retransmits(), except)
	b = p.events.queue.fill(b, p.cfg.PacketSize, p.retransmits(), "")
	p.scratch = b
	if len(b) == empty {
		return
	}
	p.stats.Traffic.PacketsOut++
	p.stats.Traffic.BytesOut += uint64(len(b))
	p.out.Packets = append(p.out.Packets, Packet{To: to, Data: slices.Clone(seal(b))})
}

// Effects returns what the driver must do, and forgets it.
func (p *Pool) Effects() Effects {
	e := p.out
	p.out = Effects{}
	return e
}

// HasEffects reports whether Effects would return anything.
func (p *Pool) HasEffects() bool {
	e := &p.out
	return len(e.Packets)+len(e.Streams)+len(e.Events)+len(e.UserEvents)+len(e.Joins) > 0 || e.Left
}

// Members returns everyone that this member knows, itself too, by name, in
// all states.
func (p *Pool) Members() []Member {
	list := make([]Member, 0, len(p.members.ring)+1)
	list = append(list, p.self.public())
	for _, m := range p.members.ring {
		list = append(list, m.public())
	}
	slices.SortFunc(list, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Member returns the member of that name, if it is known.
func (p *Pool) Member(name string) (Member, bool) {
	m := p.members.byName[name]
	if m == nil {
		return Member{}, false
	}
	return m.public(), true
}

// MemberByID returns the member with that ID, if one is known; of several the
// first by name.
func (p *Pool) MemberByID(id string) (Member, bool) {
	var found *member
	if p.self.ID == id {
		found = p.self
	}
	for _, m := range p.members.ring {
		if m.ID == id && (found == nil || m.Name < found.Name) {
			found = m
		}
	}
	if found == nil {
		return Member{}, false
	}
	return found.public(), true
}

// Self returns this member.
func (p *Pool) Self() Member { return p.self.public() }

// Alive returns how many members are alive or suspected, this one too.
func (p *Pool) Alive() int { return p.members.live }

// SetTags changes what this member tells of itself. The tags must not be
// modified afterwards. It returns an error, and changes nothing, if they are
// larger than MaxTags.
func (p *Pool) SetTags(now time.Duration, tags map[string]string) error {
	p.at(now)
	encoded, err := encodeTags(tags)
	if err != nil {
		return err
	}
	if encoded == p.self.tags || p.departure.begun {
		return nil
	}
	d := *p.self.description
	d.Tags, d.tags = decodeTags(encoded), encoded
	p.self.description = &d
	p.self.Incarnation++
	p.announce()
	return nil
}

// event appends an event about m to the effects.
func (p *Pool) event(kind EventKind, m *member) {
	p.out.Events = append(p.out.Events, Event{Kind: kind, Member: m.public()})
}
