// Package config reads the agent's configuration: flags and JSON files with
// Consul's names, merged over defaults into one [Config].
//
//	defaults  <-  -dev  <-  files, in the order given  <-  flags
//
// A later one wins; lists (retry_join, recursors, services, checks) add up.
//
//	c, warnings, err := config.Load(os.Args[2:], config.OS())
//
// Every key is one line of a table (keys.go and definitions.go): its name,
// and the setter that takes its value over. The tables are the whole schema, so
// whatever they do not have is an error that names the nearest key, and what
// Consul has and this program has not (absent.go) is a warning. Every message
// points at the place:
//
//	web.json:4:17: service.check.interval: expected a duration such as "30s" or "5m", found "30 sec"
//	    "interval": "30 sec"
//	                ^
//
// Services and checks are written as Consul's users write them, since 2014:
//
//	{"service": {"name": "web", "port": 80,
//	             "check": {"script": "curl localhost:80 >/dev/null 2>&1", "interval": "30s"}}}
//
// and become the definitions of package local.
//
// # Invariants
//
//   - Load reads nothing but what the arguments and [Environment] give it.
//   - A Config is complete: no reader of it needs a default.
//   - Nothing that was asked for is dropped without a warning.
//   - A message does not repeat a key (encrypt).
//   - A file is at most 8 MiB, and nests at most 32 levels; no input panics.
//
// Source: Consul's public documentation of its agent's configuration.
package config
