package local

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/catalog"
)

// Reserved names: the leader keeps them, and an agent never writes them.
const (
	reservedService = "consul"
	maintenanceNode = "_node_maintenance"
	maintenanceOf   = "_service_maintenance:"
)

// Normalized returns the definition with its defaults filled in: the ID from
// the name, weights of 1, and for its checks an ID, a name and the service's
// ID. The warnings tell what was changed and what will not work as hoped; the
// error says what makes the definition unusable.
func (d Service) Normalized() (Service, []string, error) {
	if d.Spec.ID == "" {
		d.Spec.ID = d.Spec.Service
	}
	if d.Spec.Weights == (catalog.Weights{}) {
		d.Spec.Weights = catalog.Weights{Passing: 1, Warning: 1}
	}
	d.Spec.CreateIndex, d.Spec.ModifyIndex = 0, 0
	if err := validateService(&d.Spec); err != nil {
		return d, nil, err
	}
	var warnings []string
	if !DNSLabel(d.Spec.Service) {
		warnings = append(warnings, fmt.Sprintf("service %q: its name is no DNS label (letters, digits and '-'), so it cannot be found through DNS", d.Spec.Service))
	}
	checks := slices.Clone(d.Checks) // the caller's stay as they are
	for i, c := range d.Checks {
		c.Source = d.Source
		c, w, err := c.of(&d.Spec, i, len(checks)).Normalized()
		if err != nil {
			return d, warnings, fmt.Errorf("service %q: %w", d.Spec.ID, err)
		}
		if slices.ContainsFunc(checks[:i], func(o Check) bool { return o.ID == c.ID }) {
			return d, warnings, fmt.Errorf("service %q: check %q is defined twice; give one of them another id", d.Spec.ID, c.ID)
		}
		warnings = append(warnings, w...)
		checks[i] = c
	}
	d.Checks = checks
	return d, warnings, nil
}

// of returns the check as the i-th of n of a service. The names are Consul's:
// "service:web" for an only check, "service:web:1" on for several.
func (c Check) of(svc *catalog.Service, i, n int) Check {
	c.ServiceID = svc.ID
	if c.ID == "" {
		c.ID = "service:" + svc.ID
		if n > 1 {
			c.ID = fmt.Sprintf("service:%s:%d", svc.ID, i+1)
		}
	}
	if c.Name == "" {
		c.Name = fmt.Sprintf("Service '%s' check", svc.Service)
	}
	return c
}

func validateService(s *catalog.Service) error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("service %q: %s", s.ID, fmt.Sprintf(format, args...))
	}
	switch {
	case s.Service == "":
		return fmt.Errorf("service %q: it needs a name", s.ID)
	case s.ID == reservedService:
		return fail("the ID is kept for the servers themselves")
	case len(s.ID) > catalog.MaxName || len(s.Service) > catalog.MaxName:
		return fail("its name and ID have at most %d bytes", catalog.MaxName)
	case s.Port < 0 || s.Port > 65535:
		return fail("port %d is not between 0 and 65535", s.Port)
	case s.Weights.Passing < 1 || s.Weights.Passing > 65535 || s.Weights.Warning < 0 || s.Weights.Warning > 65535:
		return fail("weights are 1 to 65535 for passing and 0 to 65535 for warning")
	case len(s.Tags) > catalog.MaxTags:
		return fail("%d tags, at most %d", len(s.Tags), catalog.MaxTags)
	case len(s.Meta) > catalog.MaxMeta:
		return fail("%d meta pairs, at most %d", len(s.Meta), catalog.MaxMeta)
	case strings.ContainsAny(s.Address, " \t\n/") || s.Address == "0.0.0.0" || s.Address == "::":
		return fail("address %q is no address that others can reach; leave it out to use the node's", s.Address)
	}
	for _, key := range sortedKeys(s.Meta) {
		if n := len(key); n == 0 || n > MaxMetaKey {
			return fail("meta key %.20q has %d bytes, not 1 to %d", key, n, MaxMetaKey)
		}
		if n := len(s.Meta[key]); n > MaxMetaValue {
			return fail("the value of meta key %q has %d bytes, at most %d", key, n, MaxMetaValue)
		}
	}
	return refusal(catalog.Registration{Service: s})
}

// refusal returns the error that the catalog has for what is registered,
// whatever its state. To find it out now spares the servers a write that they
// refuse again and again.
func refusal(r catalog.Registration) error {
	r.Node.Node = "any"
	for i := range r.Checks {
		r.Checks[i].Node, r.Checks[i].Status = "any", catalog.Critical
	}
	return r.Validate()
}

// Normalized returns the definition with its defaults filled in: the ID from
// the name or the other way round, the kind's timeout, raised intervals. The
// warnings tell what was changed; the error says what makes it unusable.
func (c Check) Normalized() (Check, []string, error) {
	if c.ID == "" {
		c.ID = c.Name
	}
	if c.Name == "" {
		c.Name = c.ID
	}
	var warnings []string
	raise := func(what string, d *time.Duration, least time.Duration) {
		if *d > 0 && *d < least {
			warnings = append(warnings, fmt.Sprintf("check %q: %s of %v is raised to the least, %v", c.ID, what, *d, least))
			*d = least
		}
	}
	if c.Probe.Kind.Active() {
		raise("interval", &c.Probe.Interval, MinInterval)
	}
	raise("deregister_critical_service_after", &c.Policy.DeregisterAfter, MinDeregisterAfter)
	if c.Probe.Timeout == 0 && c.Probe.Kind.Active() {
		c.Probe.Timeout = NetworkTimeout
		if c.Probe.Kind == KindScript {
			c.Probe.Timeout = ScriptTimeout
		}
	}
	if c.Policy.OutputMax == 0 {
		c.Policy.OutputMax = catalog.MaxOutput
	}
	return c, warnings, c.validate()
}

func (c *Check) validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("check %q: %s", c.ID, fmt.Sprintf(format, args...))
	}
	p := &c.Policy
	switch {
	case c.ID == "":
		return fail("it needs a name")
	case c.ID == catalog.SerfHealth:
		return fail("the ID is kept for the check that the leader writes")
	case len(c.ID) > catalog.MaxName || len(c.Name) > catalog.MaxName || len(c.ServiceID) > catalog.MaxName:
		return fail("its name, ID and service_id have at most %d bytes", catalog.MaxName)
	case len(c.Notes) > catalog.MaxText:
		return fail("its notes have at most %d bytes", catalog.MaxText)
	case c.Status != "" && !validStatus(c.Status):
		return fail("status %q is none of passing, warning and critical", c.Status)
	case p.SuccessBeforePassing < 0 || p.FailuresBeforeWarning < 0 || p.FailuresBeforeCritical < 0:
		return fail("success_before_passing and failures_before_* cannot be negative")
	case p.FailuresBeforeWarning > max(p.FailuresBeforeCritical, 1):
		return fail("failures_before_warning %d is more than failures_before_critical %d, so it could never warn", p.FailuresBeforeWarning, p.FailuresBeforeCritical)
	case p.DeregisterAfter < 0:
		return fail("deregister_critical_service_after cannot be negative")
	case p.OutputMax < 1 || p.OutputMax > catalog.MaxOutput:
		return fail("output_max_size %d is not between 1 and %d", p.OutputMax, catalog.MaxOutput)
	}
	if err := c.Probe.validate(); err != nil {
		return fmt.Errorf("check %q: %w", c.ID, err)
	}
	return refusal(catalog.Registration{Checks: []catalog.Check{
		{CheckID: c.ID, Name: c.Name, Notes: c.Notes, ServiceID: c.ServiceID, Type: string(c.Probe.Kind)}}})
}

func (p *Probe) validate() error {
	switch {
	case p.Kind.Active() && p.Interval <= 0:
		return fmt.Errorf("a check of kind %s needs an interval, such as \"10s\"", p.Kind)
	case p.Kind.Active() && p.Timeout < 0:
		return fmt.Errorf("timeout cannot be negative")
	case p.Kind == KindTTL && p.TTL <= 0:
		return fmt.Errorf("ttl must be positive, such as \"30s\"")
	case p.Kind == KindTTL && p.Interval > 0:
		return fmt.Errorf("interval and ttl exclude each other: a ttl check is reported to, not run")
	case p.TTL != 0 && p.Kind != KindTTL:
		return fmt.Errorf("ttl is for ttl checks; one of kind %s has none", p.Kind)
	}
	switch p.Kind {
	case KindScript:
		if len(p.Args) == 0 || p.Args[0] == "" {
			return fmt.Errorf("args must name a command")
		}
	case KindHTTP:
		u, err := url.Parse(p.Target)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return fmt.Errorf("http %q is no URL that begins with http:// or https:// and names a host", p.Target)
		}
	case KindTCP, KindUDP, KindGRPC:
		addr := p.Target
		if p.Kind == KindGRPC {
			addr, _, _ = strings.Cut(addr, "/")
		}
		if !hostPort(addr) {
			return fmt.Errorf("%s %q is not host:port", p.Kind, p.Target)
		}
	case KindTTL, KindAlias, KindMaintenance:
	default:
		return fmt.Errorf("kind %q is unknown", p.Kind)
	}
	return nil
}

// hostPort reports whether s is a host or an address in brackets, and a port
// number.
func hostPort(s string) bool {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.ContainsAny(s, " \t\n/") {
		return false
	}
	host := s[:i]
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = strings.ReplaceAll(host[1:len(host)-1], ":", "")
	}
	port, err := strconv.ParseUint(s[i+1:], 10, 16)
	return err == nil && port > 0 && !strings.ContainsAny(host, ":[]")
}

func validStatus(s string) bool {
	return s == catalog.Passing || s == catalog.Warning || s == catalog.Critical
}

// DNSLabel reports whether name can stand as one label of a DNS name: 1 to 63
// letters, digits and hyphens, with no hyphen at either end (RFC 1123 2.1).
func DNSLabel(name string) bool {
	if len(name) == 0 || len(name) > 63 || name[0] == '-' || name[len(name)-1] == '-' {
		return false
	}
	for _, c := range []byte(name) {
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
