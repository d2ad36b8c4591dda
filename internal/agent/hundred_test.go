package agent

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/swim"
)

// socketMember is a member of a gossip pool with real sockets, and nothing else of
// an agent.
type socketMember struct {
	name   string
	driver *driver
	stop   context.CancelFunc
	ended  chan struct{}
}

// startMember starts a member on an address of its own.
func startMember(t *testing.T, i int, log *slog.Logger) *socketMember {
	t.Helper()
	addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 13, byte(1 + os.Getpid()%250), byte(i)}), 8301)
	cfg := swim.DefaultLAN()
	cfg.Name, cfg.ID, cfg.Addr, cfg.Rand = fmt.Sprintf("m%03d", i), fmt.Sprintf("id-%03d", i), addr, newRand()
	cfg.ProbeInterval, cfg.ProbeTimeout = 500*time.Millisecond, 250*time.Millisecond
	port, err := listenGossip(addr, newGuard("", log), log)
	if err != nil {
		t.Fatal(err)
	}
	c := clock{time.Now()}
	brain, err := server.NewClient(c.now(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	d := newDriver(c, brain, log)
	d.gossip = port
	port.packet, port.stream = d.packet, d.stream
	ctx, cancel := context.WithCancel(t.Context())
	m := &socketMember{name: cfg.Name, driver: d, stop: cancel, ended: make(chan struct{})}
	go d.run(ctx)
	go func() { port.run(ctx); close(m.ended) }()
	t.Cleanup(func() { cancel(); <-m.ended })
	return m
}

// live returns how many members this one takes for live, and whether other is
// one of them.
func (m *socketMember) live(other string) (n int, is bool) {
	for _, v := range *m.driver.members.Load() {
		if v.State == swim.Alive || v.State == swim.Suspect {
			n++
			is = is || v.Name == other
		}
	}
	return n, is
}

// within waits until ok holds and returns how long that took.
func within(t *testing.T, limit time.Duration, what string, ok func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		if time.Since(began) > limit {
			t.Fatalf("%s: not within %v", what, limit)
		}
		<-tick.C
	}
	return time.Since(began)
}

// A hundred members on real sockets find together in three seconds. One that is
// killed is seen failed by all within the bound, and nobody else is.
//
// The bound: someone probes it in each of the first periods with a probability
// of 1-1/e, so that five go by without that in less than one run in a hundred;
// then comes the longest suspicion, 6 times 4*log10(100) periods, which
// confirmations shorten to a sixth as a rule; and a second for the news.
func TestAHundredMembersOnRealSockets(t *testing.T) {
	const n = 100
	log := slog.New(slog.DiscardHandler)
	began := time.Now()
	members := make([]*socketMember, n)
	for i := range members {
		members[i] = startMember(t, i+1, log)
	}
	first := *members[0].driver.members.Load()
	for _, m := range members[1:] {
		go m.driver.join(t.Context(), first[0].Addr)
	}
	joined := func() bool {
		for _, m := range members {
			if live, _ := m.live(""); live != n {
				return false
			}
		}
		return true
	}
	within(t, 10*time.Second, "all join", joined)
	took := time.Since(began)
	t.Logf("%d members know each other after %v", n, took.Round(time.Millisecond))
	if took > 3*time.Second {
		t.Errorf("%d members took %v to join, want 3s at most", n, took)
	}

	victim := members[n/2]
	victim.stop()
	<-victim.ended
	const period = 500 * time.Millisecond
	bound := 5*period + 6*4*2*period + time.Second
	took = within(t, bound, "all see it failed", func() bool {
		for _, m := range members {
			if _, is := m.live(victim.name); m != victim && is {
				return false
			}
		}
		return true
	})
	t.Logf("all see that one failed after %v, bound %v", took.Round(time.Millisecond), bound)
	for _, m := range members {
		if live, _ := m.live(""); m != victim && live != n-1 {
			t.Errorf("%s takes %d for live, want %d", m.name, live, n-1)
		}
	}
}
