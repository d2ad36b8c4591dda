// Package api is the HTTP API of an agent: Consul's paths, parameters, JSON
// and headers over the replicated state and over the agent itself. The Go
// client for it is in praetor/api/client.
//
//	a := api.New(api.Config{Datacenter: "dc1", Agent: agent, Store: store})
//	srv := api.NewServer(ctx, a)
//	srv.Serve(listener)
//
//	$ curl -X PUT -d hello localhost:8500/v1/kv/greeting
//	true
//	$ curl -i localhost:8500/v1/kv/greeting
//	HTTP/1.1 200 OK
//	X-Consul-Index: 7
//	X-Consul-Knownleader: true
//	X-Consul-Lastcontact: 0
//	X-Consul-Effective-Consistency: leader
//
//	[{"LockIndex":0,"Key":"greeting","Flags":0,"Value":"aGVsbG8=","CreateIndex":7,"ModifyIndex":7}]
//
// # The way of a request
//
//	            +--------+   +------------+   +---------+   +--------+
//	request --> | router |-->| parameters |-->| handler |-->| answer |
//	            +--------+   +------------+   +---------+   +--------+
//	            404, 405,    400, and 500     reads and     JSON and headers,
//	            OPTIONS      for another dc   writes        or an error's text
//
// The router is a table: each path has its methods, each method the query
// parameters that it accepts and its handler. A known parameter that the method
// does not accept is refused, never ignored: an ignored ?filter= would answer
// with instances that the client meant to leave out.
//
// A handler returns a value or an error, and does not touch the
// http.ResponseWriter. Errors become statuses in one table (statusOf).
//
// A client agent has no replicated state. It answers /v1/agent/ itself and
// hands every other request as it is to Config.Forward.
//
// A file is a group of endpoints: kv.go, catalog.go, health.go, status.go,
// agent.go, agentservice.go, agentcheck.go, agenthealth.go, metrics.go,
// operator.go, autopilot.go, snapshot.go.
// shapes.go has the JSON of answers, definition.go and registration.go that of
// requests, absent.go the paths of Consul's that are not here.
//
// # Reads
//
// A read is a function of an immutable view (evaluate), which makes a blocking
// query the same thing as a read: evaluate, and if the index of the answer is
// not past ?index, wait until something that was read changes, and evaluate
// again. A write of anything else does not wake it. See (*API).read.
//
// # Bounds
//
//	what                              bound                   beyond
//	a value                           512 KiB                 413, unread
//	any other body                    1 MiB                   413, unread
//	request line and headers          64 KiB                  431
//	time to send the headers, a body  10 s, 30 s              closed, 400
//	time to take an answer            5 min                   closed
//	wait of a blocking query          10 min and a sixteenth  answered as it is
//	blocking queries that wait        Config.MaxWaiting       429
package api
