package swim

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// The tests in this file are named after what the paper says: swim is Das,
// Gupta, Motivala, "SWIM: Scalable Weakly-consistent Infection-style Process
// Group Membership Protocol", DSN 2002. All are in virtual time.

// plain makes the members as in the paper: no Lifeguard, no streams.
func plain(c *Config) {
	c.Disable = Disable{Health: true, Suspicion: true, Buddy: true, StreamProbe: true}
	c.PushPullInterval, c.ReconnectInterval = 0, 0
}

// swim 3.1: a failure is first detected in protocol period e/(e-1) = 1.582 on
// average, flat in n. The period is the one in which the probe begins: its
// outcome is known at its end.
func TestFirstDetectionTakesOnePoint58Periods(t *testing.T) {
	for _, n := range []int{8, 16, 32, 64, 128} {
		periods, trials := 0.0, 40+1200/n
		g := newGroup(t, uint64(n))
		g.conf = plain
		var detected time.Duration
		g.onWhat = func(_ *node, what string) {
			if detected == 0 && strings.Contains(what, "is suspected by") {
				detected = g.now
			}
		}
		g.settled(n)
		for i := range trials {
			victim := g.nodes[1+i%(n-1)]
			g.run(time.Duration(g.rng.Int64N(int64(3 * time.Second))))
			victim.up, detected = false, 0
			crashed := g.now
			g.runUntil(time.Minute, func() bool { return detected != 0 })
			begun := detected - time.Second // the suspicion ends the period of the probe
			periods += math.Ceil((begun - crashed).Seconds())
			// It refutes: it was away for a moment only.
			victim.up, victim.wake = true, Never
			g.serve(victim)
			g.run(3 * time.Second)
		}
		mean := periods / float64(trials)
		want := math.E / (math.E - 1)
		tolerance := 4 * 0.97 / math.Sqrt(float64(trials)) // four standard errors of the geometric
		if math.Abs(mean-want) > tolerance {
			t.Errorf("n = %d: detected in period %.3f on average of %d, want %.3f +- %.3f", n, mean, trials, want, tolerance)
		}
	}
}

// swim 5: the message load of a member does not depend on the size of the group:
// a ping and an ack sent, and as many received, in a protocol period.
func TestMessageLoadPerMemberIsConstant(t *testing.T) {
	for _, n := range []int{8, 16, 55, 128} {
		g := newGroup(t, 3)
		g.conf = plain
		g.settled(n)
		g.run(20 * time.Second)
		g.sent = 0
		g.run(30 * time.Second)
		if load := float64(g.sent) / float64(n) / 30; math.Abs(load-2) > 0.05 {
			t.Errorf("n = %d: %.2f messages sent a member and period, want 2", n, load)
		}
	}
}

// swim 4.1: infection-style dissemination reaches everyone in O(log n) protocol
// periods, on pings and acks alone.
func TestDisseminationReachesEveryoneInLogPeriods(t *testing.T) {
	for _, n := range []int{8, 32, 128} {
		worst := time.Duration(0)
		g := newGroup(t, uint64(n))
		// With the default multiplier one in some hundred updates misses somebody,
		// whom a push-pull tells; here there is none.
		g.conf = func(c *Config) { plain(c); c.RetransmitMult = 10 }
		known := 0
		g.onEv = func(_ *node, e Event) {
			if e.Kind == Updated {
				known++
			}
		}
		g.settled(n)
		g.run(10 * time.Second)
		for _, m := range g.nodes { // from here on pings and acks alone
			m.pool.cfg.GossipInterval = time.Hour
		}
		for i := range 8 {
			known = 0
			from := g.nodes[i%n]
			start := g.now
			if err := from.pool.SetTags(g.now, map[string]string{"v": fmt.Sprint(i)}); err != nil {
				t.Fatal(err)
			}
			g.serve(from)
			if !g.runUntil(2*time.Minute, func() bool { return known == n-1 }) {
				t.Fatalf("n = %d: only %d of %d heard", n, known, n-1)
			}
			worst = max(worst, g.now-start)
			g.run(30 * time.Second)
		}
		if bound := 3 * math.Log2(float64(n)); worst.Seconds() > bound {
			t.Errorf("n = %d: took %.1f periods, want at most 3 log2(n) = %.1f", n, worst.Seconds(), bound)
		}
	}
}

// swim 4.3: two successive selections of the same target are at most 2n-1
// periods apart, for n members in the list.
func TestTwoProbesOfOneMemberAreAtMost2nMinus1Apart(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	s := members{byName: map[string]*member{}}
	const n = 13
	for i := range n {
		s.insert(&member{description: &description{Name: fmt.Sprint(i)}}, rng)
	}
	last := map[string]int{}
	longest := 0
	for i := range 100_000 {
		m := s.advance(rng)
		if before, ok := last[m.Name]; ok {
			longest = max(longest, i-before)
		}
		last[m.Name] = i
	}
	if longest != 2*n-1 {
		t.Errorf("longest time between two probes of one member: %d periods, want 2n-1 = %d", longest, 2*n-1)
	}
}

// The same holds while members come and go: nobody is skipped in a pass.
func TestEveryMemberIsProbedInEachPass(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	s := members{byName: map[string]*member{}}
	last := map[string]int{}
	next := 0
	for i := range 50_000 {
		if rng.IntN(20) == 0 && len(s.ring) < 30 {
			m := &member{description: &description{Name: fmt.Sprint(next)}}
			next++
			s.insert(m, rng)
			last[m.Name] = i
		}
		if rng.IntN(25) == 0 && len(s.ring) > 3 {
			out := s.ring[rng.IntN(len(s.ring))]
			delete(last, out.Name)
			s.remove(func(m *member) bool { return m == out })
		}
		m := s.advance(rng)
		if m == nil {
			continue
		}
		last[m.Name] = i
		for name, at := range last {
			if i-at > 2*30 {
				t.Fatalf("step %d: %s was last probed at %d", i, name, at)
			}
		}
	}
}

// swim 4.3: a joiner is inserted at a position chosen uniformly at random.
func TestJoinerIsInsertedAtARandomPosition(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n, trials = 9, 20_000
	counts := make([]int, n+1)
	for range trials {
		s := members{byName: map[string]*member{}}
		for i := range n {
			s.insert(&member{description: &description{Name: fmt.Sprint(i)}}, rng)
		}
		s.insert(&member{description: &description{Name: "joiner"}}, rng)
		for i, m := range s.ring {
			if m.Name == "joiner" {
				counts[i]++
			}
		}
	}
	for i, c := range counts {
		if want := float64(trials) / (n + 1); math.Abs(float64(c)-want) > 5*math.Sqrt(want) {
			t.Errorf("position %d: %d of %d, want about %.0f", i, c, trials, want)
		}
	}
}

// swim 4.1: an update is piggybacked at most lambda * log(n) times by each member.
func TestUpdateIsSentAtMostLambdaLogNTimes(t *testing.T) {
	for _, n := range []int{3, 9, 40} {
		g := newGroup(t, 9)
		g.conf = func(c *Config) { c.PushPullInterval = 0 }
		g.settled(n)
		g.run(20 * time.Second)
		sent := map[int]int{}
		g.onSent = sentCounter(t, "n2", sent)
		from := g.node("n2")
		if err := from.pool.SetTags(g.now, map[string]string{"a": "b"}); err != nil {
			t.Fatal(err)
		}
		g.serve(from)
		g.run(time.Minute)
		limit := 4 * int(math.Ceil(math.Log10(float64(n+1))))
		for host, k := range sent {
			if k != limit {
				t.Errorf("n = %d: host %d sent it %d times, want %d", n, host, k, limit)
			}
		}
		if len(sent) != n {
			t.Errorf("n = %d: %d members passed it on", n, len(sent))
		}
	}
}

// swim 3.1 and 3.3: a probe of a live member fails if the direct ping or its ack is lost, and each of k
// indirect ones: (1-q^2)(1-q^4)^k for a probability q of timely delivery.
func TestProbabilityThatAProbeFails(t *testing.T) {
	for _, c := range []struct {
		q float64
		k int
	}{{.95, 1}, {.90, 1}, {.90, 2}, {.80, 3}} {
		g := newGroup(t, 77)
		g.conf = func(cfg *Config) { plain(cfg); cfg.IndirectChecks = c.k; cfg.SuspicionMult = 1000 }
		g.settled(24)
		g.loss = 1 - c.q
		g.run(500 * time.Second)
		var sent, failed float64
		for _, n := range g.nodes {
			s := n.pool.Stats()
			sent += float64(s.Probes.Sent)
			failed += float64(s.Probes.Failed)
		}
		want := (1 - c.q*c.q) * math.Pow(1-math.Pow(c.q, 4), float64(c.k))
		got, sigma := failed/sent, math.Sqrt(want/sent)
		if math.Abs(got-want) > 5*sigma {
			t.Errorf("q = %.2f, k = %d: %.5f of the probes failed, want %.5f +- %.5f", c.q, c.k, got, want, 5*sigma)
		}
	}
}

// swim 4.2: only the member itself may increment its incarnation number.
func TestOnlyTheMemberItselfRaisesItsIncarnation(t *testing.T) {
	g := newGroup(t, 4)
	g.conf = plain
	g.loss = 0.35
	g.startAll(8)
	g.run(5 * time.Minute)
	own := map[string]Incarnation{}
	raised := false
	for _, n := range g.nodes {
		own[n.name] = n.pool.Self().Incarnation
		raised = raised || own[n.name] > 0
	}
	if !raised {
		t.Fatal("nobody had to refute: the test proves nothing")
	}
	for _, n := range g.nodes {
		for _, m := range n.pool.Members() {
			if m.Incarnation > own[m.Name] {
				t.Errorf("%s knows %s at incarnation %d, it is itself at %d", n.name, m.Name, m.Incarnation, own[m.Name])
			}
		}
	}
}
