package swim

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"praetor/internal/wire"
)

// example is a member with every field set.
func example(state State) *member {
	m := &member{
		description: &description{
			Name: "web-1", ID: "2f1c", Addr: netip.MustParseAddrPort("10.1.2.3:8301"),
			Protocols: spoken, tags: "\x02dc\x03one",
		},
		State: state, Incarnation: 300, changed: -90 * time.Second,
	}
	if state == Suspect {
		m.suspicion = &suspicion{accusers: []string{"db-1"}}
	}
	return m
}

// exampleEvent is a user event with every field set.
var exampleEvent = UserEvent{
	Time: 300, ID: EventID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, Name: "deploy", Payload: []byte("v2"),
	Filter: EventFilter{Node: "n", Service: "web", Tag: "t"},
}

// The bytes of each section are part of the protocol: they must not change
// but with the version.
func TestSectionBytes(t *testing.T) {
	m := example(Alive)
	for _, c := range []struct {
		name, want string
		got        []byte
	}{
		{"ping", "\x01\x07\x05\x05web-1", appendPing(nil, 5, "web-1")},
		{"ack", "\x02\x02\xac\x02", appendAck(nil, kindAck, 300, nil)},
		{"nack", "\x03\x01\x05", appendAck(nil, kindNack, 5, nil)},
		{"ping-req", "\x04\x0f\x05\x05web-1\x04\x0a\x01\x02\x03\x20\x6d\x01", appendPingReq(nil, 5, m, true)},
		{"alive", "\x10\x1e\xac\x02\x05web-1\x042f1c\x04\x0a\x01\x02\x03\x20\x6d\x01\x01\x07\x02dc\x03one", appendClaim(nil, m, "db-1")},
		{"suspect", "\x11\x11\xac\x02\x05web-1\x1f\xab\xaaH\x04db-1", appendClaim(nil, example(Suspect), "db-1")},
		{"dead", "\x12\x11\xac\x02\x05web-1\x1f\xab\xaaH\x04db-1", appendClaim(nil, example(Dead), "db-1")},
		{"left", "\x13\x11\xac\x02\x05web-1\x1f\xab\xaaH\x04db-1", appendClaim(nil, example(Left), "db-1")},
		{"pruned", "\x14\x11\xac\x02\x05web-1\x1f\xab\xaaH\x04db-1", appendClaim(nil, example(Pruned), "db-1")},
		{"event", "\x18\x24\xac\x02\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x06deploy\x02v2\x01n\x03web\x01t", appendEvent(nil, exampleEvent)},
		{"dead record", "\x02\x5a\xac\x02\x05web-1\x042f1c\x04\x0a\x01\x02\x03\x20\x6d\x01\x01\x07\x02dc\x03one", appendRecord(nil, example(Dead), 0)},
		{"message", "\x01\x41\x49\xe9\x9b\x03lab\x03\x01\x05", seal(appendAck(appendHeader(nil, "lab"), kindNack, 5, nil))},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

// decode takes a message of the group "lab" apart.
func decode(b []byte) ([]section, int, error) {
	r, err := openMessage(b, "lab")
	if err != nil {
		return nil, 0, err
	}
	return decodeSections(nil, r)
}

func message(sections ...[]byte) []byte {
	return seal(append(appendHeader(nil, "lab"), slices.Concat(sections...)...))
}

// What is encoded is decoded to the same.
func TestSectionsSurviveTheirEncoding(t *testing.T) {
	for state := Alive; state <= Pruned; state++ {
		m := example(state)
		list := append(wire.AppendUvarint(nil, 1), appendRecord(nil, m, 0)...)
		got, unknown, err := decode(message(appendClaim(nil, m, "db-1"), appendSection(nil, 200, []byte("new")), appendSection(nil, kindMembers, list)))
		if err != nil || unknown != 1 || len(got) != 2 {
			t.Fatalf("%v: %d sections, %d unknown, %v", state, len(got), unknown, err)
		}
		if c := got[0].claim; c.standing != m.standing() || string(c.Name) != m.Name || state != Alive && string(c.accuser) != "db-1" {
			t.Errorf("%v: claim %+v", state, c)
		}
		r := got[1].records[0]
		back := newDescription(r.claim)
		if r.standing != m.standing() || back.ID != m.ID || back.Addr != m.Addr || back.Tags["dc"] != "one" || back.Protocols != spoken {
			t.Errorf("%v: record %+v", state, r)
		}
		if want := 90 * time.Second; !state.live() && r.age != want || state.live() && r.age != 0 {
			t.Errorf("%v: age %v", state, r.age)
		}
	}
}

// Each bound of the format, broken on its own, makes the message unusable.
func TestMessageOutOfBoundsIsRefused(t *testing.T) {
	long := strings.Repeat("x", 600)
	alive := func(change func(*member)) []byte {
		m := example(Alive)
		change(m)
		return appendClaim(nil, m, "")
	}
	for _, c := range []struct {
		name string
		body []byte
		want error
	}{
		{"empty name in a ping", appendPing(nil, 1, ""), wire.ErrValue},
		{"long name in a ping", appendPing(nil, 1, long[:MaxName+1]), wire.ErrTooLong},
		{"sequence number over 32 bits", appendSection(nil, kindAck, wire.AppendUvarint(nil, 1<<32)), wire.ErrValue},
		{"bytes after a ping", appendSection(nil, kindPing, []byte("\x05\x05web-1?")), wire.ErrTrailing},
		{"section longer than the message", []byte{byte(kindAck), 9, 1}, wire.ErrShort},
		{"long section of an unknown kind", []byte{200, 9, 1}, wire.ErrShort},
		{"empty ID", alive(func(m *member) { m.ID = "" }), wire.ErrValue},
		{"long ID", alive(func(m *member) { m.ID = long[:MaxID+1] }), wire.ErrTooLong},
		{"incarnation that cannot be exceeded", alive(func(m *member) { m.Incarnation = maxIncarnation + 1 }), wire.ErrValue},
		{"long tags", alive(func(m *member) { m.tags = long[:MaxTags+1] }), wire.ErrTooLong},
		{"tags that are none", alive(func(m *member) { m.tags = "\x09a" }), wire.ErrShort},
		{"tags not in order", alive(func(m *member) { m.tags = "\x01b\x00\x01a\x00" }), wire.ErrValue},
		{"protocols that are no range", alive(func(m *member) { m.Protocols = Protocols{2, 1} }), wire.ErrValue},
		{"event without a name", appendEvent(nil, UserEvent{Time: 1}), wire.ErrValue},
		{"event before the first", appendEvent(nil, UserEvent{Name: "e"}), wire.ErrValue},
		{"event of a time that cannot be exceeded", appendEvent(nil, UserEvent{Name: "e", Time: maxLamport + 1}), wire.ErrValue},
		{"event with a long payload", appendEvent(nil, UserEvent{Name: "e", Time: 1, Payload: make([]byte, MaxEventPayload+1)}), wire.ErrTooLong},
		{"event with a long filter", appendEvent(nil, UserEvent{Name: "e", Time: 1, Filter: EventFilter{Tag: long[:MaxEventFilter+1]}}), wire.ErrTooLong},
		{"clock that cannot be exceeded", appendSection(nil, kindClock, wire.AppendUvarint(nil, maxLamport+1)), wire.ErrValue},
		{"protocol 0", alive(func(m *member) { m.Protocols = Protocols{0, 1} }), wire.ErrValue},
		{"port 0", alive(func(m *member) { m.Addr = netip.MustParseAddrPort("10.0.0.1:0") }), wire.ErrValue},
		{"unspecified address", alive(func(m *member) { m.Addr = netip.MustParseAddrPort("0.0.0.0:1") }), wire.ErrValue},
		{"more records than bytes", appendSection(nil, kindMembers, []byte{200, 1}), wire.ErrShort},
		{"unknown state", appendSection(nil, kindMembers, append([]byte{1, 5}, appendRecord(nil, example(Alive), 0)[1:]...)), wire.ErrValue},
	} {
		if _, _, err := decode(message(c.body)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	good := message(appendPing(nil, 1, "web-1"))
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 0x10
		if _, _, err := decode(bad); err == nil {
			t.Errorf("a flipped bit in byte %d was not noticed", i)
		}
		if _, _, err := decode(good[:i]); err == nil {
			t.Errorf("a message cut to %d bytes was taken", i)
		}
	}
}

// Tags do not depend on the order of the map, and their bound is kept.
func TestTagsTravelInOrderAndWithinTheirBound(t *testing.T) {
	tags := map[string]string{}
	for _, k := range []string{"role", "dc", "a", "", "z"} {
		tags[k] = "v" + k
	}
	first, err := encodeTags(tags)
	if err != nil || checkTags([]byte(first)) != nil {
		t.Fatalf("%v, %v", err, checkTags([]byte(first)))
	}
	for range 20 {
		if again, _ := encodeTags(tags); again != first {
			t.Fatalf("encoded as %q and %q", first, again)
		}
	}
	if got := decodeTags(first); len(got) != 5 || got[""] != "v" || got["role"] != "vrole" {
		t.Errorf("decoded %v", got)
	}
	if _, err := encodeTags(map[string]string{"k": strings.Repeat("v", MaxTags)}); err == nil {
		t.Error("tags over the bound were taken")
	}
}

// fuzzPool is a member of a settled group of three, whose packets are dropped.
func fuzzPool(t testing.TB) *Pool {
	c := DefaultLAN()
	c.Name, c.ID, c.Addr, c.Label = "web-1", "2f1c", hostAddr(1), "lab"
	c.Rand = rand.New(rand.NewPCG(1, 1))
	p, err := New(0, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*member{{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}}, {description: &description{Name: "db-2", ID: "bb", Protocols: spoken, Addr: hostAddr(3)}}} {
		p.Packet(0, hostAddr(2), message(appendClaim(nil, m, "")))
	}
	return p
}

// seeds are messages of every kind.
func seeds(f *testing.F) {
	m := example(Alive)
	f.Add(message(appendPing(nil, 1, "web-1")))
	f.Add(message(appendAck(nil, kindAck, 1, nil), appendAck(nil, kindNack, 1, nil)))
	f.Add(message(appendPingReq(nil, 1, m, true)))
	for state := Alive; state <= Pruned; state++ {
		f.Add(message(appendClaim(nil, example(state), "db-1")))
		list := append(wire.AppendUvarint(nil, 1), appendRecord(nil, example(state), 0)...)
		f.Add(message(appendSection(nil, kindMembers, list)))
	}
	f.Add(message(appendEvent(nil, exampleEvent)))
	f.Add(message(appendSection(nil, kindMembers, append(wire.AppendUvarint(nil, 1), appendRecord(nil, m, 0)...)),
		appendSection(nil, kindClock, wire.AppendUvarint(nil, 300)), appendEvent(nil, exampleEvent)))
	f.Add(message(appendSection(nil, kindJoin, appendNode(nil, "x", "y", hostAddr(4)))))
	f.Add(message(appendSection(nil, kindRefusal, appendNode(nil, "x", "y", hostAddr(4)))))
}

// FuzzMessage decodes anything without a panic, and a message that decodes is
// within the bounds.
func FuzzMessage(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		sections, _, err := decode(sealed(b))
		if err != nil {
			return
		}
		for _, s := range sections {
			for _, r := range append(s.records, record{claim: s.claim}) {
				if len(r.Name) > MaxName || len(r.ID) > MaxID || len(r.Tags) > MaxTags || r.incarnation > maxIncarnation || r.state > Pruned {
					t.Fatalf("out of bounds: %+v", r)
				}
			}
		}
	})
}

// FuzzPacket and FuzzStream hand anything to a Pool. It must not panic, keep
// its invariants, and go on; and what does not decode must leave the members
// as they were.
func FuzzPacket(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sealed(b)
		fuzzOne(t, b, func(p *Pool) { p.Packet(1, hostAddr(9), b) })
	})
}

func FuzzStream(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		b = sealed(b)
		fuzzOne(t, b, func(p *Pool) {
			reply, err := p.StreamRequest(1, hostAddr(9), b)
			if err == nil {
				if _, _, err := decode(reply); err != nil {
					t.Fatalf("the reply does not decode: %v", err)
				}
			}
			p.Join(1, hostAddr(2))
			p.StreamReply(2, p.lastID, b, nil)
			p.StreamReply(3, p.lastID, b, nil)
		})
	})
}

// sealed returns b with a checksum that is right; else nothing gets past it.
func sealed(b []byte) []byte {
	if len(b) < headerFixed {
		return b
	}
	return seal(slices.Clone(b))
}

func fuzzOne(t *testing.T, b []byte, do func(*Pool)) {
	p := fuzzPool(t)
	before := p.Members()
	self := p.Self()
	do(p)
	if _, _, err := decode(b); err != nil {
		same := func(a, b Member) bool {
			return a.Name == b.Name && a.State == b.State && a.Incarnation == b.Incarnation
		}
		if !slices.EqualFunc(before, p.Members(), same) {
			t.Fatalf("a message that does not decode changed the members: %v to %v", before, p.Members())
		}
	}
	if now := p.Self(); now.Name != self.Name || now.ID != self.ID || now.Addr != self.Addr || now.State != Alive {
		t.Fatalf("this member became %+v", now)
	}
	for i := range 100 {
		due := p.Deadline()
		p.Tick(due)
		if i > 0 && p.Deadline() == due {
			t.Fatalf("deadline %v stays due", due)
		}
		for _, pk := range p.Effects().Packets {
			if _, _, err := decode(pk.Data); err != nil || len(pk.Data) > p.cfg.PacketSize {
				t.Fatalf("a packet of %d bytes was sent: %v", len(pk.Data), err)
			}
		}
	}
	for i := range 14 {
		p.now = p.now/7*7 + time.Duration(7*i)
		checkPool(t, p)
	}
}
