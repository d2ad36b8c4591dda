package sim

import (
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// holds plays a scenario that states what must be.
func holds(t *testing.T, text string) {
	t.Helper()
	sc, err := Parse("test", text)
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 5; seed++ {
		if r, err := sc.Play(Options{Seed: seed}); err != nil || r.Failure != nil {
			t.Fatalf("seed %d: %v %v", seed, err, r.Failure)
		}
	}
}

// The leader of these is n1, because the lowest ID makes the cluster, and n2
// has no news for n3.
const three = `
servers 3 expect=3
expect leader n1 within 5s
expect members 3 alive within 5s
wait 2s
`

func TestWhatWaitsBehindACutArrivesWhenItHeals(t *testing.T) {
	holds(t, three+`
cut n2 n1 oneway=1
put a 1 via n2 nowait=1
wait 1s
expect no key a
heal
expect key a 1 within 2s
`)
}

func TestWhatWaitsBehindACutForTooLongIsLost(t *testing.T) {
	holds(t, three+`
cut n2 n1 oneway=1
put a 1 via n2 nowait=1 outcome=unknown
expect no key a for 13s
heal
expect no key a for 10s
`)
}

func TestAForwardToAServerThatWasKilledHasAnUnknownEnd(t *testing.T) {
	holds(t, three+"kill n1\nput a 1 via n2 outcome=unknown within 10ms\n")
}

func TestAForwardThatNobodyTakesWaitsForTheNextLeader(t *testing.T) {
	holds(t, three+"kill n1\nwait 70ms\nput a 1 via n2 outcome=ok within 3s\n")
}

func TestARequestToAServerThatIsKilledIsAnswered(t *testing.T) {
	holds(t, three+"isolate n2\nput b 2 via n2 nowait=1 outcome=unknown\nkill n2\nheal\nput a 1 via n1\n")
}

// TestMessagesOfOneConnectionStayInOrder: however the single packets fare.
func TestMessagesOfOneConnectionStayInOrder(t *testing.T) {
	p := running(t)
	p.net.base = profile{delay: time.Millisecond, jitter: 50 * time.Millisecond, rates: [numNetRates]ppm{faultLoss: 200_000}}
	c := p.hosts[0].proc.connTo(p.hosts[2])
	if c.state != connOpen {
		t.Fatalf("state %d", c.state)
	}
	overtaken := false
	for range 200 {
		alone := c.there().reliableLatency("append", 100)
		c.transmit(server.PeerMessage{Body: server.PeerBody{Raft: &raft.Message{From: "n1", To: "n3", Body: raft.StaleTerm{}}}})
		n := c.flight.len()
		if n > 1 && c.flight.all()[n-1].at < c.flight.all()[n-2].at {
			t.Fatalf("frame %d arrives at %v, the one before at %v", n, c.flight.all()[n-1].at, c.flight.all()[n-2].at)
		}
		overtaken = overtaken || n > 1 && p.now+alone < c.flight.all()[n-2].at
	}
	if !overtaken {
		t.Error("no packet would have overtaken another: the test shows nothing")
	}
}

// TestFaultsComeAtTheirRates: what is configured is what happens, within a
// tenth.
func TestFaultsComeAtTheirRates(t *testing.T) {
	w := newWorld(1, "", nil, false)
	w.net.base = profile{delay: time.Millisecond, jitter: 2 * time.Millisecond}
	l := newLink(w.addHost("a", spec{}), w.addHost("b", spec{}))
	const draws = 200_000
	var sum time.Duration
	for range draws {
		sum += l.latency(100)
	}
	if mean := sum / draws; mean < 1900*time.Microsecond || mean > 2100*time.Microsecond {
		t.Errorf("mean latency %v, want 2ms", mean)
	}
}
