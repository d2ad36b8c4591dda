package crowd

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"praetor/swim"
)

func small(n int) Config {
	return Config{Members: n, Seed: 1, Gossip: swim.DefaultLAN(), Delay: time.Millisecond, Jitter: time.Millisecond, Loss: .01}
}

func TestASettledCrowdKnowsEverybodyAndSaysNothing(t *testing.T) {
	cfg := small(100)
	cfg.Loss = 0
	c := New(cfg)
	c.OnEvent = func(m *Member, e swim.Event) {
		t.Errorf("%v: %s finds that %s %v", c.Now(), m.Name, e.Member.Name, e.Kind)
	}
	c.Run(20 * time.Second)
	for _, m := range c.Members() {
		if m.Pool.Alive() != 100 || m.Pool.Stats().Queued != 0 {
			t.Errorf("%s sees %d, %d queued", m.Name, m.Pool.Alive(), m.Pool.Stats().Queued)
		}
	}
}

func TestTheDeadAreSeenByAllAndOnlyThey(t *testing.T) {
	c := New(small(64))
	c.Run(5 * time.Second)
	seen := map[string]int{}
	c.OnEvent = func(_ *Member, e swim.Event) {
		if e.Kind == swim.Failed {
			seen[e.Member.Name]++
		}
	}
	c.Kill(7)
	if !c.RunUntil(time.Minute, func() bool { return seen["node-00007"] == 63 }) || len(seen) != 1 {
		t.Errorf("seen dead: %v", seen)
	}
}

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	run := func(seed uint64) string {
		cfg := small(50)
		cfg.Seed = seed
		c := New(cfg)
		h := fnv.New64()
		c.OnEvent = func(m *Member, e swim.Event) { fmt.Fprintln(h, c.Now(), m.Name, e.Member.Name, e.Kind) }
		for i := range 5 {
			c.Stall(i, Stall{Blocked: 8 * time.Second, Awake: time.Millisecond, Until: 40 * time.Second})
		}
		c.Kill(9)
		c.Run(time.Minute)
		return fmt.Sprintf("%x %d", h.Sum64(), c.Events())
	}
	if a, b := run(1), run(1); a != b {
		t.Errorf("%s, then %s", a, b)
	}
	if run(1) == run(2) {
		t.Error("two seeds give one run")
	}
}

// A member that is stalled for a minute is seen dead by others, takes them
// for dead for a while itself, and all is well after it.
func TestAStallEnds(t *testing.T) {
	c := New(small(32))
	c.Stall(3, Stall{Blocked: time.Minute, Awake: time.Hour, Since: 10 * time.Second, Until: 80 * time.Second})
	failed := 0
	c.OnEvent = func(m *Member, e swim.Event) {
		if e.Kind == swim.Failed && e.Member.Name == "node-00003" {
			failed++
		}
	}
	c.Run(69 * time.Second)
	if failed != 31 {
		t.Errorf("%d members saw the stalled one fail", failed)
	}
	c.Run(3 * time.Minute)
	for _, m := range c.Members() {
		if m.Pool.Alive() != 32 {
			t.Errorf("%s sees %d alive", m.Name, m.Pool.Alive())
		}
	}
}

func TestQueueGivesEventsInOrderOfTimeThenOfArrival(t *testing.T) {
	var q queue
	for i := range 1000 {
		q.add(event{at: time.Duration(i * 7919 % 50), id: swim.StreamID(i)})
	}
	last := q.take()
	for len(q.heap) > 0 {
		e := q.take()
		if !last.before(&e) {
			t.Fatalf("%v %d before %v %d", last.at, last.seq, e.at, e.seq)
		}
		last = e
	}
}

func BenchmarkThousandMembersForOneSecond(b *testing.B) {
	c := New(small(1000))
	c.Run(5 * time.Second)
	for b.Loop() {
		c.Run(c.Now() + time.Second)
	}
}
