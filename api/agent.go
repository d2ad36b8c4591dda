package api

import "cmp"

// Member is a member of the gossip pool. The JSON is that of Consul's
// /v1/agent/members.
type Member struct {
	Name   string
	Addr   string // an IP address
	Port   uint16
	Tags   map[string]string // "role" is "consul" on a server and "node" on a client; "dc", "id", "build", "port", ...
	Status MemberStatus

	// The versions of the gossip protocol that the member speaks. Those of the
	// delegate are there because Consul's clients expect them.
	ProtocolMin, ProtocolMax, ProtocolCur uint8
	DelegateMin, DelegateMax, DelegateCur uint8
}

// MemberStatus is Consul's number for the state of a member.
type MemberStatus int

// The states of a member.
const (
	MemberAlive   MemberStatus = 1
	MemberLeaving MemberStatus = 2
	MemberLeft    MemberStatus = 3
	MemberFailed  MemberStatus = 4
)

func (s MemberStatus) String() string {
	switch s {
	case MemberAlive:
		return "alive"
	case MemberLeaving:
		return "leaving"
	case MemberLeft:
		return "left"
	case MemberFailed:
		return "failed"
	}
	return "none"
}

// Self is the answer of /v1/agent/self.
type Self struct {
	Config      SelfConfig
	DebugConfig map[string]any // the whole configuration, in no promised form
	Member      Member
	Stats       map[string]map[string]string // by group: "agent", "consul", "raft", "serf_lan", ...
	Meta        map[string]string            // of the node
}

// SelfConfig is the part of an agent's configuration that clients use.
type SelfConfig struct {
	Datacenter string
	NodeName   string
	NodeID     string
	Server     bool
	Revision   string
	Version    string
}

// agentRoutes are the agent itself and its gossip pool. Every agent answers
// them itself.
func (a *API) agentRoutes() []route {
	return []route{
		{path: "/v1/agent/self", local: true, methods: []method{{"GET", "", a.agentSelf}}},
		{path: "/v1/agent/version", local: true, methods: []method{{"GET", "", a.agentVersion}}},
		{path: "/v1/agent/metrics", local: true, methods: []method{{"GET", "format", a.agentMetrics}}},
		{path: "/v1/agent/members", local: true, methods: []method{{"GET", "wan", a.agentMembers}}},
		{path: "/v1/agent/join/", local: true, methods: []method{{"PUT", "wan", a.agentJoin}}},
		{path: "/v1/agent/leave", local: true, methods: []method{{"PUT", "", a.agentLeave}}},
		{path: "/v1/agent/force-leave/", local: true, methods: []method{{"PUT", "prune", a.agentForceLeave}}},
		{path: "/v1/agent/reload", local: true, methods: []method{{"PUT", "", a.agentReload}}},
		{path: "/v1/agent/maintenance", local: true, methods: []method{{"PUT", "enable reason", a.agentMaintenance}}},
	}
}

func (a *API) agentSelf(*call) (any, error) {
	self := a.cfg.Agent.Self()
	self.Meta = orEmptyMap(self.Meta)
	if self.DebugConfig == nil {
		self.DebugConfig = map[string]any{}
	}
	if self.Stats == nil {
		self.Stats = map[string]map[string]string{}
	}
	self.Member.Tags = orEmptyMap(self.Member.Tags)
	return self, nil
}

// Version is the answer of /v1/agent/version.
type Version struct {
	SHA          string
	BuildDate    string
	HumanVersion string
	FIPS         string
}

func (a *API) agentVersion(*call) (any, error) {
	cfg := a.cfg.Agent.Self().Config
	return Version{SHA: cfg.Revision, HumanVersion: cfg.Version}, nil
}

func (a *API) agentMembers(c *call) (any, error) {
	return mapped(a.cfg.Agent.Members(c.q.flag("wan")), func(m Member) Member {
		m.Tags = orEmptyMap(m.Tags)
		return m
	}), nil
}

func (a *API) agentJoin(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing address: the path is /v1/agent/join/ADDRESS")
	}
	return nil, a.cfg.Agent.Join(c.r.Context(), c.rest, c.q.flag("wan"))
}

func (a *API) agentLeave(c *call) (any, error) { return nil, a.cfg.Agent.Leave(c.r.Context()) }

func (a *API) agentForceLeave(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing node name: the path is /v1/agent/force-leave/NODE")
	}
	return nil, a.cfg.Agent.ForceLeave(c.r.Context(), c.rest, c.q.flag("prune"))
}

func (a *API) agentReload(c *call) (any, error) { return nil, a.cfg.Agent.Reload(c.r.Context()) }

func (a *API) agentMaintenance(c *call) (any, error) { return a.maintenance(c, "") }

// maintenance switches the maintenance mode of a service, or of the node for "".
func (a *API) maintenance(c *call, service string) (any, error) {
	if !c.q.has("enable") {
		return nil, Invalidf("Missing value for enable: add ?enable=true or ?enable=false")
	}
	reason := cmp.Or(c.q.text("reason"), defaultReason(service))
	return nil, a.cfg.Agent.Maintenance(c.r.Context(), service, c.q.flag("enable"), reason)
}

func defaultReason(service string) string {
	subject := "this node"
	if service != "" {
		subject = "this service"
	}
	return "Maintenance mode is enabled for " + subject + ", but no reason was provided. This is a default message."
}
