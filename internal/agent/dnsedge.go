package agent

import (
	"fmt"
	"time"

	"praetor/dns"
)

// dnsConfig is the part of the agent's configuration that package dns uses.
func (a *Agent) dnsConfig() dns.Config {
	c, from := dns.DefaultConfig(), a.cfg.DNS
	c.Domain, c.AltDomain = from.Domain, from.AltDomain
	c.Datacenter, c.NodeName = a.cfg.Node.Datacenter, a.cfg.Node.Name
	c.TTL = dns.TTL{Node: from.NodeTTL, Service: from.ServiceTTL}
	c.SOA = dns.SOA{
		Refresh: seconds(from.SOA.Refresh), Retry: seconds(from.SOA.Retry),
		Expire: seconds(from.SOA.Expire), MinTTL: seconds(from.SOA.MinTTL),
	}
	c.Instances.OnlyPassing = from.OnlyPassing
	c.UDP = dns.UDPLimits{AnswerLimit: from.UDPLimit, Truncate: from.Truncate}
	for _, addr := range from.Recursors.Addrs {
		c.Recursion.Servers = append(c.Recursion.Servers, addr.String())
	}
	c.Recursion.Timeout = from.Recursors.Timeout
	if from.Recursors.Random {
		c.Recursion.Strategy = dns.Random
	}
	return c
}

// newDNS makes one DNS server for each address; they share nothing.
func (a *Agent) newDNS(count int) error {
	for range count {
		s, err := dns.NewServer(a.dnsConfig(), a.cluster, dns.DefaultLimits(), newRand(), a.log)
		if err != nil {
			return fmt.Errorf("DNS: %w", err)
		}
		a.dns = append(a.dns, s)
	}
	return nil
}

func (a *Agent) serveDNS(ls *listeners) {
	for i, s := range a.dns {
		s.Serve(ls.dns[i].udp, ls.dns[i].tcp)
	}
}

// seconds is how the configuration gives the fields of the SOA record.
func seconds(n uint32) time.Duration { return time.Duration(n) * time.Second }
