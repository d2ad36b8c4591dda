package sim

import (
	"slices"

	"praetor/internal/server"
	"praetor/raft"
)

// voteCheck is what a process was asked and told in elections.
type voteCheck struct {
	polls    map[raft.NodeID]poll // by candidate: what it asked this server last
	preTerm  raft.Term            // that the pre-votes are for
	preVotes []raft.NodeID        // who granted one
	told     raft.Term            // of the newest TimeoutNow: no pre-vote is needed in the next term
	stood    raft.Term            // the newest in which it stood for election
}

// poll is a candidate's question, and whether the answer may be yes.
type poll struct {
	term raft.Term
	pre  bool
	may  bool
}

// heard notes a message that is about to be given to a server.
func (c *voteCheck) heard(p *process, m *raft.Message) {
	switch b := m.Body.(type) {
	case raft.VoteRequest:
		if c.polls == nil {
			c.polls = map[raft.NodeID]poll{}
		}
		log := &p.seen.disk.written
		may := b.LastTerm > log.lastTerm() || b.LastTerm == log.lastTerm() && b.LastIndex >= log.last()
		if q, asked := c.polls[m.From]; asked && q.term == m.Term && q.pre == b.Pre {
			may = may || q.may // it asks again; the answer to the first time may wait for the disk yet
		}
		c.polls[m.From] = poll{term: m.Term, pre: b.Pre, may: may}
	case raft.VoteResponse:
		if m.Term > c.preTerm {
			c.preTerm, c.preVotes = m.Term, nil
		}
		if b.Pre && b.Granted && m.Term == c.preTerm {
			c.preVotes = append(c.preVotes, m.From)
		}
	case raft.TimeoutNow:
		c.told = max(c.told, m.Term)
	}
}

// checkVote: "the voter denies its vote if its own log is more up-to-date than
// that of the candidate" (raft 5.4.1), and its pre-vote likewise (thesis 9.6).
func (w *world) checkVote(p *process, m server.PeerMessage) {
	if m.Body.Raft == nil {
		return
	}
	b, ok := m.Body.Raft.Body.(raft.VoteResponse)
	q, asked := p.seen.votes.polls[m.To]
	if ok && b.Granted && asked && q.term == m.Body.Raft.Term && q.pre == b.Pre && !q.may {
		log := &p.seen.disk.written
		w.fail("votes go to the up-to-date", []string{p.host.name, string(m.To)},
			"%s grants %s a vote in term %d though its own log goes up to %d of term %d", p.host.name, m.To, q.term, log.last(), log.lastTerm())
	}
}

// checkCandidate: "a candidate only increments its term if it first learns from
// a majority of the cluster that they would be willing to grant the candidate
// their votes" (thesis 9.6), or if its leader told it to (thesis 3.10).
func (w *world) checkCandidate(p *process, st *server.Status) {
	c := &p.seen.votes
	if st.Role != raft.Candidate && st.Role != raft.Leader || st.Term <= c.stood {
		return
	}
	c.stood = st.Term
	if c.told+1 >= st.Term {
		return
	}
	willing := func(peers []raft.Peer) bool {
		n := 0
		for _, peer := range peers {
			if peer.ID == p.host.id || c.preTerm == st.Term && slices.Contains(c.preVotes, peer.ID) {
				n++
			}
		}
		return len(peers) == 0 || n > len(peers)/2
	}
	if !willing(st.Config.Voters) || !willing(st.Config.Outgoing) {
		w.fail("no term is raised in vain", []string{p.host.name},
			"%s stands for election in term %d; for term %d it had the pre-votes of %v, of the %s", p.host.name, st.Term, c.preTerm, c.preVotes, st.Config)
	}
}
