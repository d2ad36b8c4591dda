package catalog

// Health states of a check, from best to worst.
const (
	Passing  = "passing"
	Warning  = "warning"
	Critical = "critical"
)

// AnyState stands for every state in State.ChecksInState.
const AnyState = "any"

// SerfHealth is the ID of the check that the leader keeps for every node that
// is a member of the gossip pool.
const (
	SerfHealth     = "serfHealth"
	SerfHealthName = "Serf Health Status"
)

// Node is a machine, as it is registered. The JSON names are Consul's.
// Published values are never modified.
type Node struct {
	ID              string
	Node            string // the name, unique in the datacenter without regard to case
	Address         string
	Datacenter      string
	TaggedAddresses map[string]string
	Meta            map[string]string
	CreateIndex     uint64
	ModifyIndex     uint64
}

// Weights are the DNS SRV weights of a service instance.
type Weights struct {
	Passing int
	Warning int
}

// ServiceAddress is one of a service's tagged addresses.
type ServiceAddress struct {
	Address string
	Port    int
}

// Service is one instance of a service on a node.
type Service struct {
	Kind              string // kept as data, "" for a typical service
	ID                string // unique on its node
	Service           string // the name
	Tags              []string
	Address           string // "" stands for the node's
	TaggedAddresses   map[string]ServiceAddress
	Meta              map[string]string
	Port              int
	Weights           Weights
	EnableTagOverride bool
	CreateIndex       uint64
	ModifyIndex       uint64
}

// Check is the state of one health check: of a node when ServiceID is "", of a
// service instance otherwise.
type Check struct {
	Node        string
	CheckID     string // unique on its node
	Name        string
	Status      string // Passing, Warning or Critical
	Notes       string
	Output      string // at most MaxOutput bytes
	ServiceID   string
	ServiceName string
	ServiceTags []string
	Type        string // "script", "http", "tcp", "ttl", ... or ""
	Interval    string // for people, such as "30s"
	Timeout     string
	CreateIndex uint64
	ModifyIndex uint64
}

// Registration adds or changes a node and, if they are given, one service and
// some checks on it, in one step.
type Registration struct {
	Node           Node
	SkipNodeUpdate bool // leave an existing node's own fields as they are
	Service        *Service
	Checks         []Check
}

// Deregistration removes a check, a service with its checks, or, if both IDs
// are "", the node with all that is on it.
type Deregistration struct {
	Node      string
	ServiceID string
	CheckID   string
}

// Op is what a Command does.
type Op uint8

const (
	OpRegister   Op = iota // add or change what Registration says
	OpDeregister           // remove what Deregistration says
	OpReap                 // forget what was removed up to index UpTo
	OpLocate               // keep Coordinates, of nodes that are registered
)

// Command is one change of the catalog, as it stands in the replicated log.
// Only the field that belongs to Op counts.
type Command struct {
	Op             Op
	Registration   Registration
	Deregistration Deregistration
	UpTo           uint64
	Coordinates    []Coordinate
}

// Instance is a service instance with its node and every check that counts for
// it: the node's own and its own.
type Instance struct {
	Node    *Node
	Service *Service
	Checks  []*Check
}

// The bounds of a registration; a decoder and the HTTP API both refuse beyond.
const (
	MaxName   = 512       // bytes of a node's, service's or check's name or ID, of a tag, of a meta key
	MaxMeta   = 64        // pairs
	MaxTags   = 256       // tags of a service
	MaxChecks = 1024      // checks in one Registration
	MaxOutput = 4 * 1024  // bytes of a check's output
	MaxText   = 64 * 1024 // bytes of any other field
)
