package api

import (
	"strings"

	"praetor/catalog"
)

// agentCheckRoutes are the checks that are registered with this agent.
func (a *API) agentCheckRoutes() []route {
	return []route{
		{path: "/v1/agent/checks", local: true, methods: []method{{"GET", "", a.agentChecks}}},
		{path: "/v1/agent/check/register", local: true, methods: []method{{"PUT", "", a.agentCheckRegister}}},
		{path: "/v1/agent/check/deregister/", local: true, methods: []method{{"PUT", "", a.agentCheckDeregister}}},
		{path: "/v1/agent/check/pass/", local: true, methods: []method{{"PUT", "note", a.agentCheckNote(catalog.Passing)}}},
		{path: "/v1/agent/check/warn/", local: true, methods: []method{{"PUT", "note", a.agentCheckNote(catalog.Warning)}}},
		{path: "/v1/agent/check/fail/", local: true, methods: []method{{"PUT", "note", a.agentCheckNote(catalog.Critical)}}},
		{path: "/v1/agent/check/update/", local: true, methods: []method{{"PUT", "", a.agentCheckUpdate}}},
	}
}

// agentChecks answers all checks by ID.
func (a *API) agentChecks(*call) (any, error) {
	checks := make(map[string]Check)
	for _, c := range a.cfg.Agent.Checks() {
		checks[c.CheckID] = checkShape(c)
	}
	return checks, nil
}

func (a *API) agentCheckRegister(c *call) (any, error) {
	var def CheckDefinition
	if err := c.decode(&def); err != nil {
		return nil, err
	}
	if err := def.check(); err != nil {
		return nil, err
	}
	return nil, a.cfg.Agent.RegisterCheck(c.r.Context(), def)
}

func (a *API) agentCheckDeregister(c *call) (any, error) {
	if err := checkID(c.rest); err != nil {
		return nil, err
	}
	return nil, a.cfg.Agent.DeregisterCheck(c.r.Context(), c.rest)
}

// agentCheckNote sets a TTL check to the status, with ?note as its output.
func (a *API) agentCheckNote(status string) handler {
	return func(c *call) (any, error) {
		if err := checkID(c.rest); err != nil {
			return nil, err
		}
		return nil, a.cfg.Agent.UpdateTTL(c.r.Context(), c.rest, status, clip(c.q.text("note")))
	}
}

// CheckUpdate is the body of PUT /v1/agent/check/update.
type CheckUpdate struct{ Status, Output string }

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (u *CheckUpdate) UnmarshalJSON(b []byte) error {
	return decodeFields(b, fields{"status": &u.Status, "output": &u.Output})
}

func (a *API) agentCheckUpdate(c *call) (any, error) {
	if err := checkID(c.rest); err != nil {
		return nil, err
	}
	var u CheckUpdate
	if err := c.decode(&u); err != nil {
		return nil, err
	}
	if u.Status == "" {
		return nil, Invalidf("Missing check status: expected passing, warning or critical")
	}
	if err := checkStatus(u.Status); err != nil {
		return nil, err
	}
	return nil, a.cfg.Agent.UpdateTTL(c.r.Context(), c.rest, u.Status, clip(u.Output))
}

func checkID(id string) error {
	if id == "" {
		return Invalidf("Missing check ID: it is the last part of the path")
	}
	return nil
}

// clip cuts an output to what the catalog takes, and says so.
func clip(output string) string {
	const mark = " ... (cut)"
	if len(output) <= catalog.MaxOutput {
		return output
	}
	return strings.ToValidUTF8(output[:catalog.MaxOutput-len(mark)], "") + mark // not half a letter
}
