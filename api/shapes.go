package api

import "praetor/catalog"

// The JSON forms of the catalog, with Consul's names. They differ from the
// catalog's own types where Consul leaves a field out, repeats one, or has a
// list or a map that is never null.

// Node is a node in an answer.
type Node struct {
	ID              string
	Node            string
	Address         string
	Datacenter      string
	TaggedAddresses map[string]string
	Meta            map[string]string
	CreateIndex     uint64
	ModifyIndex     uint64
}

// Service is a service instance in an answer that names its node elsewhere.
type Service struct {
	Kind              string `json:",omitempty"`
	ID                string
	Service           string
	Tags              []string
	Address           string
	TaggedAddresses   map[string]catalog.ServiceAddress `json:",omitempty"`
	Meta              map[string]string
	Port              int
	Weights           catalog.Weights
	EnableTagOverride bool
	CreateIndex       uint64
	ModifyIndex       uint64
}

// CatalogService is a service instance together with its node, flat, as
// /v1/catalog/service answers it.
type CatalogService struct {
	ID                       string
	Node                     string
	Address                  string
	Datacenter               string
	TaggedAddresses          map[string]string
	NodeMeta                 map[string]string
	ServiceKind              string
	ServiceID                string
	ServiceName              string
	ServiceTags              []string
	ServiceAddress           string
	ServiceTaggedAddresses   map[string]catalog.ServiceAddress `json:",omitempty"`
	ServiceWeights           catalog.Weights
	ServiceMeta              map[string]string
	ServicePort              int
	ServiceEnableTagOverride bool
	CreateIndex              uint64
	ModifyIndex              uint64
}

// Check is a health check in an answer.
type Check struct {
	Node        string
	CheckID     string
	Name        string
	Status      string
	Notes       string
	Output      string
	ServiceID   string
	ServiceName string
	ServiceTags []string
	Type        string
	Interval    string
	Timeout     string
	Definition  struct{} // Consul's clients expect it; agents keep the real one
	CreateIndex uint64
	ModifyIndex uint64
}

// ServiceEntry is an instance in an answer of /v1/health/service: with its
// node, and with its own and its node's checks.
type ServiceEntry struct {
	Node    Node
	Service Service
	Checks  []Check
}

// NodeServices is the answer of /v1/catalog/node: services by ID.
type NodeServices struct {
	Node     *Node
	Services map[string]Service
}

// NodeServiceList is the answer of /v1/catalog/node-services.
type NodeServiceList struct {
	Node     *Node
	Services []Service
}

func nodeShape(n *catalog.Node) Node {
	return Node{
		ID: n.ID, Node: n.Node, Address: n.Address, Datacenter: n.Datacenter,
		TaggedAddresses: orEmptyMap(n.TaggedAddresses), Meta: orEmptyMap(n.Meta),
		CreateIndex: n.CreateIndex, ModifyIndex: n.ModifyIndex,
	}
}

func serviceShape(s *catalog.Service) Service {
	return Service{
		Kind: s.Kind, ID: s.ID, Service: s.Service, Tags: orEmpty(s.Tags),
		Address: s.Address, TaggedAddresses: s.TaggedAddresses, Meta: orEmptyMap(s.Meta),
		Port: s.Port, Weights: s.Weights, EnableTagOverride: s.EnableTagOverride,
		CreateIndex: s.CreateIndex, ModifyIndex: s.ModifyIndex,
	}
}

func catalogServiceShape(i catalog.Instance) CatalogService {
	n, s := i.Node, i.Service
	return CatalogService{
		ID: n.ID, Node: n.Node, Address: n.Address, Datacenter: n.Datacenter,
		TaggedAddresses: orEmptyMap(n.TaggedAddresses), NodeMeta: orEmptyMap(n.Meta),
		ServiceKind: s.Kind, ServiceID: s.ID, ServiceName: s.Service, ServiceTags: orEmpty(s.Tags),
		ServiceAddress: s.Address, ServiceTaggedAddresses: s.TaggedAddresses,
		ServiceWeights: s.Weights, ServiceMeta: orEmptyMap(s.Meta), ServicePort: s.Port,
		ServiceEnableTagOverride: s.EnableTagOverride,
		CreateIndex:              s.CreateIndex, ModifyIndex: s.ModifyIndex,
	}
}

func checkShape(c *catalog.Check) Check {
	return Check{
		Node: c.Node, CheckID: c.CheckID, Name: c.Name, Status: c.Status,
		Notes: c.Notes, Output: c.Output,
		ServiceID: c.ServiceID, ServiceName: c.ServiceName, ServiceTags: orEmpty(c.ServiceTags),
		Type: c.Type, Interval: c.Interval, Timeout: c.Timeout,
		CreateIndex: c.CreateIndex, ModifyIndex: c.ModifyIndex,
	}
}

func entryShape(i catalog.Instance) ServiceEntry {
	return ServiceEntry{nodeShape(i.Node), serviceShape(i.Service), mapped(i.Checks, checkShape)}
}

// mapped applies f to every element. The result is never nil, so that an empty
// list is [] and not null.
func mapped[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

// kept returns the elements that f holds for, in a list that is never nil. It
// does not modify in.
func kept[A any](in []A, f func(A) bool) []A {
	out := make([]A, 0, len(in))
	for _, a := range in {
		if f(a) {
			out = append(out, a)
		}
	}
	return out
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func orEmptyMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
