package api

import (
	"strings"

	"praetor/catalog"
	"praetor/internal/radix"
	"praetor/internal/server"
)

// catalogRoutes are the catalog as it is, whatever the health.
func (a *API) catalogRoutes() []route {
	return []route{
		{path: "/v1/catalog/register", methods: []method{{"PUT", "", a.catalogRegister}}},
		{path: "/v1/catalog/deregister", methods: []method{{"PUT", "", a.catalogDeregister}}},
		{path: "/v1/catalog/datacenters", methods: []method{{"GET", "", a.catalogDatacenters}}},
		{path: "/v1/catalog/nodes", methods: []method{{"GET", "near node-meta", a.catalogNodes}}},
		{path: "/v1/catalog/services", methods: []method{{"GET", "", a.catalogServices}}},
		{path: "/v1/catalog/service/", methods: []method{{"GET", "near tag node-meta", a.catalogService}}},
		{path: "/v1/catalog/node/", methods: []method{{"GET", "", a.catalogNode}}},
		{path: "/v1/catalog/node-services/", methods: []method{{"GET", "", a.catalogNodeServices}}},
	}
}

// catalogRegister writes a node, and with it a service and checks, straight
// into the catalog. The agent that owns the node will undo what it does not
// know of; this is for nodes without an agent.
func (a *API) catalogRegister(c *call) (any, error) {
	var body CatalogRegistration
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if err := a.checkDatacenter(body.Datacenter); err != nil {
		return nil, err
	}
	reg, err := body.registration(a.cfg.Datacenter)
	if err != nil {
		return nil, err
	}
	return boolOrError(a.write(c, server.RegisterCommand(reg)))
}

// catalogDeregister removes a check, a service or a whole node from the
// catalog. What is not there is removed already: that answers true too.
func (a *API) catalogDeregister(c *call) (any, error) {
	var body CatalogDeregistration
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if err := a.checkDatacenter(body.Datacenter); err != nil {
		return nil, err
	}
	if body.Node == "" {
		return nil, Invalidf("Must provide node: the field Node is missing or empty")
	}
	return boolOrError(a.write(c, server.DeregisterCommand(catalog.Deregistration{
		Node: body.Node, ServiceID: body.ServiceID, CheckID: body.CheckID,
	})))
}

func (a *API) catalogDatacenters(*call) (any, error) { return []string{a.cfg.Datacenter}, nil }

func (a *API) catalogNodes(c *call) (any, error) {
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		nodes, index := v.Catalog.Nodes(w)
		nodes = kept(nodes, func(n *catalog.Node) bool { return c.q.matchesMeta(n) })
		nodes = sortNear(c, v, nodes, func(n *catalog.Node) string { return n.Node })
		return mapped(nodes, nodeShape), index
	})
}

// catalogServices answers the names of all services with their tags.
func (a *API) catalogServices(c *call) (any, error) {
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		services, index := v.Catalog.Services(w)
		names := make(map[string][]string, len(services))
		for name, tags := range services {
			names[name] = orEmpty(tags)
		}
		return names, index
	})
}

func (a *API) catalogService(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing service name: the path is /v1/catalog/service/NAME")
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		list, index := v.Catalog.Instances(c.rest, w)
		list = sortNear(c, v, kept(list, c.q.selects), instanceNode)
		return mapped(list, catalogServiceShape), index
	})
}

// catalogNode answers a node with its services by ID, or null.
func (a *API) catalogNode(c *call) (any, error) {
	return a.readNode(c, func(n *Node, services []Service) any {
		if n == nil {
			return (*NodeServices)(nil)
		}
		byID := make(map[string]Service, len(services))
		for _, s := range services {
			byID[s.ID] = s
		}
		return &NodeServices{n, byID}
	})
}

// catalogNodeServices answers a node, or null, with a list of its services.
func (a *API) catalogNodeServices(c *call) (any, error) {
	return a.readNode(c, func(n *Node, services []Service) any {
		return NodeServiceList{n, services}
	})
}

// readNode reads the node that the path names and its services, and answers
// with what shape makes of them; the node is nil if there is none.
func (a *API) readNode(c *call, shape func(*Node, []Service) any) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing node name: it is the last part of the path")
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		node, services, index := v.Catalog.NodeServices(c.rest, w)
		if node == nil {
			return shape(nil, []Service{}), index
		}
		n := nodeShape(node)
		return shape(&n, mapped(services, serviceShape)), index
	})
}

// selects reports whether an instance has every ?tag, without regard to case,
// and its node every ?node-meta.
func (q query) selects(i catalog.Instance) bool {
	for _, want := range q.values["tag"] {
		if want != "" && !hasFold(i.Service.Tags, want) {
			return false
		}
	}
	return q.matchesMeta(i.Node)
}

// matchesMeta reports whether a node has every ?node-meta=key:value.
func (q query) matchesMeta(n *catalog.Node) bool {
	for _, p := range q.values["node-meta"] {
		key, want, _ := strings.Cut(p, ":")
		if got, ok := n.Meta[key]; !ok || got != want {
			return false
		}
	}
	return true
}

func instanceNode(i catalog.Instance) string { return i.Node.Node }

func hasFold(list []string, want string) bool {
	for _, s := range list {
		if strings.EqualFold(s, want) {
			return true
		}
	}
	return false
}
