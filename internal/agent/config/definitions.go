package config

import (
	"fmt"
	"slices"
	"strings"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// service reads the value of "service", or one of "services".
func (c *draft) service(d *decoder, v *value) {
	def, ok := readService(d, v)
	if !ok {
		return
	}
	def.Source = local.FromFile
	for i := range def.Checks {
		def.Checks[i].Source = local.FromFile
	}
	same := func(o local.Service) bool { return o.Spec.ID == def.Spec.ID }
	if slices.ContainsFunc(c.Definitions.Services, same) {
		d.fail(v.at, "service %q is defined twice; give one of them another id", def.Spec.ID)
		return
	}
	for _, k := range def.Checks {
		if !c.once(d, v, k.ID) {
			return
		}
	}
	c.Definitions.Services = append(c.Definitions.Services, def)
}

// check reads the value of "check", or one of "checks".
func (c *draft) check(d *decoder, v *value) {
	def, ok := readCheck(d, v)
	if !ok {
		return
	}
	def, warnings, err := def.Normalized()
	for _, w := range warnings {
		d.warn(v.at, "%s", w)
	}
	if err != nil {
		d.fail(v.at, "%v", err)
		return
	}
	def.Source = local.FromFile
	if !c.once(d, v, def.ID) {
		return
	}
	c.Definitions.Checks = append(c.Definitions.Checks, def)
	if def.ServiceID != "" {
		c.needs = append(c.needs, need{def.ServiceID, d.warning(v.at,
			"check %q is of service %q, which is in no file: it is left out unless that service is registered over HTTP", def.ID, def.ServiceID)})
	}
}

// need is a service that a check outside of it asks for. It may stand in a file
// that has not been read yet.
type need struct{ service, warning string }

// needWarnings tells of checks whose service is in no file.
func (c *draft) needWarnings() []string {
	var out []string
	for _, n := range c.needs {
		if !slices.ContainsFunc(c.Definitions.Services, func(s local.Service) bool { return s.Spec.ID == n.service }) {
			out = append(out, n.warning)
		}
	}
	return out
}

// once notes the ID of a check, of a service's or not, and fails if it is there
// already.
func (c *draft) once(d *decoder, v *value, id string) bool {
	if c.checkIDs[id] {
		d.fail(v.at, "check %q is defined twice; give one of them another id", id)
		return false
	}
	c.checkIDs[id] = true
	return true
}

// readService reads a service's definition with its checks, normalized.
func readService(d *decoder, v *value) (local.Service, bool) {
	var def local.Service
	before := len(d.errs)
	read := func(d *decoder, v *value) {
		if c, ok := readCheck(d, v); ok {
			def.Checks = append(def.Checks, c)
		}
	}
	d.object(v, serviceKeys(&def.Spec, read))
	if len(d.errs) > before {
		return def, false
	}
	def, warnings, err := def.Normalized()
	for _, w := range warnings {
		d.warn(v.at, "%s", w)
	}
	if err != nil {
		d.fail(v.at, "%v", err)
	}
	return def, err == nil
}

func serviceKeys(s *catalog.Service, readCheck setter) table {
	t := table{
		"id":                  text(&s.ID),
		"name":                text(&s.Service),
		"tags":                texts(&s.Tags),
		"address":             text(&s.Address),
		"port":                number(&s.Port, 0, 65535),
		"meta":                textPairs(&s.Meta),
		"kind":                text(&s.Kind),
		"weights":             object(table{"passing": number(&s.Weights.Passing, 1, 65535), "warning": number(&s.Weights.Warning, 0, 65535)}),
		"tagged_addresses":    taggedAddresses(s),
		"enable_tag_override": truth(&s.EnableTagOverride),
		"check":               readCheck,
		"checks":              each(readCheck),
		"token":               absent(noACL),
		"namespace":           absent(noTenant),
		"partition":           absent(noTenant),
		"locality":            absent(noTenant),
		"socket_path":         absent("a service has an address and a port here"),
		"ports":               absent("a service has one port here"),
	}
	for _, key := range []string{"connect", "proxy", "proxy_destination", "native"} {
		t[key] = absent(noMesh)
	}
	return t
}

func taggedAddresses(s *catalog.Service) setter {
	return pairs(func(d *decoder, key string, v *value) {
		var a catalog.ServiceAddress
		d.object(v, table{"address": text(&a.Address), "port": number(&a.Port, 0, 65535)})
		if s.TaggedAddresses == nil {
			s.TaggedAddresses = map[string]catalog.ServiceAddress{}
		}
		s.TaggedAddresses[key] = a
	})
}

// rawCheck is a check as people write it: one key for each kind.
type rawCheck struct {
	local.Check
	script               string
	http, tcp, udp, grpc string
	args                 []string
	aliasNode            string
	aliasService         string
	given                map[string]bool // the keys that choose a kind
}

func (c *rawCheck) keys() table {
	kind := func(key string, set setter) setter {
		return func(d *decoder, v *value) {
			c.given[key] = v.kind != isString || v.text != "" // some clients send every key
			set(d, v)
		}
	}
	p, q := &c.Probe, &c.Policy
	return table{
		"id": text(&c.ID), "check_id": text(&c.ID), "name": text(&c.Name), "notes": text(&c.Notes),
		"service_id": text(&c.ServiceID), "status": text(&c.Status),

		"args": kind("args", texts(&c.args)), "script_args": kind("args", texts(&c.args)),
		"script":        kind("script", text(&c.script)),
		"http":          kind("http", text(&c.http)),
		"tcp":           kind("tcp", text(&c.tcp)),
		"udp":           kind("udp", text(&c.udp)),
		"grpc":          kind("grpc", text(&c.grpc)),
		"ttl":           kind("ttl", duration(&p.TTL)),
		"alias_service": kind("alias_service", text(&c.aliasService)),
		"alias_node":    kind("alias_node", text(&c.aliasNode)),

		"method": text(&p.Request.Method), "header": pairs(c.header), "body": text(&p.Request.Body),
		"tls_skip_verify": truth(&p.TLS.SkipVerify), "tls_server_name": text(&p.TLS.ServerName),
		"grpc_use_tls": truth(&p.TLS.Use),
		"interval":     duration(&p.Interval), "timeout": duration(&p.Timeout),

		"success_before_passing":            number(&q.SuccessBeforePassing, 0, 1<<20),
		"failures_before_warning":           number(&q.FailuresBeforeWarning, 0, 1<<20),
		"failures_before_critical":          number(&q.FailuresBeforeCritical, 0, 1<<20),
		"deregister_critical_service_after": duration(&q.DeregisterAfter),
		"output_max_size":                   number(&q.OutputMax, 1, catalog.MaxOutput),

		"docker_container_id": refused("docker checks are not here: use args with \"docker\", \"exec\", the container and the command"),
		"shell":               refused("docker checks are not here"),
		"h2ping":              refused("h2ping checks are not here: use http or tcp"),
		"h2ping_use_tls":      refused("h2ping checks are not here: use http or tcp"),
		"os_service":          refused("os_service checks are not here: use args with the command that asks the system"),
		"tcp_use_tls":         refused("tcp checks speak no TLS here: use http"),
		"disable_redirects":   truth(&p.Request.NoRedirect),
		"proxy_http":          absent(noMesh),
		"token":               absent(noACL),
		"namespace":           absent(noTenant),
		"partition":           absent(noTenant),
	}
}

// refused fails on a key without which the definition would mean something
// else. Some clients send every key; false and "" ask for nothing.
func refused(why string) setter {
	return func(d *decoder, v *value) {
		if v.kind == isBool && !v.yes || v.kind == isString && v.text == "" {
			return
		}
		d.fail(v.at, "%s", why)
	}
}

func (c *rawCheck) header(d *decoder, key string, v *value) {
	var values []string
	texts(&values)(d, v)
	if c.Probe.Request.Header == nil {
		c.Probe.Request.Header = map[string][]string{}
	}
	c.Probe.Request.Header[key] = values
}

// readCheck reads a check's definition and finds its kind out.
func readCheck(d *decoder, v *value) (local.Check, bool) {
	c := rawCheck{given: map[string]bool{}}
	before := len(d.errs)
	d.object(v, c.keys())
	if len(d.errs) > before {
		return c.Check, false
	}
	if err := c.choose(); err != nil {
		d.fail(v.at, "%v", err)
		return c.Check, false
	}
	return c.Check, true
}

// choose sets the probe by the one key that says what kind it is.
func (c *rawCheck) choose() error {
	delete(c.given, "alias_node") // goes with alias_service, or stands for it
	if c.aliasNode != "" {
		c.given["alias_service"] = true
	}
	var given []string
	for _, key := range []string{"args", "script", "http", "tcp", "udp", "grpc", "ttl", "alias_service"} {
		if c.given[key] {
			given = append(given, key)
		}
	}
	const kinds = "one of args, http, tcp, udp, grpc, ttl and alias_service"
	switch {
	case len(given) == 0:
		return fmt.Errorf("a check needs %s, to say how its status is found", kinds)
	case len(given) > 1:
		return fmt.Errorf("a check has exactly %s; this one has %s", kinds, strings.Join(given, " and "))
	}
	p := &c.Probe
	switch given[0] {
	case "args":
		p.Kind, p.Args = local.KindScript, c.args
	case "script":
		p.Kind, p.Args = local.KindScript, []string{"/bin/sh", "-c", c.script}
	case "http":
		p.Kind, p.Target = local.KindHTTP, c.http
	case "tcp":
		p.Kind, p.Target = local.KindTCP, c.tcp
	case "udp":
		p.Kind, p.Target = local.KindUDP, c.udp
	case "grpc":
		p.Kind, p.Target = local.KindGRPC, c.grpc
	case "ttl":
		p.Kind = local.KindTTL
	case "alias_service":
		if c.aliasNode != "" {
			return fmt.Errorf("alias_node is not here: an alias check follows a service of its own agent, by alias_service")
		}
		p.Kind, p.Target = local.KindAlias, c.aliasService
	}
	return nil
}
