// Package check runs health checks: it is the edge that asks, and leaves what
// the answers mean for a service to package local.
//
// A [Runner] has one goroutine for each check, which runs it first at a random
// moment within a second, so that the checks of an agent spread, and then at
// every interval, counted from start to start. A run never overlaps the one
// before: if it takes longer than the interval, the next one begins at once.
//
//	r := check.New(check.Options{LocalScripts: true, Report: report})
//	r.Start(def)  // calls report("service:web", "passing", "HTTP GET ...: 200 OK") again and again
//	r.Stop(def.ID)
//	r.Close()     // all of them, and waits
//
// How each kind is judged, as Consul documents it:
//
//	        passing         warning    critical
//	script  exit code 0     1          any other, a signal, the timeout
//	http    status 2xx      429        any other, no answer in time
//	tcp     connects                   does not, in time
//	udp     no refusal                 the host or port refuses
//	grpc    SERVING                    any other, no answer in time
//
// What a check prints is kept up to the bound of its policy, and never read
// beyond that: of a script the end, where errors stand, of an HTTP answer the
// beginning. A script runs in a process group of its own, which is killed as a
// whole at the timeout, on Stop and Close, and when the script has ended, so
// that what it leaves in the background does not pile up.
//
// Script checks let whoever defines one run programs. They are off unless
// [Options] says otherwise, and stay critical with an output that tells why.
package check
