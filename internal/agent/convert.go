package agent

import (
	"time"

	"praetor/api"
	"praetor/catalog"
	"praetor/internal/agent/local"
)

// serviceFrom makes a definition of the agent's of one that came over HTTP.
func serviceFrom(d api.ServiceDefinition) (local.Service, error) {
	s := local.Service{
		Spec: catalog.Service{
			Kind: d.Kind, ID: d.ID, Service: d.Name, Tags: d.Tags, Address: d.Address,
			TaggedAddresses: d.TaggedAddresses, Meta: d.Meta, Port: d.Port,
			EnableTagOverride: d.EnableTagOverride,
		},
		Source: local.FromAPI,
	}
	if d.Weights != nil {
		s.Spec.Weights = *d.Weights
	}
	for _, c := range d.Checks {
		lc, err := checkFrom(c)
		if err != nil {
			return s, err
		}
		s.Checks = append(s.Checks, lc)
	}
	return s, nil
}

// checkFrom makes a definition of the agent's of one that came over HTTP.
func checkFrom(d api.CheckDefinition) (local.Check, error) {
	p, err := probeFrom(d)
	if err != nil {
		return local.Check{}, err
	}
	return local.Check{
		ID: d.ID, Name: d.Name, Notes: d.Notes, ServiceID: d.ServiceID, Status: d.Status,
		Probe: p,
		Policy: local.Policy{
			SuccessBeforePassing:   d.SuccessBeforePassing,
			FailuresBeforeWarning:  d.FailuresBeforeWarning,
			FailuresBeforeCritical: d.FailuresBeforeCritical,
			DeregisterAfter:        time.Duration(d.DeregisterCriticalServiceAfter),
			OutputMax:              d.OutputMaxSize,
		},
		Source: local.FromAPI,
	}, nil
}

// probeFrom finds out of which kind a check is: exactly one must be asked for.
func probeFrom(d api.CheckDefinition) (local.Probe, error) {
	p := local.Probe{
		Interval: time.Duration(d.Interval), Timeout: time.Duration(d.Timeout), TTL: time.Duration(d.TTL),
	}
	kinds := 0
	is := func(given bool, k local.Kind, target string) {
		if given {
			kinds++
			p.Kind, p.Target = k, target
		}
	}
	is(d.TTL != 0, local.KindTTL, "")
	is(d.Script != "" || len(d.Args) > 0, local.KindScript, "")
	is(d.HTTP != "", local.KindHTTP, d.HTTP)
	is(d.TCP != "", local.KindTCP, d.TCP)
	is(d.UDP != "", local.KindUDP, d.UDP)
	is(d.GRPC != "", local.KindGRPC, d.GRPC)
	is(d.AliasService != "", local.KindAlias, d.AliasService)
	if d.AliasNode != "" {
		return p, api.Invalidf("AliasNode is not supported: an alias check follows a service of its own agent, named by AliasService")
	}
	if kinds != 1 {
		return p, api.Invalidf("a check needs exactly one of TTL, Args, HTTP, TCP, UDP, GRPC, AliasNode and AliasService; this one has %d", kinds)
	}
	p.Args = d.Args
	if d.Script != "" {
		p.Args = []string{"sh", "-c", d.Script}
	}
	p.Request = local.Request{Method: d.Method, Header: d.Header, Body: d.Body}
	p.TLS = local.TLS{Use: d.GRPCUseTLS, SkipVerify: d.TLSSkipVerify, ServerName: d.TLSServerName}
	return p, nil
}
