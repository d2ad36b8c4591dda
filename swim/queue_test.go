package swim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// naiveQueue says what a queue must do: a list, sorted anew each time.
type naiveQueue struct {
	list []naiveUpdate
	age  int
}

type naiveUpdate struct {
	about, data string
	sent, age   int
}

func (q *naiveQueue) put(about, data string) {
	for i, u := range q.list {
		if u.about == about && u.sent == 0 {
			q.list[i].data = data
			return
		}
	}
	q.list = slices.DeleteFunc(q.list, func(u naiveUpdate) bool { return u.about == about })
	q.age++
	q.list = append(q.list, naiveUpdate{about: about, data: data, age: q.age})
}

func (q *naiveQueue) fill(size, limit int, except string) string {
	// Least sent first, of those the one last queued or sent.
	slices.SortStableFunc(q.list, func(a, b naiveUpdate) int {
		if a.sent != b.sent {
			return a.sent - b.sent
		}
		return b.age - a.age
	})
	var out strings.Builder
	var taken []int
	for i, u := range q.list {
		if u.about != except && out.Len()+len(u.data) <= size {
			out.WriteString(u.data)
			taken = append(taken, i)
		}
	}
	for _, i := range slices.Backward(taken) {
		q.age++
		q.list[i].sent++
		q.list[i].age = q.age
	}
	q.list = slices.DeleteFunc(q.list, func(u naiveUpdate) bool { return u.sent >= limit })
	return out.String()
}

// The tiers do what the sorted list does, for any puts, drops and fills.
func TestQueueMatchesASortedList(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 1))
		q := newQueue(maxQueue, maxQueueBytes)
		var naive naiveQueue
		limit := 1 + rng.IntN(6)
		for step := range 200 {
			about := fmt.Sprint("m", rng.IntN(12))
			switch k := rng.IntN(10); {
			case k < 5:
				data := strings.Repeat(string(rune('a'+rng.IntN(26))), 1+rng.IntN(9))
				q.put(about, []byte(data))
				naive.put(about, data)
			case k == 5:
				q.drop(about)
				naive.list = slices.DeleteFunc(naive.list, func(u naiveUpdate) bool { return u.about == about })
			default:
				size := rng.IntN(40)
				got, want := string(q.fill(nil, size, limit, about)), naive.fill(size, limit, about)
				if got != want {
					t.Fatalf("seed %d step %d: filled %q, want %q", seed, step, got, want)
				}
			}
			checkQueue(t, &q)
			if q.len() != len(naive.list) {
				t.Fatalf("seed %d step %d: %d updates, want %d", seed, step, q.len(), len(naive.list))
			}
		}
	}
}

// At the bound the update that was sent most often makes room.
func TestFullQueueDropsWhatMostMembersHave(t *testing.T) {
	q := newQueue(maxQueue, maxQueueBytes)
	q.put("first", []byte("x"))
	q.fill(nil, 100, 9, "")
	for i := range maxQueue - 1 {
		if !q.put(fmt.Sprint(i), []byte("y")) {
			t.Fatalf("no room for update %d", i)
		}
	}
	if q.put("last", []byte("z")) {
		t.Error("put over the bound reports no drop")
	}
	if q.has("first") || !q.has("last") || q.len() != maxQueue {
		t.Errorf("has first: %v, has last: %v, %d updates", q.has("first"), q.has("last"), q.len())
	}
}

// A packet is filled in bounded time, though many updates do not fit.
func TestFillLooksPastABoundedNumberOfUpdates(t *testing.T) {
	q := newQueue(maxQueue, maxQueueBytes)
	q.put("small", []byte("s"))
	for i := range skipLimit + 1 {
		q.put(fmt.Sprint(i), []byte(strings.Repeat("x", 50)))
	}
	if got := q.fill(nil, 10, 3, ""); len(got) != 0 {
		t.Errorf("filled %q", got)
	}
	if got := q.fill(nil, 60, 3, ""); len(got) != 50 {
		t.Errorf("filled %d bytes, want 50", len(got))
	}
	if q.len() != skipLimit+2 {
		t.Errorf("%d updates left, want %d", q.len(), skipLimit+2)
	}
}

// checkQueue counts what the queue keeps count of.
func checkQueue(t *testing.T, q *queue) {
	t.Helper()
	bytes, husks, kept := 0, 0, 0
	for _, tier := range q.tiers {
		for _, u := range tier {
			if u.data == nil {
				husks++
				continue
			}
			bytes += len(u.data)
			kept++
		}
	}
	if bytes != q.bytes || husks != q.husks || kept != q.len() {
		t.Fatalf("walked %d updates of %d bytes and %d husks, counted %d, %d and %d", kept, bytes, husks, q.len(), q.bytes, q.husks)
	}
	if q.len() > q.maxLen || bytes > q.maxBytes || husks > maxHusks+q.len()+1 {
		t.Fatalf("%d updates of %d bytes and %d husks: over the bound", kept, bytes, husks)
	}
}

// Consul issues 14200, 9927: under a flood of news the queue grew without end.
// Here neither the updates nor their bytes nor what is left of superseded ones
// pass the bound, whether the news is of many members or of few, and though
// most of it is never sent.
func TestQueueStaysWithinItsBoundUnderAFlood(t *testing.T) {
	for _, members := range []int{1, 100, 3000, 100_000} {
		rng := rand.New(rand.NewPCG(1, uint64(members)))
		q := newQueue(1000, 64<<10)
		for i := range 20_000 {
			q.put(fmt.Sprint(rng.IntN(members)), make([]byte, 1+rng.IntN(500)))
			if i%30 == 0 { // so seldom that the upper tiers are never come to
				q.fill(nil, 1400, 8, "")
			}
			if i%50 == 0 {
				checkQueue(t, &q)
			}
		}
		checkQueue(t, &q)
	}
}
