package raft

import "fmt"

// Check returns an error that names the first broken invariant, or nil. Tests
// and the simulator call it after every step; it takes time in proportion to
// the log.
func (r *Raft) Check() error {
	for _, c := range [...]struct {
		ok   bool
		what string
	}{
		{(r.role == Leader) == (r.lead != nil), "a server has a leader's state exactly while it leads"},
		{(r.role == Leader) == (r.leader == r.cfg.ID), "a server names itself as the leader exactly while it leads"},
		{r.role != Candidate && r.role != Leader || r.hard.Vote == r.cfg.ID, "a candidate and a leader voted for themselves"},
		{r.role == Follower || r.hard.Term > 0 || r.role == PreCandidate, "nobody stands for term 0"},
		{r.hard.Vote == "" || r.hard.Term > 0, "there are no votes in term 0"},
		{r.log.base <= r.snapshot.Index, "only what a snapshot covers is compacted"},
		{r.snapshot.Index <= r.log.handed, "a snapshot covers only what was applied"},
		{r.log.handed <= r.log.commit, "only committed entries are applied"},
		{r.log.commit <= r.log.last(), "only entries of the log are committed"},
		{r.log.stable <= r.log.last(), "only entries of the log are durable"},
		{r.log.lastTerm() <= r.hard.Term, "the log has no entry of a later term"},
		{r.disk.durable <= r.disk.issued, "only writes that were asked for are durable"},
		{len(r.disk.inFlight) == int(r.disk.issued-r.disk.durable), "each write under way is known"},
		{r.asked.count == 0 || r.leader != "" && r.lead == nil, "only a follower with a leader asks for reads"},
	} {
		if !c.ok {
			return fmt.Errorf("raft: %s in term %d: broken invariant: %s", r.cfg.ID, r.hard.Term, c.what)
		}
	}
	if err := r.checkLog(); err != nil {
		return fmt.Errorf("raft: %s in term %d: broken invariant: %w", r.cfg.ID, r.hard.Term, err)
	}
	if r.lead != nil {
		if err := r.checkLeader(); err != nil {
			return fmt.Errorf("raft: %s in term %d: broken invariant: %w", r.cfg.ID, r.hard.Term, err)
		}
	}
	return nil
}

// checkLog checks that the log is contiguous, its terms never fall, and the
// configurations in it are those that membership holds.
func (r *Raft) checkLog() error {
	term, configs := r.log.baseTerm, 0
	for i, e := range r.log.entries {
		if e.Index != r.log.base+1+Index(i) {
			return fmt.Errorf("entry %d stands at %d", e.Index, r.log.base+1+Index(i))
		}
		if e.Term < term {
			return fmt.Errorf("entry %d has term %d, the one before it %d", e.Index, e.Term, term)
		}
		term = e.Term
		if e.Kind == EntryConfig && e.Index > r.snapshot.Index {
			configs++
		}
	}
	for _, p := range r.members.history {
		if p.index > r.snapshot.Index {
			configs--
		}
	}
	if configs != 0 {
		return fmt.Errorf("the log and the membership differ by %d configurations", configs)
	}
	return nil
}

// checkLeader checks what a leader believes of its peers.
func (r *Raft) checkLeader() error {
	if size := r.log.sizeAfter(r.lead.settled); size != r.lead.unsettled || r.lead.settled > r.log.commit {
		return fmt.Errorf("%d bytes behind %d are counted as %d, committed up to %d", size, r.lead.settled, r.lead.unsettled, r.log.commit)
	}
	for _, id := range r.members.current().memberIDs() {
		if id != r.cfg.ID && r.lead.peer(id) == nil {
			return fmt.Errorf("nothing is known of member %s", id)
		}
	}
	for _, p := range r.lead.peers {
		switch {
		case p.match >= p.next || p.next > r.log.last()+1:
			return fmt.Errorf("peer %s: match %d, next %d, last %d", p.id, p.match, p.next, r.log.last())
		case p.told > r.log.commit:
			return fmt.Errorf("peer %s was told of commit %d, it is %d", p.id, p.told, r.log.commit)
		case (p.state == sendingSnapshot) != (p.sending != nil):
			return fmt.Errorf("peer %s: a snapshot is sent exactly in that state", p.id)
		case p.state != replicating && len(p.window.out) > 0:
			return fmt.Errorf("peer %s: a window is open in state %s", p.id, p.state)
		case len(p.window.out) > r.cfg.MaxInflight:
			return fmt.Errorf("peer %s: %d requests in flight, at most %d", p.id, len(p.window.out), r.cfg.MaxInflight)
		}
	}
	return nil
}
