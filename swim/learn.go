package swim

import "time"

// Learn makes members of all in the list at once, as if the group had settled
// long ago: they are alive, and nobody is told of it. This member itself and
// those it knows are left out. A driver has no use for it: it is for
// simulations and benchmarks of large groups, whose joining would take longer
// than what is to be seen.
func (p *Pool) Learn(now time.Duration, list []Member) {
	p.at(now)
	s := &p.members
	if len(s.byName) < len(list) {
		larger := make(map[string]*member, len(list))
		for _, m := range s.ring {
			larger[m.Name] = m
		}
		larger[p.self.Name] = p.self
		s.byName = larger
	}
	made := make([]member, 0, len(list)) // together, which is smaller
	for _, m := range list {
		if s.byName[m.Name] != nil || len(s.byName) >= MaxMembers {
			continue
		}
		tags, err := encodeTags(m.Tags)
		if err != nil {
			continue
		}
		c := claim{Name: []byte(m.Name), ID: []byte(m.ID), Addr: m.Addr, Tags: []byte(tags), Protocols: m.Protocols}
		made = append(made, member{description: p.cfg.Shared.description(c), Incarnation: m.Incarnation, changed: p.now})
		one := &made[len(made)-1]
		s.byName[one.Name] = one
		s.ring = append(s.ring, one)
		s.live++
	}
	p.cfg.Rand.Shuffle(len(s.ring), func(i, j int) { s.ring[i], s.ring[j] = s.ring[j], s.ring[i] })
}
