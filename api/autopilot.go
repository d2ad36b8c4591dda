package api

import (
	"net/http"
	"time"

	"praetor/internal/server"
)

// AutopilotConfiguration is the JSON of /v1/operator/autopilot/configuration.
// The last three fields before the indexes are of Consul's paid edition: they
// are there so that its clients find them, and cannot be set.
type AutopilotConfiguration struct {
	CleanupDeadServers      bool
	LastContactThreshold    Duration
	MaxTrailingLogs         uint64
	MinQuorum               uint64
	ServerStabilizationTime Duration
	RedundancyZoneTag       string
	DisableUpgradeMigration bool
	UpgradeVersionTag       string
	CreateIndex             uint64
	ModifyIndex             uint64
}

// UnmarshalJSON leaves what the object does not name as it is.
func (c *AutopilotConfiguration) UnmarshalJSON(b []byte) error {
	return decodeFields(b, fields{
		"cleanupdeadservers": &c.CleanupDeadServers, "lastcontactthreshold": &c.LastContactThreshold,
		"maxtrailinglogs": &c.MaxTrailingLogs, "minquorum": &c.MinQuorum,
		"serverstabilizationtime": &c.ServerStabilizationTime,
		"redundancyzonetag":       new(unsupported), "disableupgrademigration": new(unsupported), "upgradeversiontag": new(unsupported),
		"createindex": &c.CreateIndex, "modifyindex": &c.ModifyIndex,
	})
}

func autopilotShape(c server.AutopilotConfig) AutopilotConfiguration {
	return AutopilotConfiguration{
		CleanupDeadServers: c.CleanupDeadServers, LastContactThreshold: Duration(c.LastContactThreshold),
		MaxTrailingLogs: c.MaxTrailingLogs, MinQuorum: c.MinQuorum,
		ServerStabilizationTime: Duration(c.ServerStabilizationTime),
	}
}

// ServerHealth is one server in the answer of /v1/operator/autopilot/health.
type ServerHealth struct {
	ID, Name, Address string
	SerfStatus        string // "alive", "failed", "left" or "none"
	Version           string
	Leader            bool
	LastContact       Duration
	LastTerm          uint64
	LastIndex         uint64
	Healthy           bool
	Voter             bool
	StableSince       time.Time
}

// OperatorHealth is the answer of /v1/operator/autopilot/health.
type OperatorHealth struct {
	Healthy          bool
	FailureTolerance int
	Servers          []ServerHealth
}

// AutopilotServer is one server in the answer of /v1/operator/autopilot/state.
type AutopilotServer struct {
	ID, Name, Address string
	NodeStatus        string
	Version           string
	LastContact       Duration
	LastTerm          uint64
	LastIndex         uint64
	Healthy           bool
	StableSince       time.Time
	ReadReplica       bool
	Status            string // "leader", "voter" or "non-voter"
	Meta              map[string]string
	NodeType          string // "voter"
}

// AutopilotState is the answer of /v1/operator/autopilot/state.
type AutopilotState struct {
	Healthy                    bool
	FailureTolerance           int
	OptimisticFailureTolerance int
	Servers                    map[string]AutopilotServer // by ID
	Leader                     string
	Voters                     []string
}

func (a *API) autopilotRoutes() []route {
	return []route{
		{path: "/v1/operator/autopilot/configuration", methods: []method{
			{"GET", "", a.autopilotGet},
			{"PUT", "cas", a.autopilotSet},
		}},
		{path: "/v1/operator/autopilot/health", methods: []method{{"GET", "", a.autopilotHealth}}},
		{path: "/v1/operator/autopilot/state", methods: []method{{"GET", "", a.autopilotState}}},
	}
}

func (a *API) autopilotGet(c *call) (any, error) {
	if err := a.cfg.Store.Barrier(c.r.Context(), c.q.mode); err != nil {
		return nil, err
	}
	v := a.cfg.Store.View()
	shape := autopilotShape(v.AutopilotConfig())
	shape.CreateIndex, shape.ModifyIndex = v.Autopilot.CreateIndex, v.Autopilot.ModifyIndex
	return shape, nil
}

// autopilotSet replaces the configuration: a field that the body leaves out
// gets its default, as in Consul. It answers true, or false if ?cas did not hold.
func (a *API) autopilotSet(c *call) (any, error) {
	shape := autopilotShape(server.DefaultAutopilot)
	if err := c.decode(&shape); err != nil {
		return nil, err
	}
	config := server.AutopilotConfig{
		CleanupDeadServers: shape.CleanupDeadServers, LastContactThreshold: time.Duration(shape.LastContactThreshold),
		MaxTrailingLogs: shape.MaxTrailingLogs, ServerStabilizationTime: time.Duration(shape.ServerStabilizationTime),
		MinQuorum: shape.MinQuorum,
	}
	if err := config.Validate(); err != nil {
		return nil, Invalidf("%v", err)
	}
	cmd := server.SetAutopilotCommand(config)
	if c.q.has("cas") {
		cmd = server.CASAutopilotCommand(config, c.q.number("cas"))
	}
	return boolOrError(a.write(c, cmd))
}

// autopilotHealth answers how the servers are, with 429 if one is not well.
func (a *API) autopilotHealth(c *call) (any, error) {
	h, err := a.cfg.Store.ServerHealth(c.r.Context())
	if err != nil {
		return nil, err
	}
	out := OperatorHealth{Healthy: h.Healthy, FailureTolerance: h.FailureTolerance, Servers: []ServerHealth{}}
	for _, s := range h.Servers {
		out.Servers = append(out.Servers, ServerHealth{
			ID: string(s.ID), Name: s.Name, Address: s.Address, SerfStatus: s.Gossip, Version: s.Version,
			Leader: s.Leader, LastContact: Duration(s.LastContact), LastTerm: uint64(s.LastTerm), LastIndex: uint64(s.LastIndex),
			Healthy: s.Healthy, Voter: s.Voter, StableSince: a.since(s.StableFor),
		})
	}
	if !out.Healthy {
		return graded{http.StatusTooManyRequests, out}, nil
	}
	return out, nil
}

// autopilotState answers the same in the form that newer clients ask for.
func (a *API) autopilotState(c *call) (any, error) {
	h, err := a.cfg.Store.ServerHealth(c.r.Context())
	if err != nil {
		return nil, err
	}
	out := AutopilotState{
		Healthy: h.Healthy, FailureTolerance: h.FailureTolerance, OptimisticFailureTolerance: h.FailureTolerance,
		Servers: map[string]AutopilotServer{}, Voters: []string{},
	}
	for _, s := range h.Servers {
		id, status := string(s.ID), "non-voter"
		if s.Voter {
			out.Voters, status = append(out.Voters, id), "voter"
		}
		if s.Leader {
			out.Leader, status = id, "leader"
		}
		out.Servers[id] = AutopilotServer{
			ID: id, Name: s.Name, Address: s.Address, NodeStatus: s.Gossip, Version: s.Version,
			LastContact: Duration(s.LastContact), LastTerm: uint64(s.LastTerm), LastIndex: uint64(s.LastIndex),
			Healthy: s.Healthy, StableSince: a.since(s.StableFor), Status: status, Meta: map[string]string{}, NodeType: "voter",
		}
	}
	return out, nil
}

// since returns the time of day so long ago, in whole seconds.
func (a *API) since(d time.Duration) time.Time {
	return a.cfg.Now().Add(-d).UTC().Truncate(time.Second)
}
