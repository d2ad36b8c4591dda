package sim

import (
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// contactCheck is when a leader heard its voters last.
type contactCheck struct {
	term   raft.Term       // that it leads in
	since  time.Duration   // when it began to
	heard  []time.Duration // by number of the host
	looked time.Duration   // when this was held against the rule last
	alone  time.Duration   // since when it should no longer lead; 0: it may
}

// The leader's election timeout is at most half a second. What comes on top
// makes room for slow clocks and slow processors.
const (
	leaderAlone = time.Second     // after so long without a majority it must step down,
	leaderSlow  = 2 * time.Second // once it has had so long to notice
	leaderLook  = 100 * time.Millisecond
)

// heard notes that a message of another host has come.
func (c *contactCheck) from(h *host, now time.Duration) {
	for len(c.heard) <= h.num {
		c.heard = append(c.heard, 0)
	}
	c.heard[h.num] = now
}

// lately reports whether a server was heard a few heartbeats ago at the most,
// and not only just now.
func (c *contactCheck) lately(w *world, id raft.NodeID) bool {
	h := w.hostNamed(string(id))
	return h != nil && h.num < len(c.heard) && c.heard[h.num] < w.now && w.now-c.heard[h.num] < leaderLook
}

// checkContact: "a leader in Raft steps down if an election timeout elapses
// without a successful round of heartbeats to a majority of its cluster" (thesis
// 6.2), so that clients do not wait for one that can do nothing.
func (w *world) checkContact(p *process, st *server.Status) {
	c := &p.seen.contact
	if !st.Leading {
		c.term, c.alone = 0, 0
		return
	}
	if c.term != st.Term {
		c.term, c.since = st.Term, w.now
	}
	if w.now-c.looked < leaderLook {
		return
	}
	c.looked = w.now
	if w.now-c.since < leaderAlone || c.majority(w, p, st.Config.Voters) {
		c.alone = 0
		return
	}
	if c.alone == 0 {
		c.alone = w.now
	}
	if w.now-c.alone > leaderSlow {
		w.fail("a leader without a majority steps down", []string{p.host.name},
			"%s leads in term %d, and has not heard from a majority of the %s for %v", p.host.name, st.Term, st.Config, leaderAlone+leaderSlow)
	}
}

// majority reports whether a majority of the voters was heard of late.
func (c *contactCheck) majority(w *world, p *process, voters []raft.Peer) bool {
	n := 0
	for _, v := range voters {
		h := w.hostNamed(string(v.ID))
		if h == nil || h == p.host || h.num < len(c.heard) && w.now-c.heard[h.num] < leaderAlone {
			n++
		}
	}
	return n > len(voters)/2
}
