package sim

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// services draws instances of services on all hosts, who looks them up, and
// what becomes of the client agents meanwhile. It draws from a stream of its
// own.
func (r *randomScenario) services(own *rand.Rand) {
	if r.focus != Catalog && (r.focus != All || own.IntN(4) > 0) {
		return
	}
	flip := []time.Duration{200, 1000, 5000}[own.IntN(3)] * time.Millisecond
	r.line("services %d names=%d flip=%v", 1+own.IntN(12), 1+own.IntN(3), flip)
	if own.IntN(2) == 0 {
		r.line("lookups %d think=%v", 1+own.IntN(3), []time.Duration{100, 1000}[own.IntN(2)]*time.Millisecond)
	}
	if r.agents == 0 || own.IntN(2) == 0 {
		return
	}
	for t := faultsBegin; t < faultsEnd; t += spread(own, 100*time.Millisecond, 4*time.Second) {
		r.at(t, "%s", agentFault(own, fmt.Sprintf("a%d", 1+own.IntN(r.agents))))
	}
}

// long draws what lasts longer than other faults: until all have given each
// other up and do not even gossip to the dead any more, or until another server
// has taken the place of one that gossip has lost. It returns when the faults
// end.
func (r *randomScenario) long(own *rand.Rand) time.Duration {
	lasts := spread(own, 60*time.Second, 60*time.Second)
	switch which := own.IntN(8); {
	case which == 0 && r.focus == SWIM:
		r.line("at %v partition halves", faultsEnd)
		// Were only the links of a quorum to heal, one of many would have to try one of many.
		r.line("at %v heal", faultsEnd+lasts)
	case which == 0 && r.focus == Catalog && r.changes == 0:
		r.line("at %v heal", faultsEnd)
		r.line("restart all")
		r.line("binary n%d speaks=older", 1+own.IntN(r.servers))
		r.line("wait 30s")
		r.line("server n%d joins all%s", r.servers+1, r.knobs)
	default:
		return faultsEnd
	}
	return faultsEnd + lasts
}

// agentFault draws something that befalls an agent, or what ends it.
func agentFault(own *rand.Rand, name string) string {
	steps := []string{
		"crash " + name, "kill " + name, "restart agents", "restart agents",
		"isolate " + name, "cut " + name + " leader", "heal",
		"maintenance " + name + " on", "maintenance " + name + " off",
	}
	return steps[own.IntN(len(steps))]
}
