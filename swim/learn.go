package swim

import "time"

// Learn makes members of all these Pools' own members at once, as if the group
// had settled long ago: they are alive, and nobody is told of it. This Pool
// itself and whom it knows are left out. A driver has no use for it: it is for
// simulations of large groups, whose joining would take longer than what is to
// be seen.
func (p *Pool) Learn(now time.Duration, group []*Pool) {
	p.at(now)
	s := &p.members
	larger := make(map[string]*member, len(group))
	larger[p.self.Name] = p.self
	for _, m := range s.ring {
		larger[m.Name] = m
	}
	s.byName = larger
	made := make([]member, 0, len(group)) // together, which is smaller
	for _, q := range group {
		if s.byName[q.self.Name] != nil || len(s.byName) >= MaxMembers {
			continue
		}
		made = append(made, member{description: q.self.description, Incarnation: q.self.Incarnation, changed: p.now})
		m := &made[len(made)-1]
		s.byName[m.Name] = m
		s.ring = append(s.ring, m)
		s.live++
	}
	p.cfg.Rand.Shuffle(len(s.ring), func(i, j int) { s.ring[i], s.ring[j] = s.ring[j], s.ring[i] })
}
