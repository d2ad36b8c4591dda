package swim

import (
	"math"
	"testing"
	"time"
)

// The tests in this file are named after what lifeguard says: Dadgar,
// Phillips, Currey, "Lifeguard: Local Health Awareness for More Accurate
// Failure Detection", arXiv 1707.00788.

// lifeguard IV-B: Max at no confirmation, Min at K, by the logarithm between.
func TestSuspicionTimeoutShrinksWithIndependentConfirmations(t *testing.T) {
	const least, most = 4 * time.Second, 24 * time.Second
	for _, c := range []struct {
		confirmed, k int
		want         float64 // seconds
	}{
		{0, 3, 24}, {1, 3, 14}, {2, 3, 8.150}, {3, 3, 4}, {4, 3, 4}, {0, 0, 4}, {0, 1, 24}, {1, 1, 4},
	} {
		if got := suspicionTimeout(least, most, c.confirmed, c.k).Seconds(); math.Abs(got-c.want) > 0.001 {
			t.Errorf("%d of %d confirmations: %.3f s, want %.3f s", c.confirmed, c.k, got, c.want)
		}
	}
}

// lifeguard IV-B: Min = alpha * log10(n) * protocol period; below 10 members
// the logarithm counts as 1.
func TestShortestSuspicionGrowsWithTheLogarithmOfTheGroup(t *testing.T) {
	for n, want := range map[int]float64{0: 4, 1: 4, 10: 4, 100: 8, 1000: 12} {
		if got := shortestSuspicion(4, n, time.Second).Seconds(); math.Abs(got-want) > 1e-6 {
			t.Errorf("n = %d: %.3f s, want %.3f s", n, got, want)
		}
	}
}

// lifeguard IV-B: only accusers that are not among the first count, and K of them.
func TestConfirmationCountsOncePerAccuser(t *testing.T) {
	s := &suspicion{min: time.Second, max: 10 * time.Second, k: 3, accusers: []string{"a"}}
	for i, c := range []struct {
		accuser string
		counts  bool
	}{{"a", false}, {"b", true}, {"b", false}, {"c", true}, {"a", false}, {"d", true}, {"e", false}} {
		if got := s.confirm(c.accuser); got != c.counts {
			t.Errorf("%d: %s counts: %v, want %v", i, c.accuser, got, c.counts)
		}
	}
	if s.due() != time.Second {
		t.Errorf("due after %v, want Min", s.due())
	}
}

// lifeguard IV-A: the events that move the local health multiplier, within
// 0..8; interval and timeout stretch by it plus one.
func TestLocalHealthMultiplierStaysInItsBounds(t *testing.T) {
	a := awareness{max: 8}
	a.add(-1)
	if a.score != 0 || a.stretch(time.Second) != time.Second {
		t.Errorf("healthy: score %d, 1 s stretched to %v", a.score, a.stretch(time.Second))
	}
	for range 6 {
		a.add(2)
	}
	if a.score != 8 || a.stretch(time.Second) != 9*time.Second {
		t.Errorf("ill: score %d, 1 s stretched to %v", a.score, a.stretch(time.Second))
	}
}

// lifeguard IV-A: a failed probe counts 1, one that missed a nack 2, a success -1,
// a refutation 1.
func TestEventsThatMoveTheLocalHealthMultiplier(t *testing.T) {
	g := newGroup(t, 1)
	g.settled(3)
	p := g.node("n1").pool
	m := p.members.byName["n2"]
	for _, c := range []struct {
		what string
		do   func()
		want int
	}{
		{"failed probe, all nacks", func() { p.probeFailed(&probe{target: m, asked: 2, nacks: 2}) }, 1},
		{"failed probe, a nack missing", func() { p.probeFailed(&probe{target: m, asked: 2, nacks: 1}) }, 3},
		{"acked probe", func() { p.probe = &probe{target: m, seq: 7}; p.ack(7) }, 2},
		{"ack of another probe", func() { p.probe = &probe{target: m, seq: 7}; p.ack(8) }, 2},
		{"had to refute", func() {
			p.hear(claim{standing: standing{Suspect, 9}, Name: []byte("n1"), ID: []byte("id1"), accuser: []byte("n2")})
		}, 3},
	} {
		if c.do(); p.health.score != c.want {
			t.Errorf("%s: multiplier %d, want %d", c.what, p.health.score, c.want)
		}
	}
}

// lifeguard V: members that get no processor for seconds at a time take the
// others for dead in SWIM, since no refutation reaches them in time. With the
// three parts nearly all of these false positives are gone. Counted are failures
// of members that were well all along.
func TestStalledMembersCauseFewFalsePositives(t *testing.T) {
	falsePositives := func(disable Disable) (count int) {
		for seed := range uint64(3) {
			g := newGroup(t, seed)
			g.conf = func(c *Config) {
				c.Disable = disable
				c.Disable.StreamProbe = true
				c.SuspicionMult = 5
			}
			g.settled(32)
			for i, n := range g.nodes[:4] {
				n.stall = stall{12 * time.Second, time.Millisecond, g.now + time.Duration(i)*100*time.Millisecond}
			}
			g.onEv = func(_ *node, e Event) {
				if e.Kind == Failed && g.node(e.Member.Name).stall.blocked == 0 {
					count++
				}
			}
			g.run(100 * time.Second)
		}
		return count
	}
	plain := falsePositives(Disable{Health: true, Suspicion: true, Buddy: true})
	guarded := falsePositives(Disable{})
	t.Logf("failures reported of healthy members: SWIM %d, Lifeguard %d", plain, guarded)
	if plain < 100 || guarded*5 > plain {
		t.Errorf("false positives: SWIM %d, Lifeguard %d; want less than a fifth", plain, guarded)
	}
}

// lifeguard V: a real failure is declared at about SWIM's time, because the
// confirmations come in quickly.
func TestFailureIsDeclaredNearlyAsFastAsBySWIM(t *testing.T) {
	latency := func(disable Disable) time.Duration {
		var total time.Duration
		for seed := range uint64(10) {
			g := newGroup(t, seed)
			g.conf = func(c *Config) { c.Disable = disable; c.SuspicionMult = 5 }
			g.settled(32)
			g.run(10 * time.Second)
			failed := 0
			g.onEv = func(_ *node, e Event) {
				if e.Kind == Failed {
					failed++
				}
			}
			g.nodes[9].up = false
			crashed := g.now
			if !g.runUntil(2*time.Minute, func() bool { return failed == 31 }) {
				t.Fatalf("seed %d: only %d noticed", seed, failed)
			}
			total += g.now - crashed
		}
		return total / 10
	}
	plain, guarded := latency(Disable{Health: true, Suspicion: true, Buddy: true}), latency(Disable{})
	if guarded > plain*14/10 {
		t.Errorf("all know of a failure after %v with Lifeguard, %v with SWIM", guarded, plain)
	}
	t.Logf("all know of a failure after %v with SWIM, %v with Lifeguard", plain, guarded)
}
