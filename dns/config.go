package dns

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Config says how questions are answered. Start from [DefaultConfig] and
// change what differs.
type Config struct {
	Domain     string // the zone that is ours, such as "consul."
	AltDomain  string // a second name for the same zone; "" for none
	Datacenter string // the one that a name without a datacenter means
	NodeName   string // this agent's node, the zone's name server while no server is known

	TTL       TTL
	SOA       SOA
	Instances Instances
	UDP       UDPLimits
	Recursion Recursion
}

// TTL says for how long an answer may be cached. Zero, the default, means not
// at all: every look-up sees the health of this moment.
type TTL struct {
	Node    time.Duration
	Service map[string]time.Duration // by a service's name, by "prefix*", or by "*" for the rest
}

// SOA holds the timers of the zone's start of authority (RFC 1035, 3.3.13).
// MinTTL is also how long a negative answer may be cached (RFC 2308, 5);
// Consul had it hard-wired for years (issue 4713).
type SOA struct {
	Refresh, Retry, Expire, MinTTL time.Duration
}

// Instances says which instances of a service are answered with, and how.
type Instances struct {
	OnlyPassing bool // leave out those with a check in warning, too
	NodeMetaTXT bool // add TXT records of the nodes' metadata to SRV and node answers
}

// UDPLimits says what happens to an answer that is too long for UDP.
type UDPLimits struct {
	// AnswerLimit is the most records in an answer to a client that did not
	// say (by EDNS0) how much it can take.
	AnswerLimit int
	// Truncate sets the TC bit on an answer that was cut, so that the client
	// asks again over TCP. Consul leaves it off unless told (issues 375, 788),
	// and a client then takes three instances of ten for all there are. Turn
	// it off only for clients that cannot do TCP.
	Truncate bool
}

// Strategy is the order in which recursors are asked.
type Strategy string

// The two strategies; the names are those of the configuration file.
const (
	Sequential Strategy = "sequential"
	Random     Strategy = "random"
)

// Recursion says who answers questions outside of our zones.
type Recursion struct {
	Servers  []string // "host" or "host:port"; none: such questions are refused
	Strategy Strategy
	Timeout  time.Duration // for each server
	Exchange Exchange      // nil: NewServer provides one that uses the network
}

// An Exchange asks one server ("host:port") one question and waits for the
// reply. It bounds its own time.
type Exchange func(ctx context.Context, q *dns.Msg, over Transport, server string) (*dns.Msg, error)

// DefaultConfig returns Consul's defaults, but for UDP.Truncate, which is on.
func DefaultConfig() Config {
	return Config{
		Domain:     "consul.",
		Datacenter: "dc1",
		SOA:        SOA{Refresh: time.Hour, Retry: 10 * time.Minute, Expire: 24 * time.Hour},
		Instances:  Instances{NodeMetaTXT: true},
		UDP:        UDPLimits{AnswerLimit: 3, Truncate: true},
		Recursion:  Recursion{Strategy: Sequential, Timeout: 2 * time.Second},
	}
}

// normalize checks c and returns it with canonical zone names (lower case,
// final dot) and with a port on every recursor.
func (c Config) normalize() (Config, error) {
	var err error
	if c.Domain, err = zoneName("domain", c.Domain); err != nil {
		return c, err
	}
	if c.AltDomain != "" {
		if c.AltDomain, err = zoneName("alt_domain", c.AltDomain); err != nil {
			return c, err
		}
	}
	if c.Datacenter = strings.ToLower(c.Datacenter); !isHostName(c.Datacenter) || strings.Contains(c.Datacenter, ".") {
		return c, fmt.Errorf("dns: datacenter %q is not a DNS label", c.Datacenter)
	}
	if c.UDP.AnswerLimit < 1 {
		return c, fmt.Errorf("dns: udp_answer_limit is %d, must be at least 1", c.UDP.AnswerLimit)
	}
	switch c.Recursion.Strategy {
	case Sequential, Random:
	default:
		return c, fmt.Errorf("dns: recursor_strategy %q is neither %q nor %q", c.Recursion.Strategy, Sequential, Random)
	}
	ttls := make(map[string]time.Duration, len(c.TTL.Service))
	for pattern, ttl := range c.TTL.Service {
		ttls[strings.ToLower(pattern)] = ttl
	}
	c.TTL.Service = ttls
	c.Recursion.Servers, err = withPorts(c.Recursion.Servers)
	return c, err
}

// maxZone is the longest name of a zone, in bytes. A name has at most 255, and
// the longest that this package makes up is the address of an IPv6 node in a
// datacenter of 63 letters: 32 digits, ".addr.", 63 letters and a dot.
const maxZone = 128

func zoneName(key, name string) (string, error) {
	zone := dns.CanonicalName(name)
	// The root cannot be ours: everything would be, and nothing left to recurse for.
	if _, ok := dns.IsDomainName(zone); !ok || zone == "." {
		return "", fmt.Errorf("dns: %s %q is not the name of a zone", key, name)
	}
	if len(zone) > maxZone {
		return "", fmt.Errorf("dns: %s is %d bytes long, at most %d leave room for names in it", key, len(zone), maxZone)
	}
	return zone, nil
}

// lookupTTL returns for how long an answer about the service may be cached:
// by its exact name, else by the longest prefix that the table has.
func (t TTL) lookupTTL(service string) time.Duration {
	if ttl, ok := t.Service[service]; ok {
		return ttl
	}
	longest, ttl := -1, time.Duration(0)
	for pattern, d := range t.Service {
		prefix, ok := strings.CutSuffix(pattern, "*")
		if ok && len(prefix) > longest && strings.HasPrefix(service, prefix) {
			longest, ttl = len(prefix), d
		}
	}
	return ttl
}

// seconds returns d as the TTL field of a record, which is at most 2^31-1
// seconds (RFC 2181, 8).
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 0), 1<<31-1))
}
