package swim

import (
	"math/rand/v2"
	"slices"
	"time"
)

// A member is what the Pool keeps of a Member: who it is, what is believed of
// it, and since when. There may be many thousands, so it is small.
type member struct {
	*description
	Incarnation Incarnation
	changed     time.Duration
	suspicion   *suspicion // not nil exactly while State is Suspect
	State       State
}

// public returns m as it is published.
func (m *member) public() Member {
	return Member{
		Name: m.Name, ID: m.ID, Addr: m.Addr, Tags: m.Tags,
		State: m.State, Incarnation: m.Incarnation, Protocols: m.Protocols,
	}
}

func (m *member) standing() standing { return standing{m.State, m.Incarnation} }

// members is the group as this member sees it. Lookups go by name; every walk
// goes along the ring, never along the map, so that nothing depends on the
// map's order.
//
// The ring holds everyone but this member, in a random order that lasts for
// one pass of probing (swim 4.3): next is who is probed next, and at the end
// of the pass the ring is shuffled. Whoever joins gets a random place. So
// two probes of one member are at most 2n-1 periods apart: first in one pass,
// last in the next.
type members struct {
	byName map[string]*member // this member too
	ring   []*member
	next   int
	live   int // how many are Alive or Suspect, this member too
}

// insert puts a new member at a random place of the ring.
func (s *members) insert(m *member, rng *rand.Rand) {
	s.byName[m.Name] = m
	at := rng.IntN(len(s.ring) + 1)
	s.ring = slices.Insert(s.ring, at, m)
	if at < s.next {
		s.next++ // keep the member that was next in its turn
	}
	if m.State.live() {
		s.live++
	}
}

// advance returns the next live member to probe, or nil if there is none.
func (s *members) advance(rng *rand.Rand) *member {
	for range 2 * len(s.ring) {
		if s.next >= len(s.ring) {
			s.next = 0
			rng.Shuffle(len(s.ring), func(i, j int) { s.ring[i], s.ring[j] = s.ring[j], s.ring[i] })
		}
		m := s.ring[s.next]
		s.next++
		if m.State.live() {
			return m
		}
	}
	return nil
}

// pick returns k different members for which fit holds, at random, or all of
// them if there are fewer.
func (s *members) pick(rng *rand.Rand, k int, fit func(*member) bool) []*member {
	var picked []*member
	n := len(s.ring)
	take := func(m *member) {
		if len(picked) < k && fit(m) && !slices.Contains(picked, m) {
			picked = append(picked, m)
		}
	}
	for i := 0; i < 4*k && len(picked) < k && n > 0; i++ {
		take(s.ring[rng.IntN(n)])
	}
	if len(picked) < k && n > 0 { // few fit: look at all of them, from a random place
		start := rng.IntN(n)
		for i := range n {
			take(s.ring[(start+i)%n])
		}
	}
	return picked
}

// remove forgets the members of the ring for which gone holds, and returns them.
func (s *members) remove(gone func(*member) bool) []*member {
	var removed []*member
	kept := s.ring[:0]
	next := s.next
	for i, m := range s.ring {
		if !gone(m) {
			kept = append(kept, m)
			continue
		}
		if i < s.next {
			next--
		}
		delete(s.byName, m.Name)
		removed = append(removed, m)
	}
	clear(s.ring[len(kept):])
	s.ring, s.next = kept, next
	return removed
}

// set changes a member's standing and keeps count of the live.
func (s *members) set(m *member, st standing, now time.Duration) {
	if m.State.live() && !st.state.live() {
		s.live--
	}
	if !m.State.live() && st.state.live() {
		s.live++
	}
	if m.State != st.state {
		m.changed = now
	}
	m.State, m.Incarnation = st.state, st.incarnation
}
