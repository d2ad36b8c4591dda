package sim

import (
	"praetor/internal/server"
	"praetor/raft"
)

// leaderOf is who led a term.
type leaderOf struct {
	host *host
	life int // a server that comes back after a crash leads in a new term only
}

// checkLeader: "at most one leader can be elected in a given term" (raft 5.2).
func (w *world) checkLeader(cl *cluster, p *process, st *server.Status) {
	if !st.Leading || st.Term == p.seen.term {
		return
	}
	p.seen.term = st.Term
	cl.elected(w, st.Term, leaderOf{p.host, p.life})
}

func (cl *cluster) elected(w *world, term raft.Term, l leaderOf) {
	old, ok := cl.leaders[term]
	if !ok {
		cl.leaders[term] = l
		return
	}
	if old != l {
		w.fail("election safety", []string{old.host.name, l.host.name}, "both lead in term %d", term)
	}
}
