package agent

import (
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"praetor/internal/wire"
	"praetor/swim"
)

// What is wrong with gossip is counted by its reason and dropped; the agent goes
// on.
func TestDroppedGossipIsCountedByReason(t *testing.T) {
	a, err := startServer(t, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Stop()
	at := netip.AddrPortFrom(a.cfg.Addresses.Bind, uint16(a.cfg.Ports.SerfLAN))
	count := func(reason string) float64 {
		for _, g := range (handle{a}).Metrics() {
			if g.Name == "consul.gossip.dropped."+reason && g.Labels["pool"] == "lan" {
				return g.Value
			}
		}
		t.Fatalf("no count of %s", reason)
		return 0
	}
	udp := func(b []byte) {
		c, err := net.Dial("udp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write(b)
	}
	tcp := func(b []byte) {
		c, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		c.Write(b)
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		c.Read(make([]byte, 1)) // until it is refused
	}
	for _, c := range []struct {
		reason string
		send   func()
	}{
		{"malformed", func() { udp([]byte("\x01garbage")) }},
		{"malformed", func() { tcp(wire.AppendFrame(nil, []byte("\x01garbage"))) }},
		{"oversized", func() { udp(make([]byte, 32<<10)) }},
		{"oversized", func() { tcp(binary.BigEndian.AppendUint32(nil, 1<<31)) }},
		{"version", func() { udp([]byte("\x09\x00\x00\x00\x00\x00")) }},
		{"label", func() { udp(strangersPacket(t, at)) }},
	} {
		before := count(c.reason)
		c.send()
		deadline := time.Now().Add(5 * time.Second)
		for count(c.reason) != before+1 {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v counted, want %v", c.reason, count(c.reason), before+1)
			}
		}
	}
}

// strangersPacket returns a datagram of a member of another group, to an address.
func strangersPacket(t *testing.T, to netip.AddrPort) []byte {
	cfg := swim.DefaultLAN()
	cfg.Name, cfg.ID, cfg.Label, cfg.Rand = "stranger", "id", "another", newRand()
	cfg.Addr = netip.MustParseAddrPort("127.0.0.1:1")
	a, err := swim.New(0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Name, cfg.Addr, cfg.Rand = "target", to, newRand()
	b, err := swim.New(0, cfg)
	if err != nil {
		t.Fatal(err)
	}
	a.Join(0, to)
	for range 2 {
		for _, s := range a.Effects().Streams {
			reply, err := b.StreamRequest(0, cfg.Addr, s.Data)
			if err != nil {
				t.Fatal(err)
			}
			a.StreamReply(0, s.ID, reply, nil)
		}
	}
	for now := time.Duration(0); now < time.Minute; now += 100 * time.Millisecond {
		a.Tick(now)
		if ps := a.Effects().Packets; len(ps) > 0 {
			return ps[0].Data
		}
	}
	t.Fatal("the stranger sends nothing")
	return nil
}
