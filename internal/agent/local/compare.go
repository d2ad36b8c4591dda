package local

import (
	"maps"
	"slices"
	"time"

	"praetor/catalog"
)

// Fetched takes the answer to a Fetch call: what the catalog holds is compared
// with what it should, and every difference becomes a write. An answer to a
// call that is not under way is ignored.
//
// No write is under way at the same time, so the view is exact in all that this
// agent ever wrote, and comparing it with the state of now, not of when the
// call began, never takes a fresh registration for one to remove.
func (s *State) Fetched(now time.Duration, id CallID, v View, err error) {
	w := s.sync.pending
	if w == nil || w.id != id || w.kind != Fetch {
		return
	}
	s.sync.pending = nil
	if err != nil {
		s.failed(now, w, err)
		return
	}
	s.node.synced = v.Node != nil && sameNode(v.Node, &s.cfg.Node)
	if !s.sync.fetched {
		s.resume(now, v.Checks)
	}
	s.compareServices(v.Services)
	s.compareChecks(v.Checks)
	interval := s.cfg.SyncInterval * time.Duration(s.sync.scale)
	s.sync.nextFull = now + interval/2 + s.upTo(interval)
	if s.sync.doubt > now {
		reachedDoubt.Hit()
		s.sync.nextFull = min(s.sync.nextFull, s.sync.doubt)
	}
	s.sync.fetched = true
	if len(s.dirtyGroups()) == 0 {
		s.recovered()
	}
}

func (s *State) compareServices(held []*catalog.Service) {
	seen := map[string]bool{}
	for _, h := range held {
		seen[h.ID] = true
		svc := s.services[h.ID]
		switch {
		case h.ID == reservedService:
		case svc == nil:
			reachedForeignService.Hit()
			s.services[h.ID] = &service{record: foreign, spec: *h}
			s.event(Foreign, h.ID, "service %s is in the catalog, but not of this agent: removing it; register it with the agent that it runs on", h.ID)
		case svc.gone:
			reachedStillThere.Hit()
			svc.synced = false
		default:
			if svc.spec.EnableTagOverride {
				svc.spec.Tags = slices.Clone(h.Tags)
			}
			svc.synced = sameService(&svc.spec, h)
		}
	}
	for _, id := range pick(s.services, func(svc *service) bool { return !seen[svc.spec.ID] }) {
		reachedMissing.Hit()
		s.services[id].synced = false
		if s.services[id].gone {
			delete(s.services, id)
		}
	}
}

func (s *State) compareChecks(held []*catalog.Check) {
	seen := map[string]bool{}
	for _, h := range held {
		seen[h.CheckID] = true
		c := s.checks[h.CheckID]
		switch {
		case h.CheckID == catalog.SerfHealth || h.ServiceID == reservedService:
		case c == nil:
			reachedForeignCheck.Hit()
			s.checks[h.CheckID] = &check{record: foreign, def: Check{ID: h.CheckID, ServiceID: h.ServiceID}, timers: timers{never, never, never}}
			s.event(Foreign, h.CheckID, "check %s is in the catalog, but not of this agent: removing it; register it with the agent that it runs on", h.CheckID)
		case c.gone:
			c.synced, c.moved = false, h.ServiceID != c.def.ServiceID
		default:
			c.synced, c.moved = s.agrees(c, h), h.ServiceID != c.def.ServiceID
		}
	}
	for _, id := range pick(s.checks, func(c *check) bool { return !seen[c.def.ID] }) {
		s.checks[id].synced = false
		if s.checks[id].gone {
			delete(s.checks, id)
		}
	}
}

// foreign is the record of an item that only the catalog has.
var foreign = record{gen: 1, gone: true}

// resume lets checks which have no result yet go on with the status that the
// catalog holds, in the first sync after the agent started: a restart of the
// agent shall not take every service out of discovery until its checks have
// run.
func (s *State) resume(now time.Duration, held []*catalog.Check) {
	for _, h := range held {
		c := s.liveCheck(h.CheckID)
		if c == nil || c.run.any || c.def.Status != "" || c.def.Probe.Kind == KindMaintenance || !validStatus(h.Status) {
			continue
		}
		reachedResumed.Hit()
		c.status, c.output = h.Status, tail(h.Output, min(c.def.Policy.OutputMax, s.cfg.OutputMax))
		c.run.any = true
		s.watchReap(now, c)
	}
	s.follow(now)
}

// agrees reports whether the catalog holds the check as it is. While a change
// of output waits for its time, the output does not count.
func (s *State) agrees(c *check, h *catalog.Check) bool {
	want := s.catalogCheck(c)
	return want.Name == h.Name && want.Status == h.Status && want.Notes == h.Notes &&
		want.ServiceID == h.ServiceID && want.Type == h.Type &&
		want.Interval == h.Interval && want.Timeout == h.Timeout &&
		(want.Output == h.Output || c.timers.flush != never)
}

// catalogCheck returns the check as the catalog shall hold it.
func (s *State) catalogCheck(c *check) catalog.Check {
	out := catalog.Check{
		Node:      s.cfg.Node.Node,
		CheckID:   c.def.ID,
		Name:      c.def.Name,
		Status:    c.status,
		Notes:     c.def.Notes,
		Output:    c.output,
		ServiceID: c.def.ServiceID,
		Type:      string(c.def.Probe.Kind),
		Interval:  timeText(c.def.Probe.Interval),
		Timeout:   timeText(c.def.Probe.Timeout),
	}
	if s.cfg.DiscardOutput {
		out.Output = ""
	}
	if svc := s.services[c.def.ServiceID]; svc != nil {
		out.ServiceName, out.ServiceTags = svc.spec.Service, slices.Clone(svc.spec.Tags)
	}
	return out
}

func timeText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// sameRegistration reports whether two definitions of a check look the same
// in the catalog.
func sameRegistration(a, b *Check) bool {
	return a.Name == b.Name && a.Notes == b.Notes && a.ServiceID == b.ServiceID && a.Probe.Kind == b.Probe.Kind &&
		a.Probe.Interval == b.Probe.Interval && a.Probe.Timeout == b.Probe.Timeout
}

// sameService compares all but the indexes. Absent and empty are the same.
func sameService(a, b *catalog.Service) bool {
	return a.Kind == b.Kind && a.ID == b.ID && a.Service == b.Service && slices.Equal(a.Tags, b.Tags) &&
		a.Address == b.Address && maps.Equal(a.TaggedAddresses, b.TaggedAddresses) && maps.Equal(a.Meta, b.Meta) &&
		a.Port == b.Port && a.Weights == b.Weights && a.EnableTagOverride == b.EnableTagOverride
}

// sameNode compares all but the indexes. Absent and empty are the same.
func sameNode(a, b *catalog.Node) bool {
	return a.ID == b.ID && a.Node == b.Node && a.Address == b.Address && a.Datacenter == b.Datacenter &&
		maps.Equal(a.TaggedAddresses, b.TaggedAddresses) && maps.Equal(a.Meta, b.Meta)
}

// cloneService returns a copy that shares nothing that can be written to.
func cloneService(s catalog.Service) catalog.Service {
	s.Tags = slices.Clone(s.Tags)
	s.TaggedAddresses = maps.Clone(s.TaggedAddresses)
	s.Meta = maps.Clone(s.Meta)
	return s
}
