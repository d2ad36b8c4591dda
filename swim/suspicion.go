package swim

import (
	"math"
	"slices"
	"strings"
	"time"
)

// confirmations is K of lifeguard IV-B: so many accusers beyond the first
// bring a suspicion down to its shortest time.
const confirmations = 3

// A suspicion runs while a member is Suspect. At its end the member is
// declared dead, unless it has refuted.
//
// It starts long and each independent accuser shortens it. One slow member
// that suspects everybody finds nobody to agree; a dead member is accused by
// all:
//
//	timeout   max |*
//	              |      *
//	              |           *
//	          min |_________________*______
//	               0     1     2    3 = K   confirmations
type suspicion struct {
	start    time.Duration
	min, max time.Duration
	k        int      // confirmations that bring the timeout to min
	accusers []string // the first and those who confirmed, at most k+1
}

// due returns when the suspicion ends.
func (s *suspicion) due() time.Duration {
	return s.start + suspicionTimeout(s.min, s.max, len(s.accusers)-1, s.k)
}

// confirm notes an accuser and reports whether it counts: it is a new one,
// and there were less than k beyond the first.
func (s *suspicion) confirm(accuser string) bool {
	if len(s.accusers) > s.k || slices.Contains(s.accusers, accuser) {
		return false
	}
	s.accusers = append(s.accusers, accuser)
	return true
}

// suspicionTimeout is lifeguard's formula: from most at no confirmation down
// to least at k, by the logarithm, so that the first ones count most.
func suspicionTimeout(least, most time.Duration, confirmed, k int) time.Duration {
	if k < 1 {
		return least
	}
	share := math.Log(float64(confirmed+1)) / math.Log(float64(k+1))
	return max(least, most-time.Duration(share*float64(most-least)))
}

// shortestSuspicion is lifeguard's Min in a group of n live members.
func shortestSuspicion(mult, n int, interval time.Duration) time.Duration {
	scale := max(1, math.Log10(float64(max(n, 1))))
	return time.Duration(float64(mult) * scale * float64(interval))
}

// newSuspicion starts a suspicion that accuser brought up.
func (p *Pool) newSuspicion(accuser string) *suspicion {
	n := p.members.live
	least := shortestSuspicion(p.cfg.SuspicionMult, n, p.cfg.ProbeInterval)
	s := &suspicion{start: p.now, min: least, max: least, accusers: []string{accuser}}
	// Without K others who could confirm, waiting for them only takes longer:
	// the accused, the accuser and this member do not count.
	if !p.cfg.Disable.Suspicion && n-2 >= confirmations {
		s.max, s.k = least*time.Duration(p.cfg.SuspicionMaxMult), confirmations
	}
	return s
}

// suspects are the members under suspicion, in the order in which that began.
type suspects struct {
	list []*member
	due  time.Duration // the earliest end, or Never
}

func (s *suspects) add(m *member) {
	s.list = append(s.list, m)
	s.refresh()
}

func (s *suspects) remove(m *member) {
	if i := slices.Index(s.list, m); i >= 0 {
		s.list = slices.Delete(s.list, i, i+1)
		s.refresh()
	}
}

// refresh recomputes due after a suspicion began, ended or got shorter.
func (s *suspects) refresh() {
	s.due = Never
	for _, m := range s.list {
		s.due = min(s.due, m.suspicion.due())
	}
}

// expired returns the first suspect whose time is over, or nil.
func (s *suspects) expired(now time.Duration) *member {
	if now < s.due {
		return nil
	}
	for _, m := range s.list {
		if now >= m.suspicion.due() {
			return m
		}
	}
	return nil
}

// tickSuspects declares the suspects dead that did not refute in time.
func (p *Pool) tickSuspects() {
	for {
		m := p.suspects.expired(p.now)
		if m == nil {
			return
		}
		p.trace("%s failed at incarnation %d: suspected for %v, accused by %s", m.Name, m.Incarnation,
			(p.now - m.suspicion.start).Round(time.Millisecond), strings.Join(m.suspicion.accusers, ", "))
		reachedSuspicionEnds.Hit()
		p.end(m, standing{Dead, m.Incarnation}, p.self.Name)
	}
}
