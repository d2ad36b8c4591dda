package config

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/swim/keyring"
)

// finish settles what depends on more than one setting or on the machine, and
// checks the whole.
func (c *draft) finish(env Environment) ([]string, error) {
	var warnings []string
	steps := []func(Environment) ([]string, error){
		c.finishRole, c.finishNode, c.finishAddresses, c.finishJoin, c.finishEncrypt, c.finishGossip, c.finishDNS, c.finishPorts,
	}
	for _, step := range steps {
		w, err := step(env)
		warnings = append(warnings, w...)
		if err != nil {
			return warnings, err
		}
	}
	m := time.Duration(c.multiplier)
	c.Raft.Heartbeat, c.Raft.ElectionMin, c.Raft.ElectionMax = m*c.Raft.Heartbeat, m*c.Raft.ElectionMin, m*c.Raft.ElectionMax
	c.Leave = Leave{OnTerminate: !c.Server.Enabled, OnInterrupt: !c.Server.Enabled}
	if c.leaveOnTerminate != nil {
		c.Leave.OnTerminate = *c.leaveOnTerminate
	}
	if c.skipLeaveOnInterrupt != nil {
		c.Leave.OnInterrupt = !*c.skipLeaveOnInterrupt
	}
	return slices.Concat(warnings, c.needWarnings(), c.scriptWarnings()), nil
}

func (c *draft) finishRole(Environment) (warnings []string, err error) {
	s := &c.Server
	switch {
	case c.Storage.Memory && c.Storage.Dir != "":
		return nil, errors.New("-dev and data_dir exclude each other: -dev keeps nothing; leave one of them out")
	case !c.Storage.Memory && c.Storage.Dir == "":
		return nil, errors.New("data_dir must be given, with -data-dir or in a file; or try things out with -dev")
	case c.Storage.Memory && s.Expect > 1:
		return nil, errors.New("-dev and bootstrap_expect exclude each other: -dev is a server of its own")
	case c.bootstrap && s.Expect > 0 && !c.Storage.Memory:
		return nil, errors.New("bootstrap and bootstrap_expect exclude each other: use bootstrap_expect, with the number of servers")
	case c.bootstrap && !s.Enabled:
		return nil, errors.New("bootstrap is for servers: add -server, or leave -bootstrap out")
	case s.Expect > 0 && !s.Enabled:
		return nil, errors.New("bootstrap_expect is for servers: add -server, or leave -bootstrap-expect out")
	}
	if c.bootstrap {
		s.Expect = 1
	}
	switch {
	case s.Expect == 2:
		warnings = append(warnings, "bootstrap_expect is 2: with two servers, the failure of either stops the cluster; use 1, 3 or 5")
	case s.Expect > 1 && s.Expect%2 == 0:
		warnings = append(warnings, fmt.Sprintf("bootstrap_expect is %d: an even number of servers survives no more failures than %d", s.Expect, s.Expect-1))
	}
	return warnings, nil
}

var (
	datacenterName = regexp.MustCompile(`^[a-z0-9_-]{1,63}$`)
	uuid           = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	metaKey        = regexp.MustCompile(`^[a-zA-Z0-9_-]{1,128}$`)
)

func (c *draft) finishNode(env Environment) (warnings []string, err error) {
	n := &c.Node
	if n.Name == "" {
		if n.Name, err = env.Hostname(); err != nil {
			return nil, fmt.Errorf("node_name is not given, and the host does not tell its own: %w", err)
		}
	}
	n.Datacenter = strings.ToLower(n.Datacenter)
	n.ID = strings.ToLower(n.ID)
	switch {
	case n.Name == "" || len(n.Name) > catalog.MaxName || strings.ContainsAny(n.Name, " \t\n\r/"):
		return nil, fmt.Errorf("node_name %q is not usable: give 1 to %d characters without spaces and slashes", n.Name, catalog.MaxName)
	case !datacenterName.MatchString(n.Datacenter):
		return nil, fmt.Errorf("datacenter %q is not usable: give up to 63 letters, digits, '-' and '_'", n.Datacenter)
	case n.ID != "" && !uuid.MatchString(n.ID):
		return nil, fmt.Errorf("node_id %q is no UUID such as 2d9b3e6c-7a4f-4c1e-9d52-0b6f8e1a7c33", n.ID)
	case len(n.Meta) > catalog.MaxMeta:
		return nil, fmt.Errorf("node_meta has %d pairs, at most %d", len(n.Meta), catalog.MaxMeta)
	}
	for _, key := range slices.Sorted(maps.Keys(n.Meta)) {
		if !metaKey.MatchString(key) || strings.HasPrefix(key, "consul-") || len(n.Meta[key]) > catalog.MaxName {
			return nil, fmt.Errorf("node_meta %q is not usable: a key has up to 128 letters, digits, '-' and '_' and does not begin with \"consul-\", a value up to %d bytes", key, catalog.MaxName)
		}
	}
	if !local.DNSLabel(n.Name) {
		warnings = append(warnings, fmt.Sprintf("node_name %q is no DNS label (letters, digits and '-'), so the node cannot be found through DNS", n.Name))
	}
	return warnings, nil
}

func (c *draft) finishAddresses(env Environment) (warnings []string, err error) {
	a := &c.Addresses
	if a.Bind, err = parseAddr(c.bind); err != nil {
		return nil, fmt.Errorf("bind_addr: %w", err)
	}
	a.Advertise = a.Bind
	switch {
	case c.advertise != "":
		if a.Advertise, err = parseAddr(c.advertise); err != nil {
			return nil, fmt.Errorf("advertise_addr: %w", err)
		}
	case a.Bind.IsUnspecified():
		if a.Advertise, warnings, err = ownAddress(env, a.Bind.Is4()); err != nil {
			return nil, err
		}
	}
	if a.Advertise.IsUnspecified() {
		return nil, fmt.Errorf("advertise_addr: %v is no address that others can reach", a.Advertise)
	}
	a.Wide = a.Advertise
	if c.wide != "" {
		if a.Wide, err = parseAddr(c.wide); err != nil {
			return nil, fmt.Errorf("advertise_addr_wan: %w", err)
		}
	}
	if a.HTTP, err = parseAddrs("addresses.http", c.httpAddr, c.client); err != nil {
		return nil, err
	}
	a.DNS, err = parseAddrs("addresses.dns", c.dnsAddr, c.client)
	for _, h := range a.HTTP {
		if err == nil && !h.IsLoopback() {
			warnings = append(warnings, fmt.Sprintf("HTTP listens on %v: there are no ACLs yet, whoever reaches the port may read and write everything", h))
		}
	}
	return warnings, err
}

// parseAddrs reads a list of addresses with spaces between them.
func parseAddrs(key, own, client string) ([]netip.Addr, error) {
	if own == "" {
		key, own = "client_addr", client
	}
	if strings.Contains(own, "{{") {
		_, err := parseAddr(own)
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	var out []netip.Addr
	for _, s := range strings.Fields(own) {
		if strings.HasPrefix(s, "unix:") {
			return nil, fmt.Errorf("%s: unix sockets such as %q are not supported: give an IP address", key, s)
		}
		a, err := parseAddr(s)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out = append(out, a)
	}
	return out, nil
}

// ownAddress picks the address that others shall use when the agent listens on
// all: the only private IPv4 one, or the only public IPv6 one.
func ownAddress(env Environment, v4 bool) (netip.Addr, []string, error) {
	all, err := env.Addresses()
	if err != nil {
		return netip.Addr{}, nil, fmt.Errorf("bind_addr is unspecified, and the interfaces cannot be listed: %w; give advertise_addr", err)
	}
	var fit, loop []netip.Addr
	for _, a := range all {
		switch {
		case a.Is4() != v4:
		case a.IsLoopback():
			loop = append(loop, a)
		case v4 && a.IsPrivate(), !v4 && a.IsGlobalUnicast() && !a.IsPrivate():
			fit = append(fit, a)
		}
	}
	slices.SortFunc(fit, netip.Addr.Compare)
	fit = slices.Compact(fit)
	switch {
	case len(fit) == 1:
		return fit[0], nil, nil
	case len(fit) > 1:
		return netip.Addr{}, nil, fmt.Errorf("this host has several addresses that others may reach it by: %v; say which one with -bind or -advertise", fit)
	case len(loop) > 0 && len(all) == len(loop):
		return loop[0], []string{fmt.Sprintf("this host has only %v: no other host can reach this agent; give -advertise otherwise", loop[0])}, nil
	}
	return netip.Addr{}, nil, errors.New("this host has no private address that others could reach it by: give one with -bind or -advertise")
}

func (c *draft) finishJoin(Environment) (warnings []string, err error) {
	for _, list := range [][]string{c.Join.LAN, c.Join.WAN} {
		for _, s := range list {
			switch {
			case strings.Contains(s, "provider="):
				return nil, fmt.Errorf("retry_join %q: discovery through a cloud provider is not here: give an address or a name", s)
			case s == "" || strings.ContainsAny(s, " \t\n/{"):
				return nil, fmt.Errorf("retry_join %q is no host or host:port", s)
			}
		}
	}
	if len(c.Join.WAN) > 0 && !c.Server.Enabled {
		warnings = append(warnings, "retry_join_wan has no effect: only servers join other datacenters")
	}
	if c.Join.Interval <= 0 {
		return warnings, errors.New("retry_interval must be positive, such as \"30s\"")
	}
	return warnings, nil
}

// finishEncrypt reads the key. Nothing that it says repeats any of it.
func (c *draft) finishEncrypt(Environment) (warnings []string, err error) {
	e := &c.Encrypt
	if c.encrypt == "" {
		return nil, nil
	}
	if e.Key, err = keyring.ParseKey(c.encrypt); err != nil {
		return nil, fmt.Errorf("encrypt: %w", err)
	}
	if !e.Incoming || !e.Outgoing {
		warnings = append(warnings, "encrypt_verify_incoming or encrypt_verify_outgoing is false: gossip is not safe from strangers until both are true")
	}
	return warnings, nil
}

func (c *draft) finishGossip(Environment) (warnings []string, err error) {
	for _, g := range []struct {
		key string
		*Gossip
	}{{"gossip_lan", &c.GossipLAN}, {"gossip_wan", &c.GossipWAN}} {
		switch {
		case g.Interval <= 0 || g.ProbeTimeout <= 0:
			return nil, fmt.Errorf("%s: gossip_interval and probe_timeout must be positive, such as \"200ms\"", g.key)
		case g.ProbeInterval <= g.ProbeTimeout:
			return nil, fmt.Errorf("%s: probe_interval is %v and probe_timeout %v: the answer must be due within the interval", g.key, g.ProbeInterval, g.ProbeTimeout)
		}
	}
	return nil, nil
}

func (c *draft) finishDNS(Environment) ([]string, error) {
	d := &c.DNS
	d.Domain = strings.ToLower(strings.Trim(d.Domain, ".")) + "."
	if d.AltDomain != "" {
		d.AltDomain = strings.ToLower(strings.Trim(d.AltDomain, ".")) + "."
	}
	for _, zone := range []string{d.Domain, d.AltDomain} {
		for label := range strings.SplitSeq(strings.TrimSuffix(zone, "."), ".") {
			if zone != "" && !local.DNSLabel(label) {
				return nil, fmt.Errorf("domain %q is no DNS name", zone)
			}
		}
	}
	for _, s := range c.recursors {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			host, port = strings.Trim(s, "[]"), "53"
		}
		addr, err := netip.ParseAddrPort(net.JoinHostPort(host, port))
		if err != nil {
			return nil, fmt.Errorf("recursor %q is no IP or IP:PORT", s)
		}
		d.Recursors.Addrs = append(d.Recursors.Addrs, addr)
	}
	return nil, nil
}

// finishPorts makes sure that no two listeners ask for the same port.
func (c *draft) finishPorts(Environment) (warnings []string, err error) {
	p := &c.Ports
	users := []struct {
		key  string
		port int
	}{
		{"ports.server", p.Server}, {"ports.serf_lan", p.SerfLAN}, {"ports.serf_wan", p.SerfWAN},
		{"ports.http", p.HTTP}, {"ports.dns", p.DNS},
	}
	if p.HTTPS > 0 {
		warnings = append(warnings, "ports.https has no effect: "+noTLS)
	}
	if c.HTTP.UI {
		warnings = append(warnings, "ui has no effect: the web user interface is not here yet")
	}
	taken := map[int]string{}
	for _, u := range users {
		if u.port <= 0 {
			continue
		}
		if other, ok := taken[u.port]; ok {
			return warnings, fmt.Errorf("%s and %s are both %d: give one of them another port", other, u.key, u.port)
		}
		taken[u.port] = u.key
	}
	switch {
	case p.SerfLAN < 0:
		return warnings, errors.New("ports.serf_lan cannot be off: an agent is found by it")
	case p.Server < 0:
		return warnings, errors.New("ports.server cannot be off: it leads to the servers")
	}
	return warnings, nil
}

// scriptWarnings tells of script checks from files that will not be run.
func (c *draft) scriptWarnings() []string {
	if c.Checks.Scripts || c.Checks.LocalScripts {
		return nil
	}
	all := slices.Clone(c.Definitions.Checks)
	for _, s := range c.Definitions.Services {
		all = append(all, s.Checks...)
	}
	var out []string
	for _, k := range all {
		if k.Probe.Kind == local.KindScript {
			out = append(out, fmt.Sprintf("check %q runs a script and stays critical: script checks need -enable-local-script-checks", k.ID))
		}
	}
	return out
}
