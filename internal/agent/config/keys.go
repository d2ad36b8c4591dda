package config

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
)

// draft is a configuration in the making: the parts that are final as they are
// read, and what is only settled when everything has been read.
type draft struct {
	Config
	bind, advertise, wide string
	client                string
	httpAddr, dnsAddr     string
	recursors             []string
	encrypt               string // not parsed where it is read: an error would repeat it
	bootstrap             bool
	multiplier            int   // of the Raft times
	leaveOnTerminate      *bool // nil: not said
	skipLeaveOnInterrupt  *bool
	checkIDs              map[string]bool // of all checks so far, those of services too
	needs                 []need          // of checks outside of their services
}

// keys is the schema of a configuration file.
func (c *draft) keys() table {
	t := table{
		"node_name":  text(&c.Node.Name),
		"node_id":    text(&c.Node.ID),
		"node_meta":  textPairs(&c.Node.Meta),
		"datacenter": text(&c.Node.Datacenter),

		"disable_coordinates": truth(&c.Node.Placeless),

		"data_dir":         text(&c.Storage.Dir),
		"pid_file":         text(&c.Storage.PIDFile),
		"server":           truth(&c.Server.Enabled),
		"bootstrap":        truth(&c.bootstrap),
		"bootstrap_expect": number(&c.Server.Expect, 0, 99),

		"bind_addr":          text(&c.bind),
		"advertise_addr":     text(&c.advertise),
		"advertise_addr_wan": text(&c.wide),
		"client_addr":        text(&c.client),
		"addresses":          object(c.addressKeys()),
		"ports":              object(c.portKeys()),

		"start_join":         texts(&c.Join.LAN),
		"retry_join":         texts(&c.Join.LAN),
		"start_join_wan":     texts(&c.Join.WAN),
		"retry_join_wan":     texts(&c.Join.WAN),
		"retry_interval":     duration(&c.Join.Interval),
		"retry_max":          number(&c.Join.Max, 0, 1<<31-1),
		"rejoin_after_leave": truth(&c.Join.Rejoin),

		"encrypt":                 text(&c.encrypt),
		"encrypt_verify_incoming": truth(&c.Encrypt.Incoming),
		"encrypt_verify_outgoing": truth(&c.Encrypt.Outgoing),
		"disable_keyring_file":    truth(&c.Encrypt.NoFile),

		"leave_on_terminate":      maybe(&c.leaveOnTerminate),
		"skip_leave_on_interrupt": maybe(&c.skipLeaveOnInterrupt),

		"gossip_lan": object(gossipKeys(&c.GossipLAN)),
		"gossip_wan": object(gossipKeys(&c.GossipWAN)),

		"performance": object(c.performanceKeys()),
		"limits":      object(c.limitKeys()),
		"telemetry":   object(c.telemetryKeys()),
		"ui":          truth(&c.HTTP.UI),
		"ui_config":   object(c.uiKeys()),
		"http_config": object(c.httpKeys()),

		"domain":     text(&c.DNS.Domain),
		"alt_domain": text(&c.DNS.AltDomain),
		"recursor":   parsed(func(s string) error { c.recursors = append(c.recursors, s); return nil }),
		"recursors":  texts(&c.recursors),
		"dns_config": object(c.dnsKeys()),

		"log_level": parsed(c.setLogLevel),
		"log_json":  truth(&c.Log.JSON),
		"log_file":  text(&c.Log.File),

		"enable_script_checks":       truth(&c.Checks.Scripts),
		"enable_local_script_checks": truth(&c.Checks.LocalScripts),
		"check_update_interval":      duration(&c.Checks.OutputDelay),
		"check_output_max_size":      number(&c.Checks.OutputMax, 1, catalog.MaxOutput),
		"discard_check_output":       truth(&c.Checks.DiscardOutput),

		"service":  c.service,
		"services": each(c.service),
		"check":    c.check,
		"checks":   each(c.check),
	}
	for _, key := range slices.Sorted(maps.Keys(absentKeys)) {
		t[key] = absent(absentKeys[key])
	}
	for _, key := range ignoredKeys {
		t[key] = ignored
	}
	return t
}

func (c *draft) addressKeys() table {
	return table{
		"http": text(&c.httpAddr), "dns": text(&c.dnsAddr),
		"https": absent(noTLS), "grpc": absent(noGRPC), "grpc_tls": absent(noGRPC), "rpc": absent("the old RPC protocol is gone, use HTTP"),
	}
}

func (c *draft) portKeys() table {
	port := func(p *int) setter { return number(p, -1, 65535) }
	return table{
		"server": port(&c.Ports.Server), "serf_lan": port(&c.Ports.SerfLAN), "serf_wan": port(&c.Ports.SerfWAN),
		"http": port(&c.Ports.HTTP), "https": port(&c.Ports.HTTPS), "dns": port(&c.Ports.DNS),
		"grpc": absent(noGRPC), "grpc_tls": absent(noGRPC), "rpc": absent("the old RPC protocol is gone, use HTTP"),
		"sidecar_min_port": absent(noMesh), "sidecar_max_port": absent(noMesh),
		"expose_min_port": absent(noMesh), "expose_max_port": absent(noMesh),
	}
}

func gossipKeys(g *Gossip) table {
	return table{
		"gossip_interval": duration(&g.Interval), "gossip_nodes": number(&g.Nodes, 1, 100),
		"probe_interval": duration(&g.ProbeInterval), "probe_timeout": duration(&g.ProbeTimeout),
		"suspicion_mult": number(&g.SuspicionMult, 1, 100), "retransmit_mult": number(&g.RetransmitMult, 1, 100),
	}
}

func (c *draft) performanceKeys() table {
	return table{
		"raft_multiplier":         number(&c.multiplier, 1, 10),
		"rpc_hold_timeout":        duration(&c.Raft.LeaderWait),
		"leave_drain_time":        absent("a server that leaves hands its leadership over at once"),
		"grpc_keepalive_interval": absent(noGRPC), "grpc_keepalive_timeout": absent(noGRPC),
	}
}

func (c *draft) limitKeys() table {
	t := table{
		"http_max_conns_per_client": number(&c.Limits.HTTPConns, 1, 1<<20),
		"kv_max_value_size":         number(&c.Limits.KVValue, 1, 512<<10),
		"txn_max_req_len":           number(&c.Limits.TxnBody, 1, 64<<20),
	}
	for _, key := range []string{
		"https_handshake_timeout", "rpc_handshake_timeout", "rpc_client_timeout", "rpc_max_conns_per_client",
		"rpc_rate", "rpc_max_burst", "request_limits",
	} {
		t[key] = absent("this limit has a fixed value here")
	}
	return t
}

func (c *draft) telemetryKeys() table {
	t := table{}
	for _, key := range []string{
		"dogstatsd_addr", "dogstatsd_tags", "statsd_address", "statsite_address", "metrics_prefix", "prefix_filter",
		"filter_default", "disable_hostname", "disable_compat_1.9", "disable_per_tenancy_usage_metrics",
		"enable_host_metrics", "prometheus_retention_time", "retry_failed_connection", "statsite_prefix",
		"circonus_api_token", "circonus_api_app", "circonus_api_url", "circonus_submission_interval",
		"circonus_submission_url", "circonus_check_id", "circonus_check_force_metric_activation",
		"circonus_check_instance_id", "circonus_check_search_tag", "circonus_check_display_name",
		"circonus_check_tags", "circonus_broker_id", "circonus_broker_select_tag",
	} {
		t[key] = absent("metrics are read from /v1/agent/metrics, and are not sent anywhere")
	}
	return t
}

func (c *draft) uiKeys() table {
	t := table{"enabled": truth(&c.HTTP.UI)}
	for _, key := range []string{"dir", "content_path", "metrics_provider", "metrics_proxy", "metrics_provider_files", "metrics_provider_options_json", "dashboard_url_templates"} {
		t[key] = absent("the user interface has no such setting here")
	}
	return t
}

func (c *draft) httpKeys() table {
	return table{
		"response_headers":      textPairs(&c.HTTP.Headers),
		"block_endpoints":       absent("endpoints cannot be blocked here"),
		"allow_write_http_from": absent("writes are not filtered by address here"),
		"use_cache":             absent("answers are cached only on request (?cached)"),
		"max_header_bytes":      absent("the size of headers has a fixed bound here"),
	}
}

func (c *draft) dnsKeys() table {
	d := &c.DNS
	return table{
		"node_ttl":                        duration(&d.NodeTTL),
		"service_ttl":                     pairs(c.serviceTTL),
		"only_passing":                    truth(&d.OnlyPassing),
		"allow_stale":                     truth(&d.AllowStale),
		"max_stale":                       duration(&d.MaxStale),
		"enable_truncate":                 truth(&d.Truncate),
		"udp_answer_limit":                number(&d.UDPLimit, 1, 1024),
		"recursor_strategy":               parsed(c.setStrategy),
		"recursor_timeout":                duration(&d.Recursors.Timeout),
		"soa":                             object(table{"refresh": seconds(&d.SOA.Refresh), "retry": seconds(&d.SOA.Retry), "expire": seconds(&d.SOA.Expire), "min_ttl": seconds(&d.SOA.MinTTL)}),
		"a_record_limit":                  absent("udp_answer_limit bounds the answers over UDP"),
		"disable_compression":             absent("messages are compressed when they must be"),
		"enable_additional_node_meta_txt": absent("TXT records are answered when they are asked for"),
		"use_cache":                       absent("DNS answers come from the catalog itself"),
		"cache_max_age":                   absent("DNS answers come from the catalog itself"),
		"prefer_namespace":                absent("there are no namespaces here"),
	}
}

func (c *draft) serviceTTL(d *decoder, name string, v *value) {
	var ttl time.Duration
	duration(&ttl)(d, v)
	if c.DNS.ServiceTTL == nil {
		c.DNS.ServiceTTL = map[string]time.Duration{}
	}
	c.DNS.ServiceTTL[name] = ttl
}

func (c *draft) setStrategy(s string) error {
	if s != "sequential" && s != "random" {
		return fmt.Errorf("%q is neither \"sequential\" nor \"random\"", s)
	}
	c.DNS.Recursors.Random = s == "random"
	return nil
}

// levels are the names of the log levels. Both Consul's old and new ones work.
var levels = map[string]slog.Level{
	"TRACE": LevelTrace, "DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo,
	"WARN": slog.LevelWarn, "WARNING": slog.LevelWarn, "ERR": slog.LevelError, "ERROR": slog.LevelError,
}

func (c *draft) setLogLevel(s string) error {
	l, ok := levels[strings.ToUpper(s)]
	if !ok {
		return fmt.Errorf("log level %q is none of trace, debug, info, warn and error", s)
	}
	c.Log.Level = l
	return nil
}
