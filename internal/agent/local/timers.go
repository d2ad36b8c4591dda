package local

import (
	"strings"
	"time"

	"praetor/catalog"
)

// Deadline returns when Tick is due next. It may lie in the past.
func (s *State) Deadline() time.Duration {
	due := never
	if p := &s.sync; p.pending == nil {
		due = max(p.nextFull, p.retryAt)
		if len(s.dirtyGroups()) > 0 {
			due = p.retryAt
		}
	}
	for _, c := range s.checks { // unordered: the least of all is the same in any order
		due = min(due, c.timers.expire, c.timers.reap, c.timers.flush)
	}
	return due
}

// Tick does what has become due: TTL checks without a report turn critical,
// services whose checks were critical for too long are deregistered, and
// changes of output that have waited long enough are sent.
func (s *State) Tick(now time.Duration) {
	due := pick(s.checks, func(c *check) bool {
		return min(c.timers.expire, c.timers.reap, c.timers.flush) <= now
	})
	for _, id := range due {
		c := s.checks[id]
		if c.timers.expire <= now {
			reachedExpired.Hit()
			c.timers.expire = never
			s.settle(now, c, catalog.Critical, expired(c.output))
		}
		if c.timers.flush <= now {
			c.timers.flush = never
			c.change()
		}
	}
	for _, id := range due {
		c := s.checks[id]
		if c.gone || c.timers.reap > now {
			continue // an earlier check of the same service has removed it
		}
		reachedGivenUp.Hit()
		svc := c.def.ServiceID
		s.event(Reaped, svc, "service %s is deregistered: its check %s was critical for %v", svc, id, c.def.Policy.DeregisterAfter)
		s.RemoveService(now, svc)
	}
	s.follow(now)
}

// expired is the output of a TTL check that nobody reported to in time.
func expired(last string) string {
	const text = "TTL expired"
	switch {
	case last == "":
		return text
	case strings.HasPrefix(last, text): // it was so before the agent restarted
		return last
	}
	return text + " (last output before timeout follows): " + last
}
