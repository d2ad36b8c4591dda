package sim

import (
	"slices"
	"time"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/raft"
	"praetor/swim"
)

// The rules of this file hold one layer against another: gossip, the cluster's
// configuration and the catalog tell of the same machines.

// voters is the configuration that an agent's server had when it last changed.
type voters struct {
	config      raft.Configuration
	configIndex raft.Index
	term        raft.Term // that it led then, 0 if it did not
}

// checkVoters: a leader takes out of the configuration only a server that has
// left, or that gossip has given up and that does not answer either.
func (w *world) checkVoters(p *process, st *server.Status) {
	if st.ConfigIndex == p.seen.voters.configIndex {
		return
	}
	old, now := p.seen.voters, voters{config: st.Config, configIndex: st.ConfigIndex}
	if st.Leading {
		now.term = st.Term
	}
	p.seen.voters = now
	if now.term == 0 || now.term != old.term {
		return // what it had before may be older than the changes of others
	}
	for _, v := range old.config.Voters {
		if h := w.hostNamed(string(v.ID)); hasPeer(st.Config, v.ID) || h != nil && h.demoted {
			continue
		}
		// Its name may have passed to a machine with another ID.
		if m, known := p.core.Member(string(v.ID)); known && m.ID == string(v.ID) && (m.State == swim.Alive || m.State == swim.Suspect) {
			w.fail("no live voter is taken out", []string{p.host.name, string(v.ID)},
				"%s takes %s out at index %d, which gossip takes for %v", p.host.name, v.ID, st.ConfigIndex, m.State)
		}
		if m, known := p.core.Member(string(v.ID)); known && m.State == swim.Dead && p.seen.contact.lately(w, v.ID) {
			w.fail("no live voter is taken out", []string{p.host.name, string(v.ID)},
				"%s takes %s out at index %d, which gossip has given up, but which still answers", p.host.name, v.ID, st.ConfigIndex)
		}
	}
}

func hasPeer(c raft.Configuration, id raft.NodeID) bool {
	is := func(p raft.Peer) bool { return p.ID == id }
	return slices.ContainsFunc(c.Voters, is) || slices.ContainsFunc(c.Learners, is)
}

// checkExpelled: a node is taken out of the catalog only if it has left, or
// somebody asked for it. One that has failed stays, critical, with all that is
// on it, since it may come back.
func (w *world) checkExpelled(by string, e raft.Entry) {
	const header = 2 // package server's
	if e.Kind != raft.EntryCommand || len(e.Data) < header+2 || e.Data[1] != 2 || e.Data[header+1] != byte(catalog.OpDeregister) {
		return
	}
	c, err := catalog.DecodeCommand(e.Data[header:])
	if err != nil || c.Deregistration.ServiceID != "" || c.Deregistration.CheckID != "" {
		return
	}
	name := c.Deregistration.Node
	if h := w.hostNamed(name); h != nil && !h.leaving && !slices.Contains(w.expelled, name) {
		w.fail("a node that has not left stays in the catalog", []string{by, name}, "%s is taken out at index %d", name, e.Index)
	}
}

// watchCatalog holds the catalog against gossip some time after a leader has
// heard that a member failed, unless a fault comes in between.
func (w *world) watchCatalog(p *process, e swim.Event) {
	h, heard := w.hostNamed(e.Member.Name), w.now
	if e.Kind != swim.Failed || h == nil || p.server == nil || !p.server.Status().Leading {
		return
	}
	p.later(boundReconcile, func() {
		m, known := p.core.Member(h.name)
		if w.disturbed > heard || !p.server.Status().Leading || !known || m.State != swim.Dead || m.Incarnation != e.Member.Incarnation {
			return
		}
		if got := p.health(h.name); got == catalog.Passing {
			w.fail("whom gossip has given up is critical in the catalog", []string{p.host.name, h.name},
				"%s has heard at %.6fs that %s failed, but its catalog says that it is %s", p.host.name, heard.Seconds(), h.name, got)
		}
	})
}

// boundReconcile is how long a leader that leads on may take to write into the
// catalog what it has heard in gossip: a commit, and the one before it.
const boundReconcile = 5 * time.Second
