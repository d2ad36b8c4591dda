package raft

// replicate sends each peer what it lacks, as far as it may be sent.
func (r *Raft) replicate() {
	l := r.lead
	if !l.dirty {
		return
	}
	l.dirty = false
	r.beginReadRound()
	for _, p := range l.peers {
		r.replicateTo(p)
	}
	l.forgetFormer(&r.members, r.log.commit)
	r.pursueTransfer()
}

// replicateTo sends one peer what it lacks.
func (r *Raft) replicateTo(p *progress) {
	switch p.state {
	case probing:
		if !p.waiting {
			p.waiting = r.sendAppend(p, r.cfg.MaxAppendBytes)
		}
	case replicating:
		for p.next <= r.log.last() && !p.window.full(&r.cfg) {
			if !r.sendAppend(p, r.cfg.MaxAppendBytes) {
				return
			}
		}
		if p.told < min(r.log.commit, p.next-1) {
			reachedCommitAlone.Hit()
			r.sendAppend(p, 0)
		}
	case sendingSnapshot:
		r.readSnapshot(p)
	}
}

// sendAppend sends the peer up to maxBytes of entries from next on, or with
// maxBytes 0 only the commit index. If the entries are gone it reports false,
// and a snapshot is sent instead.
func (r *Raft) sendAppend(p *progress, maxBytes int) bool {
	prev := p.next - 1
	prevTerm, ok := r.log.term(prev)
	if !ok {
		r.sendSnapshot(p)
		return false
	}
	b := AppendRequest{PrevIndex: prev, PrevTerm: prevTerm, Commit: r.log.commit}
	if maxBytes > 0 {
		var size int
		b.Entries, size = r.log.batch(p.next, maxBytes)
		if p.state == replicating && len(b.Entries) > 0 {
			p.next += Index(len(b.Entries))
			p.window.sent(p.next-1, size)
		}
	}
	p.told = min(b.Commit, prev+Index(len(b.Entries)))
	p.sentAt = r.now
	r.send(p.id, b)
	return true
}

// retry is called when the peer answered a heartbeat that left after all that
// was sent for its log: what is not answered by now is lost, or waits for the
// peer's disk. Asking again tells which.
func (r *Raft) retry(p *progress) {
	switch p.state {
	case probing:
		p.waiting = false
	case replicating:
		if p.match+1 < p.next {
			r.sendAppend(p, 0)
		}
	case sendingSnapshot:
		r.retrySnapshot(p)
	}
}

// handleHeartbeat answers the leader, and commits what it says is committed.
func (r *Raft) handleHeartbeat(from NodeID, b Heartbeat) {
	if !r.follow(from) {
		return
	}
	r.log.commit = max(r.log.commit, min(b.Commit, r.log.last()))
	r.send(from, HeartbeatAck{Round: b.Round, SentAt: b.SentAt})
}

// handleAppendRequest makes the log agree with the leader's (raft 5.3).
func (r *Raft) handleAppendRequest(from NodeID, b AppendRequest) {
	if !r.follow(from) {
		return
	}
	b = b.behind(r.log.commit)
	last := b.PrevIndex + Index(len(b.Entries))
	if last < r.log.commit {
		reachedOldAppend.Hit()
		// All of it is committed here, so the leader has it as well (leader completeness).
		r.sendDurable(from, AppendAccept{Match: r.log.commit})
		return
	}
	if !r.log.matches(b.PrevIndex, b.PrevTerm) {
		reachedReject.Hit()
		r.send(from, r.log.reject(b.PrevIndex))
		return
	}
	if n := r.log.conflict(b.Entries); n < len(b.Entries) {
		r.overwrite(b.Entries[n:])
	}
	r.log.commit = max(r.log.commit, min(b.Commit, last))
	r.sendDurable(from, AppendAccept{Match: last})
}

// behind returns the request without the entries up to index.
func (b AppendRequest) behind(index Index) AppendRequest {
	if index <= b.PrevIndex || len(b.Entries) == 0 {
		return b
	}
	reachedBehind.Hit()
	n := min(index-b.PrevIndex, Index(len(b.Entries)))
	b.PrevIndex, b.PrevTerm, b.Entries = b.Entries[n-1].Index, b.Entries[n-1].Term, b.Entries[n:]
	return b
}

// overwrite replaces the log from the first of the entries on. "If an existing
// entry conflicts with a new one (same index but different terms), delete the
// existing entry and all that follow it" (raft figure 2).
func (r *Raft) overwrite(entries []Entry) {
	from := entries[0].Index
	if from <= r.log.last() {
		reachedTruncates.Hit()
		r.trace("truncates from %d", from)
		r.log.truncate(from)
		r.disk.truncated(from)
		r.members.truncate(from)
	}
	r.log.append(entries...)
	r.disk.appended(from)
	for _, e := range entries {
		if e.Kind == EntryConfig {
			r.useConfig(e)
		}
	}
}

// useConfig puts the configuration of an appended entry in force.
func (r *Raft) useConfig(e Entry) {
	c, err := DecodeConfiguration(e.Data)
	if err != nil {
		panic(err) // DecodeMessage lets no such entry in
	}
	r.members.place(e.Index, c)
	r.trace("uses the configuration of %d: %s", e.Index, c)
	if r.role == Leader {
		r.lead.reconfigure(r)
	}
}

// handleAppendAccept moves the follower's match forward.
func (r *Raft) handleAppendAccept(from NodeID, b AppendAccept) {
	p := r.heardFrom(from)
	if p == nil || b.Match > r.log.last() {
		return
	}
	p.agree(b.Match)
	r.advanceCommit()
}

// handleAppendReject goes back to where the logs may agree.
func (r *Raft) handleAppendReject(from NodeID, b AppendReject) {
	p := r.heardFrom(from)
	if p == nil || b.PrevIndex <= p.match || p.state == sendingSnapshot || p.state == probing && b.PrevIndex != p.next-1 {
		reachedOldReject.Hit()
		return // an answer to a question of the past
	}
	p.probe(r.log.nextAfter(b))
}
