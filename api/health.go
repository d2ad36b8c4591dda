package api

import (
	"slices"

	"praetor/catalog"
	"praetor/internal/radix"
	"praetor/internal/server"
)

// healthRoutes are the checks, and the services as their checks say they are.
func (a *API) healthRoutes() []route {
	return []route{
		{path: "/v1/health/node/", methods: []method{{"GET", "", a.healthNode}}},
		{path: "/v1/health/checks/", methods: []method{{"GET", "near", a.healthChecks}}},
		{path: "/v1/health/service/", methods: []method{{"GET", "near passing tag node-meta", a.healthService}}},
		{path: "/v1/health/state/", methods: []method{{"GET", "near", a.healthState}}},
	}
}

// healthNode answers every check on a node.
func (a *API) healthNode(c *call) (any, error) {
	return a.readChecks(c, "node name", (*catalog.State).NodeChecks)
}

// healthChecks answers the checks of a service's instances.
func (a *API) healthChecks(c *call) (any, error) {
	return a.readChecks(c, "service name", (*catalog.State).ServiceChecks)
}

// healthState answers the checks in a state, or all of them.
func (a *API) healthState(c *call) (any, error) {
	states := []string{"", catalog.AnyState, catalog.Passing, catalog.Warning, catalog.Critical}
	if !slices.Contains(states, c.rest) {
		return nil, Invalidf("Invalid check state %q: expected any, passing, warning or critical", c.rest)
	}
	return a.readChecks(c, "check state", (*catalog.State).ChecksInState)
}

// readChecks answers the checks that list gives for the last part of the path,
// which is a what.
func (a *API) readChecks(c *call, what string,
	list func(*catalog.State, string, *radix.Waiter) ([]*catalog.Check, uint64)) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing %s: it is the last part of the path", what)
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		checks, index := list(v.Catalog, c.rest, w)
		checks = sortNear(c, v, checks, func(k *catalog.Check) string { return k.Node })
		return mapped(checks, checkShape), index
	})
}

// healthService answers the instances of a service with their checks; with
// ?passing, only those whose every check passes.
func (a *API) healthService(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing service name: the path is /v1/health/service/NAME")
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		list, index := v.Catalog.Instances(c.rest, w)
		list = kept(list, func(i catalog.Instance) bool {
			return c.q.selects(i) && (!c.q.flag("passing") || passing(i))
		})
		return mapped(sortNear(c, v, list, instanceNode), entryShape), index
	})
}

func passing(i catalog.Instance) bool {
	return !slices.ContainsFunc(i.Checks, func(c *catalog.Check) bool { return c.Status != catalog.Passing })
}
