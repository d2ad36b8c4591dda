package config

import (
	"log/slog"
	"net/netip"
	"time"

	"praetor/internal/agent/local"
)

// Config is the agent's effective configuration: defaults, files and flags
// merged, checked, and with nothing left to guess.
type Config struct {
	Node        Node
	Server      Server
	Storage     Storage
	Addresses   Addresses
	Ports       Ports
	Join        Join
	Leave       Leave
	Raft        Raft
	DNS         DNS
	HTTP        HTTP
	Limits      Limits
	Checks      Checks
	Log         Log
	Definitions Definitions
}

// Node is who this agent is.
type Node struct {
	Name       string // unique in the datacenter; the host's name by default
	ID         string // a UUID, or "" to make one up and keep it in the data directory
	Datacenter string // lower case
	Meta       map[string]string
}

// Server is whether this agent is one of the servers, and how they find
// together for the first time.
type Server struct {
	Enabled bool
	Expect  int // start the first election when so many servers are known; 1: alone; 0: join only
}

// Storage is what the agent keeps, and where.
type Storage struct {
	Dir     string // "" if Memory
	Memory  bool   // keep nothing on disk (-dev)
	PIDFile string // "" for none
}

// Addresses is where the agent listens and how others reach it.
type Addresses struct {
	Bind      netip.Addr   // for the other agents: gossip and server traffic
	Advertise netip.Addr   // what others are told to use
	Wide      netip.Addr   // the same for other datacenters
	HTTP      []netip.Addr // for the programs of this host
	DNS       []netip.Addr
}

// Ports are the agent's ports; -1 is off, 0 any that is free.
type Ports struct {
	Server  int // between servers, and from clients to servers
	SerfLAN int // gossip in the datacenter
	SerfWAN int // gossip between datacenters
	HTTP    int
	HTTPS   int
	DNS     int
}

// Join is whom to join at the start, again and again until one answers.
type Join struct {
	LAN      []string // host or host:port
	WAN      []string
	Interval time.Duration // between attempts
	Max      int           // attempts; 0 is no end
	Rejoin   bool          // join the members known before even after a leave
}

// Leave is whether the agent leaves the cluster in good order on a signal.
type Leave struct {
	OnTerminate bool // SIGTERM; clients do, servers do not
	OnInterrupt bool // SIGINT; clients do, servers do not
}

// Raft is the timing of elections and heartbeats.
type Raft struct {
	Heartbeat   time.Duration
	ElectionMin time.Duration // a follower waits between Min and Max, at random
	ElectionMax time.Duration
	LeaderWait  time.Duration // how long a request waits for a leader to appear
}

// DNS is how questions are answered.
type DNS struct {
	Domain      string // lower case, with a dot at its end
	AltDomain   string // the same, or ""
	NodeTTL     time.Duration
	ServiceTTL  map[string]time.Duration // by service name, "prefix*" or "*"
	OnlyPassing bool                     // leave instances with a warning out
	AllowStale  bool
	MaxStale    time.Duration
	UDPLimit    int  // answers over UDP without EDNS
	Truncate    bool // set the TC bit when answers are left out
	SOA         SOA
	Recursors   Recursors
}

// SOA holds the fields of the zone's SOA record, in seconds.
type SOA struct{ Refresh, Retry, Expire, MinTTL uint32 }

// Recursors answer for all other zones.
type Recursors struct {
	Addrs   []netip.AddrPort
	Random  bool // ask them in random order, not in this one
	Timeout time.Duration
}

// HTTP is what the HTTP server does beyond the API.
type HTTP struct {
	UI      bool
	Headers map[string]string // sent with every answer
}

// Limits bounds what one agent takes.
type Limits struct {
	HTTPConns int // connections of one client address
	KVValue   int // bytes
	TxnBody   int // bytes
}

// Checks is how the agent deals with its health checks.
type Checks struct {
	Scripts       bool          // run script checks from files and from the API
	LocalScripts  bool          // run script checks from files
	OutputDelay   time.Duration // how long a change of output alone may wait
	OutputMax     int           // bytes
	DiscardOutput bool
}

// Log is where log lines go and which.
type Log struct {
	Level slog.Level
	JSON  bool
	File  string // "" for standard error
}

// LevelTrace is the level below debug that Consul calls trace.
const LevelTrace = slog.LevelDebug - 4

// Definitions are the services and checks from files.
type Definitions struct {
	Services []local.Service
	Checks   []local.Check // those that do not stand inside a service
}

// HTTPListen returns where the HTTP API listens; nothing if it is off.
func (c *Config) HTTPListen() []netip.AddrPort { return listen(c.Addresses.HTTP, c.Ports.HTTP) }

// DNSListen returns where DNS listens; nothing if it is off.
func (c *Config) DNSListen() []netip.AddrPort { return listen(c.Addresses.DNS, c.Ports.DNS) }

func listen(addrs []netip.Addr, port int) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range addrs {
		if port >= 0 {
			out = append(out, netip.AddrPortFrom(a, uint16(port)))
		}
	}
	return out
}
