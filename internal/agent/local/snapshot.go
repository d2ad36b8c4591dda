package local

import (
	"maps"
	"slices"

	"praetor/catalog"
)

// ServiceState is one service of this agent, as it stands.
type ServiceState struct {
	Service catalog.Service
	Source  Source
	Synced  bool // the catalog agrees, as far as this agent knows
}

// Services returns a copy of the services, in the order of their IDs.
func (s *State) Services() []ServiceState {
	var out []ServiceState
	for _, id := range pick(s.services, func(svc *service) bool { return !svc.gone }) {
		svc := s.services[id]
		out = append(out, ServiceState{cloneService(svc.spec), svc.source, svc.synced})
	}
	return out
}

// CheckState is one check of this agent, as it stands.
type CheckState struct {
	Check      catalog.Check
	Definition Check
	Synced     bool // the catalog agrees, as far as this agent knows
}

// Checks returns a copy of the checks, in the order of their IDs.
func (s *State) Checks() []CheckState {
	var out []CheckState
	for _, id := range pick(s.checks, func(c *check) bool { return !c.gone }) {
		c := s.checks[id]
		out = append(out, CheckState{s.catalogCheck(c), c.def.clone(), c.synced})
	}
	return out
}

// Health returns the worst status among the node's checks and, unless id is
// "", the service's. It is "maintenance" if a maintenance check is among them.
func (s *State) Health(serviceID string) string {
	worst := catalog.Passing
	for _, c := range s.checks { // unordered: the worst of all is the same in any order
		switch {
		case c.gone || c.def.ServiceID != "" && c.def.ServiceID != serviceID:
		case c.def.Probe.Kind == KindMaintenance:
			return string(KindMaintenance)
		default:
			worst = Worse(worst, c.status)
		}
	}
	return worst
}

// clone returns a copy that shares nothing that can be written to.
func (c Check) clone() Check {
	c.Probe.Args = slices.Clone(c.Probe.Args)
	c.Probe.Request.Header = maps.Clone(c.Probe.Request.Header)
	return c
}

// pick returns the keys of the entries that match, in order: the one place
// where a map is walked for its order to matter.
func pick[V any](m map[string]V, match func(V) bool) []string {
	var keys []string
	for k, v := range m {
		if match(v) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
