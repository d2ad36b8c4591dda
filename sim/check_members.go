package sim

import (
	"praetor/catalog"
	"praetor/swim"
)

// checkMembers: once all is quiet, every agent sees those alive that run, and
// nobody else, and has let in nobody of another group.
func (w *world) checkMembers() {
	for _, h := range w.up() {
		for _, other := range w.hosts {
			state := h.proc.member(other)
			up := other.proc != nil
			switch {
			case up && state != swim.Alive.String() && h.pool == other.pool:
				w.fail("the living are seen alive", []string{h.name, other.name}, "%s runs, but %s takes it for %s", other.name, h.name, state)
			case !up && state == swim.Alive.String():
				w.fail("the dead are seen dead", []string{h.name, other.name}, "%s is down, but %s takes it for alive", other.name, h.name)
			}
		}
	}
}

// checkCatalog: once all is quiet, the leader's catalog says of every node of
// its pool what is true: it runs, or it has failed, or it has left and is gone.
func (w *world) checkCatalog() {
	for _, h := range w.live() {
		if !h.proc.server.Status().Leading {
			continue
		}
		for _, other := range w.hosts {
			if other.pool != h.pool || other.life == 0 {
				continue
			}
			if got := h.proc.health(other.name); !other.mayBe(got) {
				w.fail("the catalog agrees with gossip", []string{h.name, other.name}, "serfHealth of %s is %s, which it is not", other.name, got)
			}
		}
	}
}

// mayBe reports whether a status is right for a host. One that left in good
// order is gone, or has failed if nobody was there to hear it leave.
func (h *host) mayBe(status string) bool {
	switch {
	case h.left:
		return status == absent || status == catalog.Critical
	case h.proc == nil:
		return status == catalog.Critical
	}
	return status == catalog.Passing
}

// absent is the status of a check that is not in the catalog.
const absent = "not there"

// health returns the status of a node's serfHealth check in the catalog, or
// absent.
func (p *process) health(node string) string {
	checks, _ := p.server.View().Catalog.NodeChecks(node, nil)
	for _, c := range checks {
		if c.CheckID == catalog.SerfHealth {
			return c.Status
		}
	}
	return absent
}
