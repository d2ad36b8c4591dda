package swim

import "testing"

// A datagram that comes again does nothing but be counted: an ack is of use to
// one ping, and once.
func TestReplayedAckIsCounted(t *testing.T) {
	p := fuzzPool(t)
	p.Tick(p.Deadline())
	for p.probe == nil {
		p.Tick(p.Deadline())
	}
	ack := message(appendAck(nil, kindAck, p.probe.seq, nil))
	for want := range uint64(3) {
		p.Packet(p.now, hostAddr(2), ack)
		if got := p.Stats().Dropped.Unmatched; got != want {
			t.Errorf("%d of %d acks unmatched, want %d", got, want+1, want)
		}
	}
	if p.probe != nil {
		t.Error("the probe still waits for its ack")
	}
}

// A ping for whoever had this address before is not answered.
func TestMisdirectedPingIsCounted(t *testing.T) {
	p := fuzzPool(t)
	p.Effects()
	p.Packet(1, hostAddr(2), message(appendPing(nil, 7, "somebody else")))
	if got := p.Stats().Dropped.Misdirected; got != 1 || len(p.Effects().Packets) > 0 {
		t.Errorf("%d misdirected", got)
	}
}
