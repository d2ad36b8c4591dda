package api

import (
	"net/http"
	"strings"

	"praetor/catalog"
)

// ServiceHealth is the answer of /v1/agent/health/service: a service of this
// agent with the worst status of its checks and of the node's.
type ServiceHealth struct {
	AggregatedStatus string
	Service          AgentService
	Checks           []Check
}

// agentHealthRoutes say by their HTTP status how a service of this agent is,
// for load balancers.
func (a *API) agentHealthRoutes() []route {
	return []route{
		{path: "/v1/agent/health/service/id/", local: true, methods: []method{{"GET", "format", a.agentHealthByID}}},
		{path: "/v1/agent/health/service/name/", local: true, methods: []method{{"GET", "format", a.agentHealthByName}}},
	}
}

// maintenance is the status of what is in maintenance mode, which is worse than
// critical.
const maintenance = "maintenance"

// healthStatus is the HTTP status that stands for each status, from the best to
// the worst.
var healthStatus = []struct {
	name string
	code int
}{
	{catalog.Passing, http.StatusOK},
	{catalog.Warning, http.StatusTooManyRequests},
	{catalog.Critical, http.StatusServiceUnavailable},
	{maintenance, http.StatusServiceUnavailable},
}

func (a *API) agentHealthByID(c *call) (any, error) {
	for _, s := range a.cfg.Agent.Services() {
		if s.ID == c.rest {
			h, rank := a.serviceHealth(s)
			return c.health(rank, h)
		}
	}
	return nil, Missingf("unknown service ID: %s. Ensure that the service ID is passed, not the service name.", c.rest)
}

// agentHealthByName answers all instances of the name on this agent, with the
// HTTP status of the worst.
func (a *API) agentHealthByName(c *call) (any, error) {
	var list []ServiceHealth
	worst := 0
	for _, s := range a.cfg.Agent.Services() {
		if s.Service == c.rest {
			h, rank := a.serviceHealth(s)
			list = append(list, h)
			worst = max(worst, rank)
		}
	}
	if len(list) == 0 {
		return nil, Missingf("unknown service name: %s", c.rest)
	}
	return c.health(worst, list)
}

// serviceHealth returns a service with its checks and the node's, and how bad
// the worst is, as an index of healthStatus.
func (a *API) serviceHealth(s *catalog.Service) (h ServiceHealth, worst int) {
	checks := kept(a.cfg.Agent.Checks(), func(c *catalog.Check) bool {
		return c.ServiceID == "" || c.ServiceID == s.ID
	})
	for _, c := range checks {
		worst = max(worst, healthRank(c))
	}
	return ServiceHealth{healthStatus[worst].name, a.agentServiceShape(s), mapped(checks, checkShape)}, worst
}

// healthRank is how bad a check is, as an index of healthStatus.
func healthRank(c *catalog.Check) int {
	if c.CheckID == "_node_maintenance" || strings.HasPrefix(c.CheckID, "_service_maintenance:") {
		return len(healthStatus) - 1
	}
	for rank, s := range healthStatus {
		if s.name == c.Status {
			return rank
		}
	}
	return len(healthStatus) - 1 // no status is worse than an unknown one
}

// health answers with the HTTP status of a rank: the value, or only the name of
// the status for who asked for text. ?format goes before the Accept header.
func (c *call) health(rank int, value any) (any, error) {
	s := healthStatus[rank]
	format := c.q.text("format")
	switch {
	case format == "text", format == "" && strings.HasPrefix(c.r.Header.Get("Accept"), "text/plain"):
		return graded{s.code, plain(s.name)}, nil
	case format == "", format == "json":
		return graded{s.code, value}, nil
	}
	return nil, Invalidf("Invalid format %q: expected json (as without it) or text", format)
}
