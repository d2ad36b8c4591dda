package api

import (
	"encoding/json"
	"fmt"
	"hash/fnv"

	"praetor/catalog"
)

// AgentService is a service as its agent knows it, whatever the catalog says.
type AgentService struct {
	Kind              string `json:",omitempty"`
	ID                string
	Service           string
	Tags              []string
	Meta              map[string]string
	Port              int
	Address           string
	TaggedAddresses   map[string]catalog.ServiceAddress `json:",omitempty"`
	Weights           catalog.Weights
	EnableTagOverride bool
	Datacenter        string
	ContentHash       string `json:",omitempty"` // in answers about one service
}

// agentServiceRoutes are the services that are registered with this agent.
func (a *API) agentServiceRoutes() []route {
	return []route{
		{path: "/v1/agent/services", local: true, methods: []method{{"GET", "", a.agentServices}}},
		{path: "/v1/agent/service/", local: true, methods: []method{{"GET", "", a.agentService}}},
		{path: "/v1/agent/service/register", local: true,
			methods: []method{{"PUT", "replace-existing-checks", a.agentServiceRegister}}},
		{path: "/v1/agent/service/deregister/", local: true, methods: []method{{"PUT", "", a.agentServiceDeregister}}},
		{path: "/v1/agent/service/maintenance/", local: true,
			methods: []method{{"PUT", "enable reason", a.agentServiceMaintenance}}},
	}
}

// agentServices answers all services by ID.
func (a *API) agentServices(*call) (any, error) {
	services := make(map[string]AgentService)
	for _, s := range a.cfg.Agent.Services() {
		services[s.ID] = a.agentServiceShape(s)
	}
	return services, nil
}

// agentService answers one service, with a hash of what is answered.
func (a *API) agentService(c *call) (any, error) {
	for _, s := range a.cfg.Agent.Services() {
		if s.ID != c.rest {
			continue
		}
		shape := a.agentServiceShape(s)
		b, err := json.Marshal(shape)
		if err != nil {
			return nil, err
		}
		hash := fnv.New64a()
		_, _ = hash.Write(b) // a hash takes everything
		shape.ContentHash = fmt.Sprintf("%016x", hash.Sum64())
		c.w.Header().Set("X-Consul-Contenthash", shape.ContentHash)
		return shape, nil
	}
	return nil, Missingf("unknown service ID: %s. Ensure that the service ID is passed, not the service name.", c.rest)
}

func (a *API) agentServiceShape(s *catalog.Service) AgentService {
	return AgentService{
		Kind: s.Kind, ID: s.ID, Service: s.Service, Tags: orEmpty(s.Tags), Meta: orEmptyMap(s.Meta),
		Port: s.Port, Address: s.Address, TaggedAddresses: s.TaggedAddresses, Weights: s.Weights,
		EnableTagOverride: s.EnableTagOverride, Datacenter: a.cfg.Datacenter,
	}
}

func (a *API) agentServiceRegister(c *call) (any, error) {
	var def ServiceDefinition
	if err := c.decode(&def); err != nil {
		return nil, err
	}
	if err := def.check(); err != nil {
		return nil, err
	}
	return nil, a.cfg.Agent.RegisterService(c.r.Context(), def, c.q.flag("replace-existing-checks"))
}

func (a *API) agentServiceDeregister(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing service ID: the path is /v1/agent/service/deregister/ID")
	}
	return nil, a.cfg.Agent.DeregisterService(c.r.Context(), c.rest)
}

func (a *API) agentServiceMaintenance(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing service ID: the path is /v1/agent/service/maintenance/ID")
	}
	return a.maintenance(c, c.rest)
}
