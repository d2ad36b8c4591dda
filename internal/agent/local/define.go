package local

import (
	"time"

	"praetor/catalog"
)

// Source says where a definition came from. A reload replaces those of files
// and leaves the others alone.
type Source uint8

const (
	FromAPI  Source = iota // registered over HTTP, kept in the data directory
	FromFile               // read from a configuration file
)

// String returns "api" or "file".
func (s Source) String() string {
	if s == FromFile {
		return "file"
	}
	return "api"
}

// Service is the definition of one service instance on this node.
type Service struct {
	Spec   catalog.Service // what the catalog shall hold; its indexes are ignored
	Checks []Check         // the instance's own checks
	Source Source
}

// Kind says how the status of a check is found. It is the Type of the check in
// the catalog.
type Kind string

const (
	KindScript      Kind = "script"      // run a command
	KindHTTP        Kind = "http"        // make a request
	KindTCP         Kind = "tcp"         // connect
	KindUDP         Kind = "udp"         // send a datagram; only a refusal is bad news
	KindGRPC        Kind = "grpc"        // ask the gRPC health service
	KindTTL         Kind = "ttl"         // the service reports, or the check turns critical
	KindAlias       Kind = "alias"       // follow the checks of another service of this node
	KindMaintenance Kind = "maintenance" // critical for as long as it exists
)

// Active reports whether checks of this kind are run at an interval, by
// package check, in contrast to those which live in this package alone.
func (k Kind) Active() bool {
	switch k {
	case KindScript, KindHTTP, KindTCP, KindUDP, KindGRPC:
		return true
	}
	return false
}

// Check is the definition of one health check: of this node if ServiceID is
// "", of a service instance on it otherwise.
type Check struct {
	ID        string // unique on the node
	Name      string
	Notes     string // for people
	ServiceID string
	Status    string // before the first result; "" stands for critical
	Probe     Probe
	Policy    Policy
	Source    Source
}

// Probe is how the status of a check is found.
type Probe struct {
	Kind     Kind
	Args     []string      // KindScript: the command and its arguments
	Target   string        // HTTP: a URL; TCP, UDP: host:port; gRPC: host:port or host:port/service; alias: a service's ID, "" for the node's checks
	Request  Request       // KindHTTP
	TLS      TLS           // HTTP and gRPC
	Interval time.Duration // between the starts of two runs
	Timeout  time.Duration // of one run
	TTL      time.Duration // KindTTL: how long a report holds
}

// Request is what an HTTP check sends.
type Request struct {
	Method     string // "" stands for GET
	Header     map[string][]string
	Body       string
	NoRedirect bool // judge a redirect itself, do not follow it
}

// TLS is how a check verifies the server that it talks to.
type TLS struct {
	Use        bool   // gRPC: speak TLS; HTTP decides by its URL
	SkipVerify bool   // accept any certificate
	ServerName string // expected in the certificate; "" for the target's host
}

// Policy is what becomes of a check's results.
type Policy struct {
	SuccessBeforePassing   int           // results in a row before a check turns passing; 0 is 1
	FailuresBeforeWarning  int           // results in a row before it turns warning; 0 is FailuresBeforeCritical
	FailuresBeforeCritical int           // results in a row before it turns critical; 0 is 1
	DeregisterAfter        time.Duration // critical for so long: its service is removed; 0 is never
	OutputMax              int           // bytes of output that are kept; 0 is catalog.MaxOutput
}

// The bounds of what one agent takes. Those of a service's meta pairs are
// Consul's; of the pairs there are at most catalog.MaxMeta.
const (
	MaxServices  = 8 << 10
	MaxChecks    = 16 << 10
	MaxMetaKey   = 128 // bytes
	MaxMetaValue = 512 // bytes
)

// Intervals and timeouts, as Consul documents them.
const (
	MinInterval        = time.Second // shorter ones are raised to it
	MinDeregisterAfter = time.Minute // shorter ones are raised to it
	ScriptTimeout      = 30 * time.Second
	NetworkTimeout     = 10 * time.Second
)
