package config

// Why a known key has no effect here.
const (
	noTLS    = "there is no TLS here yet, traffic is NOT encrypted; do not open the ports to an untrusted network"
	noACL    = "there are no ACLs here yet, anyone who reaches a port may read and write everything"
	noGRPC   = "there is no gRPC server here"
	noMesh   = "there is no service mesh here"
	noTenant = "there are no namespaces, partitions and segments here"
	noWatch  = "watches in the configuration are not run; use a blocking query"
	fixed    = "this has a fixed value here"
)

// absentKeys are Consul's keys of features that are not here: a configuration
// written for Consul starts, and the log says what it will not get.
var absentKeys = map[string]string{
	"acl": noACL, "acl_agent_master_token": noACL, "acl_agent_token": noACL, "acl_datacenter": noACL,
	"acl_default_policy": noACL, "acl_down_policy": noACL, "acl_enforce_version_8": noACL,
	"acl_master_token": noACL, "acl_replication_token": noACL, "acl_token": noACL, "acl_ttl": noACL,
	"enable_acl_replication": noACL, "primary_datacenter": noACL,

	"tls": noTLS, "auto_encrypt": noTLS, "ca_file": noTLS, "ca_path": noTLS, "cert_file": noTLS, "key_file": noTLS,
	"server_name": noTLS, "tls_cipher_suites": noTLS, "tls_min_version": noTLS,
	"tls_prefer_server_cipher_suites": noTLS, "verify_incoming": noTLS, "verify_incoming_https": noTLS,
	"verify_incoming_rpc": noTLS, "verify_outgoing": noTLS, "verify_server_hostname": noTLS,

	"connect": noMesh, "config_entries": noMesh, "enable_central_service_config": noMesh, "xds": noMesh,
	"auto_config": noMesh, "peering": noMesh,
	"namespace": noTenant, "partition": noTenant, "segment": noTenant, "segments": noTenant, "license_path": noTenant,
	"audit": noTenant, "locality": noTenant, "reporting": noTenant, "cloud": noTenant,

	"watches": noWatch, "autopilot": fixed, "cache": fixed, "raft_protocol": fixed, "protocol": fixed,
	"raft_snapshot_threshold": fixed, "raft_snapshot_interval": fixed, "raft_trailing_logs": fixed, "raft_logstore": fixed,
	"session_ttl_min": fixed, "reconnect_timeout": fixed, "reconnect_timeout_wan": fixed, "advertise_reconnect_timeout": fixed,
	"default_query_time": fixed, "max_query_time": fixed, "read_replica": fixed,
	"non_voting_server": fixed, "rpc": fixed, "server_rejoin_age_max": fixed,
	"log_rotate_bytes": "rotate the file from outside", "log_rotate_duration": "rotate the file from outside",
	"log_rotate_max_files": "rotate the file from outside",
	"enable_syslog":        "log to standard error or a file", "syslog_facility": "log to standard error or a file",
	"enable_debug": "profiles are not served", "unix_sockets": "listening on unix sockets is not here",
	"serf_lan": "gossip listens on bind_addr", "serf_wan": "gossip listens on bind_addr", "serf_lan_allowed_cidrs": fixed, "serf_wan_allowed_cidrs": fixed,
	"advertise_addrs": "use advertise_addr and ports", "advertise_addr_ipv4": "use advertise_addr", "advertise_addr_ipv6": "use advertise_addr",
	"advertise_addr_wan_ipv4": "use advertise_addr_wan", "advertise_addr_wan_ipv6": "use advertise_addr_wan",
	"atlas_infrastructure": "Atlas is gone", "atlas_token": "Atlas is gone", "atlas_acl_token": "Atlas is gone",
	"atlas_join": "Atlas is gone", "atlas_endpoint": "Atlas is gone", "ui_dir": "the user interface is part of the program",
	"statsd_addr": "metrics are read from /v1/agent/metrics", "statsite_addr": "metrics are read from /v1/agent/metrics",
	"statsite_prefix": "metrics are read from /v1/agent/metrics", "dogstatsd_addr": "metrics are read from /v1/agent/metrics",
	"dogstatsd_tags": "metrics are read from /v1/agent/metrics", "experiments": "there are no experiments here",
	"auto_reload_config": "send SIGHUP to reload", "translate_wan_addrs": fixed, "enable_agent_tls_for_checks": noTLS, "http_api_response_headers": "use http_config.response_headers",
	"use_streaming_backend": "blocking queries always wait on what they read",
}

// ignoredKeys are Consul's keys that ask for what happens here anyway.
var ignoredKeys = []string{
	"disable_update_check",        // nothing calls home
	"disable_anonymous_signature", // the same
	"disable_host_node_id",        // IDs are random
	"disable_http_unprintable_char_filter",
	"disable_remote_exec", // there is no remote execution
}
