package client

import (
	"context"
	"net/url"
	"strconv"

	"praetor/api"
)

// Agent speaks to the agent itself: its gossip pool, its services and checks.
type Agent struct{ c *Client }

// Self describes the agent.
func (k Agent) Self(ctx context.Context) (self api.Self, err error) {
	_, err = k.c.get(ctx, "/v1/agent/self", nil, &self)
	return self, err
}

// Members returns the members of the gossip pool that the agent knows of; wan
// chooses the pool between datacenters.
func (k Agent) Members(ctx context.Context, wan bool) (list []api.Member, err error) {
	_, err = k.c.get(ctx, "/v1/agent/members", switches("wan", wan), &list)
	return list, err
}

// Join makes the agent join the pool that the agent at addr is in.
func (k Agent) Join(ctx context.Context, addr string, wan bool) error {
	return k.c.put(ctx, "/v1/agent/join/"+addr, switches("wan", wan), nil)
}

// Leave makes the agent leave its pool and stop.
func (k Agent) Leave(ctx context.Context) error { return k.c.put(ctx, "/v1/agent/leave", nil, nil) }

// ForceLeave turns a failed member into one that left; with prune the pool
// forgets it.
func (k Agent) ForceLeave(ctx context.Context, node string, prune bool) error {
	return k.c.put(ctx, "/v1/agent/force-leave/"+node, switches("prune", prune), nil)
}

// Reload makes the agent read its configuration files again.
func (k Agent) Reload(ctx context.Context) error { return k.c.put(ctx, "/v1/agent/reload", nil, nil) }

// Services returns the agent's services by ID.
func (k Agent) Services(ctx context.Context) (byID map[string]api.AgentService, err error) {
	_, err = k.c.get(ctx, "/v1/agent/services", nil, &byID)
	return byID, err
}

// Checks returns the agent's checks by ID.
func (k Agent) Checks(ctx context.Context) (byID map[string]api.Check, err error) {
	_, err = k.c.get(ctx, "/v1/agent/checks", nil, &byID)
	return byID, err
}

// RegisterService adds or replaces a service of the agent, and its checks.
func (k Agent) RegisterService(ctx context.Context, d api.ServiceDefinition) error {
	return k.c.put(ctx, "/v1/agent/service/register", nil, d)
}

// DeregisterService removes a service of the agent, and its checks.
func (k Agent) DeregisterService(ctx context.Context, id string) error {
	return k.c.put(ctx, "/v1/agent/service/deregister/"+id, nil, nil)
}

// RegisterCheck adds or replaces a check of the agent.
func (k Agent) RegisterCheck(ctx context.Context, d api.CheckDefinition) error {
	return k.c.put(ctx, "/v1/agent/check/register", nil, d)
}

// DeregisterCheck removes a check of the agent.
func (k Agent) DeregisterCheck(ctx context.Context, id string) error {
	return k.c.put(ctx, "/v1/agent/check/deregister/"+id, nil, nil)
}

// UpdateTTL sets the status ("passing", "warning" or "critical") and the output
// of a TTL check.
func (k Agent) UpdateTTL(ctx context.Context, id, status, output string) error {
	return k.c.put(ctx, "/v1/agent/check/update/"+id, nil, api.CheckUpdate{Status: status, Output: output})
}

// Maintenance switches the maintenance mode of a service, or of the whole node
// for service "".
func (k Agent) Maintenance(ctx context.Context, service string, on bool, reason string) error {
	path := "/v1/agent/maintenance"
	if service != "" {
		path = "/v1/agent/service/maintenance/" + service
	}
	return k.c.put(ctx, path, url.Values{"enable": {strconv.FormatBool(on)}, "reason": {reason}}, nil)
}

// switches is the query of a flag that may be on.
func switches(name string, on bool) url.Values {
	if !on {
		return nil
	}
	return url.Values{name: {""}}
}
