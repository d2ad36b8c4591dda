package sim

import (
	"fmt"
	"strconv"
)

const expectServicesUsage = `
    service NAME N          every server's catalog has N instances that may be used
    registered NAME N       every server's catalog has N instances, healthy or not
    node NAME | no node NAME    every server's catalog has it, or has not
    status HOST ID STATUS   the leader's catalog says that of an instance's check
    queues N                no agent has more updates waiting to be gossiped`

// serviceCondition returns the function that says whether an expectation about
// the catalog or gossip holds, or nil if it is about something else.
func (p *player) serviceCondition(args []string) (func() bool, error) {
	switch {
	case (args[0] == "service" || args[0] == "registered") && len(args) == 3:
		return p.hasInstances(args[0] == "service", args[1], args[2])
	case args[0] == "node" && len(args) == 2:
		return p.everyServer(func(h *host) bool { return h.proc.hasNode(args[1]) }), nil
	case args[0] == "no" && len(args) == 3 && args[1] == "node":
		return p.everyServer(func(h *host) bool { return !h.proc.hasNode(args[2]) }), nil
	case args[0] == "status" && len(args) == 4:
		return func() bool { l := p.leader(); return l != nil && l.proc.instanceStatus(args[1], args[2]) == args[3] }, nil
	case args[0] == "queues" && len(args) == 2:
		most, err := strconv.Atoi(args[1])
		if err != nil {
			return nil, fmt.Errorf("%q is not a number", args[1])
		}
		return p.everyone(p.upIn, func(h *host) bool { return h.proc.core.GossipStats().Queued <= most }), nil
	}
	return nil, nil
}

func (p *player) hasInstances(healthy bool, service, number string) (func() bool, error) {
	want, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("%q is not a number", number)
	}
	return p.everyServer(func(h *host) bool {
		c := h.proc.server.View().Catalog
		if healthy {
			return len(usable(c, service)) == want
		}
		is, _ := c.Instances(service, nil)
		return len(is) == want
	}), nil
}

func (p *process) hasNode(name string) bool {
	n, _ := p.server.View().Catalog.Node(name, nil)
	return n != nil
}

// instanceStatus returns the status of the checks of an instance in the catalog,
// or absent.
func (p *process) instanceStatus(node, id string) string {
	checks, _ := p.server.View().Catalog.NodeChecks(node, nil)
	for _, c := range checks {
		if c.ServiceID == id {
			return c.Status
		}
	}
	return absent
}
