package swim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// Whatever is repeated, delayed or reordered, an event is taken in at most once;
// and until the memory overflows, every one is.
func TestEventIsTakenInAtMostOnce(t *testing.T) {
	for seed := range uint64(20) {
		rng := rand.New(rand.NewPCG(seed, 2))
		p := fuzzPool(t)
		total := maxEvents/2 + rng.IntN(2*maxEvents)
		var stream []UserEvent
		for i := range total {
			e := UserEvent{Time: LamportTime(1 + i/3), Name: "e"}
			for k := range e.ID {
				e.ID[k] = byte(rng.Uint32())
			}
			for range 1 + rng.IntN(3) {
				stream = append(stream, e)
			}
		}
		rng.Shuffle(len(stream), func(i, j int) { stream[i], stream[j] = stream[j], stream[i] })
		heard := map[EventID]int{}
		for _, e := range stream {
			p.Packet(1, hostAddr(2), message(appendEvent(nil, e)))
			for _, u := range p.Effects().UserEvents {
				heard[u.ID]++
			}
			if len(p.events.recent) > maxEvents || !slices.IsSortedFunc(p.events.recent, UserEvent.compare) {
				t.Fatalf("seed %d: %d events in memory, sorted %v", seed, len(p.events.recent), slices.IsSortedFunc(p.events.recent, UserEvent.compare))
			}
		}
		for id, n := range heard {
			if n > 1 {
				t.Fatalf("seed %d: event %v was taken in %d times", seed, id, n)
			}
		}
		if total <= maxEvents && len(heard) != total {
			t.Errorf("seed %d: %d of %d events were taken in", seed, len(heard), total)
		}
	}
}

// Consul issues 14200, 9927: the queue of intents and events overflowed. Ten
// thousand events and ten thousand leaves at one member stay within the bounds.
func TestFloodOfEventsAndLeavesStaysWithinTheBounds(t *testing.T) {
	p := fuzzPool(t)
	for i := range 10_000 {
		m := &member{description: &description{Name: fmt.Sprint("m", i), ID: fmt.Sprint("id", i), Addr: hostAddr(100 + i%60000), Protocols: spoken}}
		p.Packet(1, hostAddr(2), message(appendClaim(nil, m, "")))
		m.State = Left
		p.Packet(1, hostAddr(2), message(appendClaim(nil, m, m.Name)))
		if _, err := p.Fire(1, UserEvent{Name: "e", Payload: make([]byte, MaxEventPayload)}); err != nil {
			t.Fatal(err)
		}
		p.Effects()
		if i%100 == 0 {
			checkQueue(t, &p.queue)
			checkQueue(t, &p.events.queue)
		}
	}
	st := p.Stats()
	if st.Queued > maxQueue || p.queue.bytes > maxQueueBytes || st.Events.Queued > maxEventQueue || p.events.queue.bytes > maxEventQueueBytes {
		t.Errorf("%d updates of %d bytes and %d events of %d bytes wait", st.Queued, p.queue.bytes, st.Events.Queued, p.events.queue.bytes)
	}
	if len(p.events.recent) != maxEvents || st.Dropped.Full == 0 {
		t.Errorf("%d events in memory, %d drops counted", len(p.events.recent), st.Dropped.Full)
	}
}

// The largest event fits into the smallest packet.
func TestLargestEventFitsIntoAPacket(t *testing.T) {
	long := strings.Repeat("x", MaxEventName)
	e := UserEvent{Time: maxLamport, Name: long, Payload: make([]byte, MaxEventPayload), Filter: EventFilter{long, long, long}}
	header := len(appendHeader(nil, strings.Repeat("l", MaxLabel)))
	if n := header + len(appendEvent(nil, e)); n > MinPacket {
		t.Errorf("a datagram of %d bytes, at most %d", n, MinPacket)
	}
}

func TestFireRefusesWhatIsOverABound(t *testing.T) {
	p := fuzzPool(t)
	p.Effects()
	long := strings.Repeat("x", MaxEventName+1)
	for _, e := range []UserEvent{
		{Name: long}, {Name: "e", Payload: make([]byte, MaxEventPayload+1)},
		{Name: "e", Filter: EventFilter{Node: long}}, {Name: "e", Filter: EventFilter{Service: long}}, {Name: "e", Filter: EventFilter{Tag: long}},
	} {
		if _, err := p.Fire(1, e); !errors.Is(err, ErrEventTooLarge) {
			t.Errorf("name of %d bytes, payload of %d: %v", len(e.Name), len(e.Payload), err)
		}
	}
	if _, err := p.Fire(1, UserEvent{}); err == nil {
		t.Error("an event without a name was fired")
	}
	if p.HasEffects() {
		t.Error("what was refused has effects")
	}
	p.Leave(2)
	if _, err := p.Fire(3, UserEvent{Name: "e"}); !errors.Is(err, errLeaving) {
		t.Errorf("fired while leaving: %v", err)
	}
}

// News of members does not wait behind user events: while one member fires
// without end, the failure of another is known to all as soon as without that.
func TestEventsDoNotDelayNewsOfMembers(t *testing.T) {
	spread := func(storm int) time.Duration {
		g := newGroup(t, 3)
		g.settled(16)
		n1 := g.node("n1")
		for range storm {
			n1.pool.Fire(g.now, UserEvent{Name: "storm", Payload: make([]byte, 400)})
		}
		g.serve(n1)
		from := g.now
		n1.pool.SetTags(g.now, map[string]string{"new": "1"})
		g.serve(n1)
		known := func() bool {
			for _, n := range g.nodes {
				if m, _ := n.pool.Member("n1"); m.Tags["new"] == "" {
					return false
				}
			}
			return true
		}
		if !g.runUntil(time.Minute, known) {
			t.Fatal("the news does not reach everybody")
		}
		return g.now - from
	}
	quiet, storm := spread(0), spread(2000)
	if storm > 2*quiet+time.Second {
		t.Errorf("news takes %v in a storm, %v without", storm, quiet)
	}
}
