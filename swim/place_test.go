package swim

import (
	"fmt"
	"math"
	"testing"
	"time"

	"praetor/internal/script"
	"praetor/swim/coordinate"
)

// rtt is the script verb: the round trip that two members' coordinates predict.
func (s *scripted) rtt(c script.Command) string {
	a, _ := s.g.node(c.Arg(0)).pool.Coordinate()
	b, _ := s.g.node(c.Arg(1)).pool.Coordinate()
	return fmt.Sprintf("%.1f ms", a.DistanceTo(b).Seconds()*1000)
}

// probing returns a Pool that has just pinged a member.
func probing(t *testing.T, disable bool) *Pool {
	p := fuzzPool(t)
	p.cfg.Disable.Coordinates = disable
	for p.probe == nil {
		p.Tick(p.Deadline())
	}
	return p
}

func encodedPlace(change func(*coordinate.Coordinate)) []byte {
	c := coordinate.Origin()
	change(&c)
	return coordinate.Append(nil, c)
}

// TestOnlyADirectAckMovesTheCoordinate: not one that came by another member, or
// by stream, or that carries nothing usable; but all of them are acks.
func TestOnlyADirectAckMovesTheCoordinate(t *testing.T) {
	fine := encodedPlace(func(*coordinate.Coordinate) {})
	nan := encodedPlace(func(c *coordinate.Coordinate) { c.Vec[2] = math.NaN() })
	for _, c := range []struct {
		name          string
		place         []byte
		disabled      bool
		relayed       bool
		after         time.Duration
		moved, refuse uint64
	}{
		{name: "direct", place: fine, moved: 1},
		{name: "after 400 ms", place: fine, after: 400 * time.Millisecond, moved: 1},
		{name: "relayed", place: fine, relayed: true},
		{name: "without a place", place: nil},
		{name: "with half a place", place: fine[:40], refuse: 1},
		{name: "with a place of NaN", place: nan, refuse: 1},
		{name: "disabled", place: fine, disabled: true},
	} {
		p := probing(t, c.disabled)
		from := p.probe.target.Addr
		if c.relayed {
			from = hostAddr(9)
		}
		before, _ := p.Coordinate()
		p.Packet(p.now+c.after, from, message(appendAck(nil, kindAck, p.probe.seq, c.place)))
		after, enabled := p.Coordinate()
		if p.probe != nil {
			t.Errorf("%s: the ack did not count", c.name)
		}
		if s := p.Stats().Places; s.Updates != c.moved || s.Refused != c.refuse || (before != after) != (c.moved > 0) || enabled == c.disabled {
			t.Errorf("%s: %+v, moved %v, enabled %v", c.name, s, before != after, enabled)
		}
	}
}

// TestAckCarriesThePlace: unless that is disabled.
func TestAckCarriesThePlace(t *testing.T) {
	for _, disabled := range []bool{false, true} {
		p := fuzzPool(t)
		p.cfg.Disable.Coordinates = disabled
		p.Effects()
		p.Packet(0, hostAddr(2), message(appendPing(nil, 7, "web-1")))
		sections, err := p.open(nil, p.Effects().Packets[0].Data)
		if err != nil || sections[0].kind != kindAck {
			t.Fatalf("%v, %+v", err, sections)
		}
		if got := len(sections[0].probe.place); (got == coordinate.Size) == disabled {
			t.Errorf("disabled %v: an ack with a place of %d bytes", disabled, got)
		}
	}
}

// TestForgottenMembersLeaveNoSamples: what a Pool keeps for coordinates is
// bounded by the members that it knows.
func TestForgottenMembersLeaveNoSamples(t *testing.T) {
	g := newGroup(t, 1)
	g.conf = func(c *Config) { c.ReapAfter = time.Minute }
	a, b := g.start("a", "id-a", 1), g.start("b", "id-b", 2)
	b.pool.Join(g.now, hostAddr(1))
	g.serve(b)
	g.run(20 * time.Second)
	if a.pool.Stats().Places.Updates == 0 || a.pool.places.Peers() != 1 {
		t.Fatalf("%+v", a.pool.Stats().Places)
	}
	b.up = false
	g.run(3 * time.Minute)
	if _, known := a.pool.Member("b"); known || a.pool.places.Peers() != 0 {
		t.Errorf("b known: %v; samples of %d peers", known, a.pool.places.Peers())
	}
}
