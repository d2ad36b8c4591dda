package api

import (
	"regexp"

	"praetor/catalog"
)

// uuidForm is the form of a UUID (RFC 9562 section 4).
var uuidForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// CatalogRegistration is the body of PUT /v1/catalog/register.
type CatalogRegistration struct {
	ID              string `json:",omitempty"` // of the node, a UUID
	Node            string
	Address         string
	Datacenter      string            `json:",omitempty"` // "" stands for the agent's
	TaggedAddresses map[string]string `json:",omitempty"`
	NodeMeta        map[string]string `json:",omitempty"`
	SkipNodeUpdate  bool              `json:",omitempty"`
	Service         *CatalogServiceBody
	Checks          []CatalogCheckBody `json:",omitempty"` // Check and Checks of the body
}

// CatalogServiceBody is the Service of a CatalogRegistration.
type CatalogServiceBody catalog.Service

// CatalogCheckBody is a check of a CatalogRegistration. It is a state, not a
// definition: nobody runs it.
type CatalogCheckBody catalog.Check

// CatalogDeregistration is the body of PUT /v1/catalog/deregister. Without an
// ID it removes the whole node.
type CatalogDeregistration struct {
	Node       string
	Datacenter string `json:",omitempty"`
	ServiceID  string `json:",omitempty"`
	CheckID    string `json:",omitempty"`
}

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (r *CatalogRegistration) UnmarshalJSON(b []byte) error {
	var check *CatalogCheckBody
	var absent unsupported
	err := decodeFields(b, fields{
		"id": &r.ID, "node": &r.Node, "address": &r.Address, "datacenter": &r.Datacenter,
		"taggedaddresses": &r.TaggedAddresses, "nodemeta": &r.NodeMeta,
		"skipnodeupdate": &r.SkipNodeUpdate, "service": &r.Service,
		"check": &check, "checks": &r.Checks, "namespace": &absent, "partition": &absent,
	})
	if check != nil {
		r.Checks = append([]CatalogCheckBody{*check}, r.Checks...)
	}
	return err
}

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (s *CatalogServiceBody) UnmarshalJSON(b []byte) error {
	var absent unsupported
	return decodeFields(b, fields{
		"kind": &s.Kind, "id": &s.ID, "service": &s.Service, "tags": &s.Tags,
		"address": &s.Address, "taggedaddresses": &s.TaggedAddresses, "meta": &s.Meta,
		"port": &s.Port, "weights": &s.Weights, "enabletagoverride": &s.EnableTagOverride,
		"connect": &absent, "proxy": &absent, "socketpath": &absent,
		"namespace": &absent, "partition": &absent,
	})
}

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (c *CatalogCheckBody) UnmarshalJSON(b []byte) error {
	var absent unsupported
	return decodeFields(b, fields{
		"node": &c.Node, "checkid": &c.CheckID, "name": &c.Name, "status": &c.Status,
		"notes": &c.Notes, "output": &c.Output, "serviceid": &c.ServiceID, "type": &c.Type,
		"namespace": &absent, "partition": &absent,
	})
}

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (d *CatalogDeregistration) UnmarshalJSON(b []byte) error {
	var absent unsupported
	return decodeFields(b, fields{
		"node": &d.Node, "datacenter": &d.Datacenter, "serviceid": &d.ServiceID,
		"checkid": &d.CheckID, "namespace": &absent, "partition": &absent,
	})
}

// registration is what the catalog takes, with what was left out filled in. A
// registration that the catalog would refuse, whatever its state, is refused
// here: it does not get into the log.
func (r *CatalogRegistration) registration(datacenter string) (catalog.Registration, error) {
	reg := catalog.Registration{
		Node: catalog.Node{
			ID: r.ID, Node: r.Node, Address: r.Address, Datacenter: datacenter,
			TaggedAddresses: r.TaggedAddresses, Meta: r.NodeMeta,
		},
		SkipNodeUpdate: r.SkipNodeUpdate,
	}
	if r.Node == "" {
		return reg, Invalidf("Must provide node: the field Node is missing or empty")
	}
	if r.ID != "" && !uuidForm.MatchString(r.ID) {
		return reg, Invalidf("Bad node ID %.40q: expected a UUID such as 2d9b3e6c-7a4f-4c1e-9d52-0b6f8e1a7c33, or none", r.ID)
	}
	if r.Address == "" && !r.SkipNodeUpdate {
		return reg, Invalidf("Must provide address: the field Address is missing or empty, and SkipNodeUpdate is not set")
	}
	if r.Service != nil {
		if r.Service.Service == "" {
			return reg, Invalidf("Must provide service name: the field Service.Service is missing or empty")
		}
		if err := checkPort(r.Service.Port); err != nil {
			return reg, err
		}
		reg.Service = (*catalog.Service)(r.Service)
	}
	for _, c := range r.Checks {
		if c.CheckID == "" && c.Name == "" {
			return reg, Invalidf("Must provide check ID: the fields CheckID and Name of a check are missing or empty")
		}
		if err := checkStatus(c.Status); err != nil {
			return reg, err
		}
		reg.Checks = append(reg.Checks, catalog.Check(c))
	}
	reg = reg.Normalize()
	if err := reg.Validate(); err != nil {
		return reg, Invalidf("%v", err)
	}
	return reg, nil
}
