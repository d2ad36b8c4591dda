package api

import (
	"praetor/catalog"
)

// ServiceDefinition is a service as it is registered with its agent: the body
// of PUT /v1/agent/service/register.
type ServiceDefinition struct {
	Kind              string `json:",omitempty"`
	ID                string `json:",omitempty"` // "" stands for Name
	Name              string
	Tags              []string                          `json:",omitempty"`
	Address           string                            `json:",omitempty"` // "" stands for the node's
	TaggedAddresses   map[string]catalog.ServiceAddress `json:",omitempty"`
	Meta              map[string]string                 `json:",omitempty"`
	Port              int                               `json:",omitempty"`
	Weights           *catalog.Weights                  `json:",omitempty"` // nil stands for 1 and 1
	EnableTagOverride bool                              `json:",omitempty"`
	Checks            []CheckDefinition                 `json:",omitempty"` // Check and Checks of the body
}

// CheckDefinition is a health check as it is registered with its agent: the
// body of PUT /v1/agent/check/register.
type CheckDefinition struct {
	ID        string `json:",omitempty"` // "" stands for Name, or one made from the service
	Name      string `json:",omitempty"`
	Notes     string `json:",omitempty"`
	ServiceID string `json:",omitempty"` // "" is a check of the node
	Status    string `json:",omitempty"` // to begin with; "" stands for critical
	Probe
	Schedule
	Thresholds
	OutputMaxSize int `json:",omitempty"` // bytes of output that are kept, 0 for the default
}

// Probe is how a check learns the state. One of TTL (in Schedule), Script,
// Args, HTTP, TCP, UDP, GRPC, AliasNode and AliasService is set.
type Probe struct {
	Script        string              `json:",omitempty"` // a line for the shell, as in 2014
	Args          []string            `json:",omitempty"` // a command, run without a shell
	HTTP          string              `json:",omitempty"` // a URL
	Method        string              `json:",omitempty"`
	Header        map[string][]string `json:",omitempty"`
	Body          string              `json:",omitempty"`
	TCP           string              `json:",omitempty"` // host:port
	UDP           string              `json:",omitempty"` // host:port
	GRPC          string              `json:",omitempty"` // host:port[/service]
	GRPCUseTLS    bool                `json:",omitempty"`
	TLSServerName string              `json:",omitempty"`
	TLSSkipVerify bool                `json:",omitempty"`
	AliasNode     string              `json:",omitempty"`
	AliasService  string              `json:",omitempty"`
}

// Schedule is when a check is made, or when it is to be heard of.
type Schedule struct {
	Interval                       Duration `json:",omitzero"`
	Timeout                        Duration `json:",omitzero"`
	TTL                            Duration `json:",omitzero"`
	DeregisterCriticalServiceAfter Duration `json:",omitzero"`
}

// Thresholds are how many results of a kind, one after the other, change the
// status.
type Thresholds struct {
	SuccessBeforePassing   int `json:",omitempty"`
	FailuresBeforeWarning  int `json:",omitempty"`
	FailuresBeforeCritical int `json:",omitempty"`
}

// UnmarshalJSON decodes the definition in any of the spellings that Consul
// takes.
func (d *ServiceDefinition) UnmarshalJSON(b []byte) error {
	var check *CheckDefinition
	var absent unsupported
	err := decodeFields(b, fields{
		"kind": &d.Kind, "id": &d.ID, "name": &d.Name, "tags": &d.Tags,
		"address": &d.Address, "taggedaddresses": &d.TaggedAddresses, "meta": &d.Meta,
		"port": &d.Port, "weights": &d.Weights, "enabletagoverride": &d.EnableTagOverride,
		"check": &check, "checks": &d.Checks,
		"connect": &absent, "proxy": &absent, "socketpath": &absent, "ports": &absent,
		"namespace": &absent, "partition": &absent,
	})
	if check != nil {
		d.Checks = append([]CheckDefinition{*check}, d.Checks...)
	}
	return err
}

// UnmarshalJSON decodes the definition in any of the spellings that Consul
// takes.
func (d *CheckDefinition) UnmarshalJSON(b []byte) error {
	var absent unsupported
	return decodeFields(b, fields{
		"id": &d.ID, "checkid": &d.ID, "name": &d.Name, "notes": &d.Notes,
		"serviceid": &d.ServiceID, "status": &d.Status, "outputmaxsize": &d.OutputMaxSize,
		"script": &d.Script, "args": &d.Args, "scriptargs": &d.Args,
		"http": &d.HTTP, "method": &d.Method, "header": &d.Header, "body": &d.Body,
		"tcp": &d.TCP, "udp": &d.UDP, "grpc": &d.GRPC, "grpcusetls": &d.GRPCUseTLS,
		"tlsservername": &d.TLSServerName, "tlsskipverify": &d.TLSSkipVerify,
		"aliasnode": &d.AliasNode, "aliasservice": &d.AliasService,
		"interval": &d.Interval, "timeout": &d.Timeout, "ttl": &d.TTL,
		"deregistercriticalserviceafter": &d.DeregisterCriticalServiceAfter,
		"successbeforepassing":           &d.SuccessBeforePassing,
		"failuresbeforewarning":          &d.FailuresBeforeWarning,
		"failuresbeforecritical":         &d.FailuresBeforeCritical,
		"dockercontainerid":              &absent, "shell": &absent, "h2ping": &absent,
		"osservice": &absent, "tcpusetls": &absent, "disableredirects": &absent,
		"namespace": &absent, "partition": &absent,
	})
}

// check refuses a definition that no agent could take. What depends on the
// agent is for the agent to refuse.
func (d *ServiceDefinition) check() error {
	if d.Name == "" {
		return Invalidf("Missing service name: the field Name is missing or empty")
	}
	if err := checkPort(d.Port); err != nil {
		return err
	}
	for i := range d.Checks {
		if err := checkStatus(d.Checks[i].Status); err != nil {
			return err
		}
	}
	return nil
}

func (d *CheckDefinition) check() error {
	if d.Name == "" {
		return Invalidf("Missing check name: the field Name is missing or empty")
	}
	return checkStatus(d.Status)
}

func checkPort(port int) error {
	if port < 0 || port > 65535 {
		return Invalidf("Invalid port %d: expected 0 to 65535", port)
	}
	return nil
}

// checkStatus refuses a status that is none. "" stands for a default.
func checkStatus(status string) error {
	switch status {
	case "", catalog.Passing, catalog.Warning, catalog.Critical:
		return nil
	}
	return Invalidf("Invalid check status %q: expected passing, warning or critical", status)
}
