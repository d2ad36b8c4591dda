package local

import "fmt"

// check returns the first broken invariant of the state, or nil. Tests call it
// after every step.
func (s *State) check() error {
	for _, id := range sortedKeys(s.services) {
		svc := s.services[id]
		switch {
		case svc.spec.ID != id:
			return fmt.Errorf("service %s stands under %s", svc.spec.ID, id)
		case svc.gone && svc.synced:
			return fmt.Errorf("service %s is gone from the catalog and still kept", id)
		}
	}
	for _, id := range sortedKeys(s.checks) {
		c := s.checks[id]
		switch {
		case c.def.ID != id:
			return fmt.Errorf("check %s stands under %s", c.def.ID, id)
		case c.gone && c.synced:
			return fmt.Errorf("check %s is gone from the catalog and still kept", id)
		case c.gone && c.timers != timers{never, never, never}:
			return fmt.Errorf("check %s is gone and its timers run", id)
		case !c.gone && c.def.ServiceID != "" && s.liveService(c.def.ServiceID) == nil:
			return fmt.Errorf("check %s is there without its service %s", id, c.def.ServiceID)
		case !c.gone && !validStatus(c.status):
			return fmt.Errorf("check %s has status %q", id, c.status)
		}
	}
	if p := s.sync.pending; p != nil && p.id != s.sync.lastID {
		return fmt.Errorf("call %d is under way, and call %d was made after it", p.id, s.sync.lastID)
	}
	return nil
}
