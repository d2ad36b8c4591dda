package api

import "strings"

// absent are the paths of Consul's API that are not here, by prefix, and what
// they are about: who asks for one has made no typing error. A prefix without
// its last "/" is that of several paths, such as /v1/namespace and
// /v1/namespaces.
var absent = []struct{ prefix, what string }{
	{"/v1/session/", "sessions are"},
	{"/v1/txn", "transactions are"},
	{"/v1/query", "prepared queries are"},
	{"/v1/acl/", "access control lists are"},
	{"/v1/agent/token/", "access control lists are"},
	{"/v1/agent/monitor", "streamed logs are"},
	{"/v1/agent/host", "facts about the host are"},
	{"/v1/operator/usage", "usage counts are"},
	{"/v1/operator/utilization", "usage counts are"},
	{"/v1/operator/area", "network areas are"},
	{"/v1/operator/segment", "network segments are"},
	{"/v1/operator/license", "licenses are"},
	{"/v1/config", "configuration entries are"},
	{"/v1/connect/", "the service mesh is"},
	{"/v1/agent/connect/", "the service mesh is"},
	{"/v1/catalog/connect/", "the service mesh is"},
	{"/v1/catalog/gateway-services/", "the service mesh is"},
	{"/v1/health/connect/", "the service mesh is"},
	{"/v1/health/ingress/", "the service mesh is"},
	{"/v1/discovery-chain/", "the service mesh is"},
	{"/v1/exported-services", "cluster peering is"},
	{"/v1/imported-services", "cluster peering is"},
	{"/v1/peering", "cluster peering is"},
	{"/v1/namespace", "namespaces are"},
	{"/v1/partition", "admin partitions are"},
}

// noRoute is the error for a path that has no route.
func noRoute(path string) error {
	for _, a := range absent {
		if strings.HasPrefix(path+"/", a.prefix) {
			return Missingf("%s not supported by Praetor yet", a.what)
		}
	}
	return Missingf("Invalid URL path: %q is not an HTTP API endpoint", path)
}
