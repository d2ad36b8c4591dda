package swim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"praetor/internal/wire"
)

// A configuration that cannot work is refused with the reason.
func TestConfigurationIsChecked(t *testing.T) {
	for _, c := range []struct {
		change func(*Config)
		want   string
	}{
		{func(c *Config) { c.Name = "" }, "name of 0 bytes"},
		{func(c *Config) { c.Name = strings.Repeat("x", MaxName+1) }, "name of 129 bytes"},
		{func(c *Config) { c.ID = "" }, "ID of 0 bytes"},
		{func(c *Config) { c.Label = strings.Repeat("x", MaxLabel+1) }, "label of 65 bytes"},
		{func(c *Config) {}, ""},
		{func(c *Config) { c.Addr = netip.MustParseAddrPort("10.0.0.1:0") }, "nobody can reach"},
		{func(c *Config) { c.Addr = netip.MustParseAddrPort("0.0.0.0:8301") }, "nobody can reach"},
		{func(c *Config) { c.Incarnation = maxIncarnation + 1 }, "incarnation"},
		{func(c *Config) { c.Rand = nil }, "randomness"},
		{func(c *Config) { c.ProbeTimeout = c.ProbeInterval }, "probe timeout"},
		{func(c *Config) { c.ReapAfter = 0 }, "not positive"},
		{func(c *Config) { c.RetransmitMult = 0 }, "multiplier"},
		{func(c *Config) { c.PacketSize = 500 }, "packets of 500 bytes"},
		{func(c *Config) { c.Tags = map[string]string{"k": strings.Repeat("v", MaxTags)} }, "tags"},
	} {
		cfg := DefaultWAN()
		cfg.Name, cfg.ID, cfg.Addr, cfg.Rand = "a", "b", hostAddr(1), rand.New(rand.NewPCG(1, 1))
		c.change(&cfg)
		_, err := New(0, cfg)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
}

// Past 32 members each doubling adds one interval.
func TestPushPullIntervalGrowsWithTheLogarithm(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 1, 32: 1, 33: 2, 64: 2, 65: 3, 128: 3, 1024: 6, 1025: 7} {
		if got := pushPullEvery(time.Second, n); got != want*time.Second {
			t.Errorf("n = %d: every %v, want %v s", n, got, int(want))
		}
	}
}

// The bounds on what is under way hold, and what is over them is counted.
func TestBoundsOnWhatIsUnderWay(t *testing.T) {
	p := fuzzPool(t)
	m := p.members.byName["db-1"]
	for i := range maxRelays + 10 {
		p.Packet(1, hostAddr(2), message(appendPingReq(nil, sequence(i), m, true)))
	}
	if len(p.relays) != maxRelays || p.Stats().Dropped.Full != 10 {
		t.Errorf("%d relays, %d dropped", len(p.relays), p.Stats().Dropped.Full)
	}
	for range maxJoins + 5 {
		p.Join(2, hostAddr(9))
	}
	e := p.Effects()
	if len(p.joins) != maxJoins || len(e.Joins) != 5 || !errors.Is(e.Joins[0].Err, errBusy) {
		t.Errorf("%d joins, %d refused: %v", len(p.joins), len(e.Joins), e.Joins)
	}
	for range maxExchanges {
		p.exchange(exchange{purpose: forPushPull, due: Never}, m.Addr, p.state())
	}
	if len(p.exchanges) != maxExchanges {
		t.Errorf("%d exchanges", len(p.exchanges))
	}
	for i := range 3 * maxConflicts {
		rival := &member{description: &description{Name: "db-1", ID: fmt.Sprint(i), Protocols: spoken, Addr: hostAddr(50 + i)}, Incarnation: 9}
		p.Packet(3, hostAddr(2), message(appendClaim(nil, rival, "")))
	}
	if len(p.conflicts) > maxConflicts {
		t.Errorf("%d conflicts remembered", len(p.conflicts))
	}
	p.Packet(4, hostAddr(2), make([]byte, MaxPacket+1))
	if p.Stats().Dropped.Oversized != 1 {
		t.Errorf("%d oversized", p.Stats().Dropped.Oversized)
	}
}

// Relays and exchanges do not pile up: each ends in time.
func TestWhatIsUnderWayEnds(t *testing.T) {
	p := fuzzPool(t)
	p.Packet(1, hostAddr(2), message(appendPingReq(nil, 5, p.members.byName["db-1"], true)))
	p.Join(1, hostAddr(9))
	for p.Deadline() < time.Minute {
		p.Tick(p.Deadline())
	}
	if len(p.relays)+len(p.joins) > 0 {
		t.Errorf("%d relays, %d joins after a minute", len(p.relays), len(p.joins))
	}
	var ended error
	for _, j := range p.Effects().Joins {
		ended = j.Err
	}
	if !errors.Is(ended, errTimeout) {
		t.Errorf("the join ended with %v", ended)
	}
}

// An ack counts for the ping that it answers, no other, and not twice.
func TestAckIsCreditedToItsOwnProbe(t *testing.T) {
	p := fuzzPool(t)
	for p.probe == nil {
		p.Tick(p.Deadline())
	}
	seq := p.probe.seq
	for _, other := range []sequence{seq - 1, seq + 1, 0} {
		p.Packet(p.now, hostAddr(2), message(appendAck(nil, kindAck, other, nil)))
		if p.probe == nil {
			t.Fatalf("an ack of %d ended probe %d", other, seq)
		}
	}
	p.Tick(p.probe.half) // now by stream too
	stream := p.lastID
	p.StreamReply(p.now, stream, message(appendAck(nil, kindAck, seq+1, nil)), nil)
	if p.probe == nil {
		t.Fatal("an ack of another probe by stream ended it")
	}
	p.Packet(p.now, hostAddr(2), message(appendAck(nil, kindAck, seq, nil)))
	if p.probe != nil {
		t.Error("its own ack did not end the probe")
	}
}

// told returns a members section that holds m alone.
func told(m *member, now time.Duration) []byte {
	return message(appendSection(nil, kindMembers, append(wire.AppendUvarint(nil, 1), appendRecord(nil, m, now)...)))
}

// A push-pull with a member that remembers a little longer brings nobody back;
// neither does one with a member that has an older state.
func TestPushPullNeverResurrects(t *testing.T) {
	p := fuzzPool(t)
	dead := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}, State: Dead, changed: 0}
	p.Packet(0, hostAddr(3), message(appendClaim(nil, dead, "db-2")))
	alive := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}}
	if _, err := p.StreamRequest(1, hostAddr(3), told(alive, 1)); err != nil {
		t.Fatal(err)
	}
	if m, _ := p.Member("db-1"); m.State != Dead {
		t.Errorf("an old Alive made the dead %v", m.State)
	}
	p.Effects()
	later := p.cfg.ReapAfter + time.Second
	p.Tick(later)
	if _, known := p.Member("db-1"); known {
		t.Fatal("not forgotten in time")
	}
	dead.changed = 2 * time.Second // declared later than here
	if _, err := p.StreamRequest(later, hostAddr(3), told(dead, later)); err != nil {
		t.Fatal(err)
	}
	if m, known := p.Member("db-1"); known {
		t.Errorf("forgotten, and learned again as %v", m.State)
	}
	dead.changed = later - time.Hour // this one failed an hour ago: worth knowing
	if _, err := p.StreamRequest(later, hostAddr(3), told(dead, later)); err != nil {
		t.Fatal(err)
	}
	if m, _ := p.Member("db-1"); m.State != Dead {
		t.Error("a recent failure was not learned")
	}
	p.Tick(later + p.cfg.ReapAfter - time.Hour)
	if _, known := p.Member("db-1"); known {
		t.Error("a failure that was learned late is remembered for longer than where it was seen")
	}
}

// What another believes dead is only suspected here.
func TestDeadInAPushPullIsASuspicion(t *testing.T) {
	p := fuzzPool(t)
	dead := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}, State: Dead}
	if _, err := p.StreamRequest(1, hostAddr(3), told(dead, 1)); err != nil {
		t.Fatal(err)
	}
	if m, _ := p.Member("db-1"); m.State != Suspect {
		t.Errorf("it is %v, want suspect", m.State)
	}
}

// A suspicion that many heard by push-pull has still one accuser.
func TestHearsayIsNoConfirmation(t *testing.T) {
	p := fuzzPool(t)
	suspect := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}, State: Suspect, suspicion: &suspicion{accusers: []string{"x"}}}
	for range 5 {
		if _, err := p.StreamRequest(1, hostAddr(3), told(suspect, 1)); err != nil {
			t.Fatal(err)
		}
	}
	if a := p.members.byName["db-1"].suspicion.accusers; len(a) != 1 || a[0] != "x" {
		t.Errorf("accusers %q, want x alone", a)
	}
}

// A member that leaves alone is done at once; one whose group does not hear,
// after LeaveTimeout. Afterwards it does nothing more.
func TestLeaveEndsInTime(t *testing.T) {
	g := newGroup(t, 1)
	alone := g.start("alone", "x", 1)
	alone.pool.Leave(0)
	if e := alone.pool.Effects(); !e.Left {
		t.Error("who is alone waits to leave")
	}
	p := fuzzPool(t)
	p.cfg.GossipInterval, p.timers.gossip = 0, Never
	p.Leave(time.Second)
	p.Join(time.Second, hostAddr(9))
	for left := false; !left; left = p.Effects().Left {
		due := p.Deadline()
		if p.Tick(due); p.now > time.Second+p.cfg.LeaveTimeout || p.Deadline() == due {
			t.Fatalf("does not leave in time: at %v, due %v", p.now, due)
		}
	}
	p.Packet(p.now, hostAddr(2), message(appendPing(nil, 1, "web-1")))
	p.Tick(p.now + time.Hour)
	if p.HasEffects() || p.Deadline() != Never {
		t.Error("does something after it has left")
	}
}

// Calls with a time that lies back do not turn time back.
func TestTimeDoesNotGoBackwards(t *testing.T) {
	p := fuzzPool(t)
	p.Tick(time.Minute)
	due := p.Deadline()
	p.Tick(time.Second)
	if p.now != time.Minute || p.Deadline() != due {
		t.Errorf("now %v, deadline %v, want %v, %v", p.now, p.Deadline(), time.Minute, due)
	}
}

// A ping for another name reached an address that somebody else had before: it
// gets no ack, by datagram or stream, lest that one be taken for alive.
func TestPingForAnotherNameIsNotAcked(t *testing.T) {
	p := fuzzPool(t)
	p.queue.clear()
	p.Packet(1, hostAddr(2), message(appendPing(nil, 1, "web-2")))
	if e := p.Effects(); len(e.Packets) > 0 {
		t.Error("a datagram ping for web-2 got an answer from web-1")
	}
	if _, err := p.StreamRequest(1, hostAddr(2), message(appendPing(nil, 1, "web-2"))); err == nil {
		t.Error("a stream ping for web-2 got an answer from web-1")
	}
	if p.Stats().Dropped.Misdirected != 2 {
		t.Errorf("%d misdirected, want 2", p.Stats().Dropped.Misdirected)
	}
}

// The time until a member is forgotten runs from when it ended, though later
// incarnations of it are declared dead too.
func TestForgettingCountsFromTheEnd(t *testing.T) {
	p := fuzzPool(t)
	dead := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}, State: Dead}
	for i := range Incarnation(3) {
		dead.Incarnation = i
		p.Packet(time.Duration(i)*time.Hour, hostAddr(3), message(appendClaim(nil, dead, "db-2")))
	}
	p.Tick(p.cfg.ReapAfter)
	if _, known := p.Member("db-1"); known {
		t.Error("remembered for longer than ReapAfter")
	}
}

// With nobody to tell, news is not kept: whoever comes gets all state. And
// nothing is said of a member any more once it is forgotten.
func TestNewsNobodyNeedsIsDropped(t *testing.T) {
	g := newGroup(t, 1)
	alone := g.start("alone", "x", 1)
	if err := alone.pool.SetTags(0, map[string]string{"a": "b"}); err != nil {
		t.Fatal(err)
	}
	g.serve(alone)
	g.run(time.Second)
	if p := alone.pool; p.queue.len() > 0 || p.timers.gossip != Never {
		t.Errorf("%d updates wait, gossip due at %v", p.queue.len(), p.timers.gossip)
	}
	p := fuzzPool(t)
	dead := &member{description: &description{Name: "db-1", ID: "aa", Protocols: spoken, Addr: hostAddr(2)}, State: Dead}
	p.Packet(0, hostAddr(3), message(appendClaim(nil, dead, "db-2")))
	p.now = p.cfg.ReapAfter
	p.tickReap()
	if p.queue.has("db-1") {
		t.Error("still says that a forgotten member is dead")
	}
}

// Damage to any message, past the checksum, harms nobody: no panic, no broken
// invariant, and the pool goes on.
func TestDamagedMessagesHarmNothing(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	var whole [][]byte
	for state := Alive; state <= Left; state++ {
		m := example(state)
		whole = append(whole, message(appendClaim(nil, m, "db-1"), appendPing(nil, 1, "web-1")), told(m, 0))
	}
	whole = append(whole,
		message(appendPingReq(nil, 1, example(Alive), true), appendAck(nil, kindNack, 1, nil)),
		message(appendSection(nil, kindJoin, appendNode(nil, "x", "y", hostAddr(4)))),
		message(appendSection(nil, kindRefusal, appendNode(nil, "x", "y", hostAddr(4)))))
	p := fuzzPool(t)
	for i := range damageRounds {
		b := append([]byte{}, whole[rng.IntN(len(whole))]...)
		for range 1 + rng.IntN(4) {
			at := headerFixed + rng.IntN(len(b)-headerFixed)
			switch rng.IntN(3) {
			case 0:
				b[at] = byte(rng.Uint32())
			case 1:
				b[at] ^= 1 << rng.IntN(8)
			case 2:
				b = append(b[:at:at], b[min(at+rng.IntN(3), len(b)):]...)
			}
			if len(b) <= headerFixed {
				break
			}
		}
		now := time.Duration(i) * 7 * time.Millisecond
		b = sealed(b)
		switch rng.IntN(3) {
		case 0:
			p.Packet(now, hostAddr(9), b)
		case 1:
			p.StreamRequest(now, hostAddr(9), b)
		case 2:
			p.Join(now, hostAddr(2))
			p.StreamReply(now, p.lastID, b, nil)
		}
		p.Tick(now)
		p.Effects()
	}
	p.now = 0
	checkPool(t, p)
	if p.Self().State != Alive || p.Stats().Dropped.Malformed == 0 {
		t.Errorf("this member is %v, %d malformed", p.Self().State, p.Stats().Dropped.Malformed)
	}
}

// damageRounds is how many damaged messages are tried.
const damageRounds = 20_000

// A machine whose disk was replaced begins anew, at incarnation 0 and under a
// new ID. That its former self died at a higher incarnation does not count
// against it: incarnations of two nodes do not compare.
func TestANewNodeAtTheAddressOfADeadOneIsTakenIn(t *testing.T) {
	p := fuzzPool(t)
	at := func(id string, incarnation Incarnation, state State) *member {
		return &member{description: &description{Name: "db-1", ID: id, Protocols: spoken, Addr: hostAddr(2)}, State: state, Incarnation: incarnation}
	}
	p.Packet(0, hostAddr(3), message(appendClaim(nil, at("aa", 3, Alive), "")))
	p.Packet(1, hostAddr(3), message(appendClaim(nil, at("aa", 3, Dead), "db-2")))
	p.Packet(2, hostAddr(3), message(appendClaim(nil, at("aa", 3, Alive), "")))
	if m, _ := p.Member("db-1"); m.State != Dead {
		t.Fatalf("db-1 is %v, want it dead", m.State)
	}
	p.Packet(3, hostAddr(2), message(appendClaim(nil, at("cc", 0, Alive), "")))
	if m, _ := p.Member("db-1"); m.State != Alive || m.ID != "cc" {
		t.Errorf("db-1 is %v under the ID %s, want the new node alive", m.State, m.ID)
	}
}
