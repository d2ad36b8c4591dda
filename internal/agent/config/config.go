package config

import (
	"log/slog"
	"net/netip"
	"time"

	"praetor/internal/agent/local"
	"praetor/swim"
	"praetor/swim/keyring"
)

// Config is the agent's effective configuration: defaults, files and flags
// merged, checked, and with nothing left to guess. The tags are the keys of
// configuration files, by which messages name a setting.
type Config struct {
	Node        Node
	Server      Server
	Storage     Storage
	Addresses   Addresses
	Ports       Ports
	Join        Join
	Encrypt     Encrypt
	GossipLAN   Gossip `key:"gossip_lan."`
	GossipWAN   Gossip `key:"gossip_wan."`
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
	Name       string            `key:"node_name"`  // unique in the datacenter; the host's name by default
	ID         string            `key:"node_id"`    // a UUID, or "" to make one up and keep it in the data directory
	Datacenter string            `key:"datacenter"` // lower case
	Meta       map[string]string `key:"node_meta"`
	Placeless  bool              `key:"disable_coordinates"` // take no part in network coordinates
}

// Server is whether this agent is one of the servers, and how they find
// together for the first time.
type Server struct {
	Enabled bool `key:"server"`
	Expect  int  `key:"bootstrap_expect"` // start the first election when so many servers are known; 1: alone; 0: join only
}

// Storage is what the agent keeps, and where.
type Storage struct {
	Dir     string `key:"data_dir"` // "" if Memory
	Memory  bool   `key:"-dev"`     // keep nothing on disk (-dev)
	PIDFile string `key:"pid_file"` // "" for none
}

// Addresses is where the agent listens and how others reach it.
type Addresses struct {
	Bind      netip.Addr   `key:"bind_addr"`          // for the other agents: gossip and server traffic
	Advertise netip.Addr   `key:"advertise_addr"`     // what others are told to use
	Wide      netip.Addr   `key:"advertise_addr_wan"` // the same for other datacenters
	HTTP      []netip.Addr `key:"addresses.http"`     // for the programs of this host
	DNS       []netip.Addr `key:"addresses.dns"`
}

// Ports are the agent's ports; -1 is off, 0 any that is free.
type Ports struct {
	Server  int `key:"ports.server"`   // between servers, and from clients to servers
	SerfLAN int `key:"ports.serf_lan"` // gossip in the datacenter
	SerfWAN int `key:"ports.serf_wan"` // gossip between datacenters
	HTTP    int `key:"ports.http"`
	HTTPS   int `key:"ports.https"`
	DNS     int `key:"ports.dns"`
}

// Join is whom to join at the start, again and again until one answers.
type Join struct {
	LAN      []string      `key:"retry_join"` // host or host:port
	WAN      []string      `key:"retry_join_wan"`
	Interval time.Duration `key:"retry_interval"`     // between attempts
	Max      int           `key:"retry_max"`          // attempts; 0 is no end
	Rejoin   bool          `key:"rejoin_after_leave"` // join the members known before even after a leave
}

// Encrypt is how gossip is kept from strangers. The two switches are for the way
// from a cluster in the clear to an encrypted one, while it runs.
type Encrypt struct {
	Key      keyring.Key `key:"encrypt"`                 // zero: gossip in the clear, unless the data directory has a keyring
	Incoming bool        `key:"encrypt_verify_incoming"` // take only encrypted gossip
	Outgoing bool        `key:"encrypt_verify_outgoing"` // send only encrypted gossip
	NoFile   bool        `key:"disable_keyring_file"`    // do not keep the keyring in the data directory
}

// Gossip is the timing of a gossip pool. It should be the same on all agents:
// a shorter one finds failures sooner, and costs more and errs more often.
type Gossip struct {
	Interval       time.Duration `key:"gossip_interval"` // news is sent so often,
	Nodes          int           `key:"gossip_nodes"`    // to so many members
	ProbeInterval  time.Duration `key:"probe_interval"`  // one member is probed in each
	ProbeTimeout   time.Duration `key:"probe_timeout"`   // wait so long for its answer before others are asked
	SuspicionMult  int           `key:"suspicion_mult"`  // how long a suspect may refute
	RetransmitMult int           `key:"retransmit_mult"` // how often the same news is sent
}

// gossipOf returns the timing of a configuration of the core.
func gossipOf(c swim.Config) Gossip {
	return Gossip{
		Interval: c.GossipInterval, Nodes: c.GossipFanout, ProbeInterval: c.ProbeInterval, ProbeTimeout: c.ProbeTimeout,
		SuspicionMult: c.SuspicionMult, RetransmitMult: c.RetransmitMult,
	}
}

// Apply gives a configuration of the core this timing.
func (g Gossip) Apply(c *swim.Config) {
	c.GossipInterval, c.GossipFanout, c.ProbeInterval, c.ProbeTimeout = g.Interval, g.Nodes, g.ProbeInterval, g.ProbeTimeout
	c.SuspicionMult, c.RetransmitMult = g.SuspicionMult, g.RetransmitMult
}

// Leave is whether the agent leaves the cluster in good order on a signal.
type Leave struct {
	OnTerminate bool `key:"leave_on_terminate"` // SIGTERM; clients do, servers do not
	OnInterrupt bool `key:"leave on interrupt"` // SIGINT; clients do, servers do not
}

// Raft is the timing of elections and heartbeats.
type Raft struct {
	Heartbeat   time.Duration `key:"raft heartbeat"`
	ElectionMin time.Duration `key:"raft election, least"` // a follower waits between Min and Max, at random
	ElectionMax time.Duration `key:"raft election, most"`
	LeaderWait  time.Duration `key:"performance.rpc_hold_timeout"` // how long a request waits for a leader to appear
}

// DNS is how questions are answered.
type DNS struct {
	Domain      string                   `key:"domain"`     // lower case, with a dot at its end
	AltDomain   string                   `key:"alt_domain"` // the same, or ""
	NodeTTL     time.Duration            `key:"dns_config.node_ttl"`
	ServiceTTL  map[string]time.Duration `key:"dns_config.service_ttl"`  // by service name, "prefix*" or "*"
	OnlyPassing bool                     `key:"dns_config.only_passing"` // leave instances with a warning out
	AllowStale  bool                     `key:"dns_config.allow_stale"`
	MaxStale    time.Duration            `key:"dns_config.max_stale"`
	UDPLimit    int                      `key:"dns_config.udp_answer_limit"` // answers over UDP without EDNS
	Truncate    bool                     `key:"dns_config.enable_truncate"`  // set the TC bit when answers are left out
	SOA         SOA
	Recursors   Recursors
}

// SOA holds the fields of the zone's SOA record, in seconds.
type SOA struct {
	Refresh uint32 `key:"dns_config.soa.refresh"`
	Retry   uint32 `key:"dns_config.soa.retry"`
	Expire  uint32 `key:"dns_config.soa.expire"`
	MinTTL  uint32 `key:"dns_config.soa.min_ttl"`
}

// Recursors answer for all other zones.
type Recursors struct {
	Addrs   []netip.AddrPort `key:"recursors"`
	Random  bool             `key:"dns_config.recursor_strategy random"` // ask them in random order, not in this one
	Timeout time.Duration    `key:"dns_config.recursor_timeout"`
}

// HTTP is what the HTTP server does beyond the API.
type HTTP struct {
	UI      bool              `key:"ui"`
	Headers map[string]string `key:"http_config.response_headers"` // sent with every answer
}

// Limits bounds what one agent takes.
type Limits struct {
	HTTPConns int `key:"limits.http_max_conns_per_client"` // connections of one client address
	KVValue   int `key:"limits.kv_max_value_size"`         // bytes
	TxnBody   int `key:"limits.txn_max_req_len"`           // bytes
}

// Checks is how the agent deals with its health checks.
type Checks struct {
	Scripts       bool          `key:"enable_script_checks"`       // run script checks from files and from the API
	LocalScripts  bool          `key:"enable_local_script_checks"` // run script checks from files
	OutputDelay   time.Duration `key:"check_update_interval"`      // how long a change of output alone may wait
	OutputMax     int           `key:"check_output_max_size"`      // bytes of one check, whatever its definition says
	DiscardOutput bool          `key:"discard_check_output"`
}

// Log is where log lines go and which.
type Log struct {
	Level slog.Level `key:"log_level"`
	JSON  bool       `key:"log_json"`
	File  string     `key:"log_file"` // "" for standard error
}

// LevelTrace is the level below debug that Consul calls trace.
const LevelTrace = slog.LevelDebug - 4

// Definitions are the services and checks from files.
type Definitions struct {
	Services []local.Service `key:"services"`
	Checks   []local.Check   `key:"checks"` // those that do not stand inside a service
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
