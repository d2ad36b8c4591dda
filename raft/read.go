package raft

import "time"

// maxReads bounds the reads that wait on one server.
const maxReads = 1 << 16

// pendingRead is a read that waits on the leader.
type pendingRead struct {
	from  NodeID // who asked, or "" for this server's own caller
	id    ReadID // of the own caller
	seq   uint64 // of the asker
	round uint64 // the round of heartbeats that will confirm it; 0 while it has none
	index Index
}

// Read begins a linearizable read. Its result comes in Effects.Reads: once the
// state machine has applied the result's index, it is at least as new as every
// write that was acknowledged before Read was called. A follower asks the
// leader; if that does not answer within an election timeout, or is lost, the
// result is ErrLeadershipLost. The error is ErrNotLeader if no leader is known,
// ErrBusy if too many reads wait.
//
// The leader answers as of its commit index at the time, but only after it has
// committed an entry of its own term, and after one round of heartbeats that
// began later than the read has confirmed that it still leads (thesis 6.4).
// With ReadLease the lease takes the place of the round while it holds.
func (r *Raft) Read(now time.Duration, id ReadID, mode ReadMode) error {
	r.advance(now)
	switch {
	case r.role == Leader:
		return r.readHere(pendingRead{id: id}, mode)
	case r.leader == "":
		return ErrNotLeader
	}
	return r.asked.add(id, mode, r.now+r.cfg.ElectionTimeoutMax)
}

// readHere begins a read on the leader.
func (r *Raft) readHere(read pendingRead, mode ReadMode) error {
	l := r.lead
	if mode == ReadLease && r.now < r.LeaseUntil() {
		reachedLease.Hit()
		read.index = r.log.commit
		r.answerRead(read, nil)
		return nil
	}
	if len(l.reads) >= maxReads {
		return ErrBusy
	}
	l.reads = append(l.reads, read)
	l.dirty = true
	return nil
}

// beginReadRound begins a round for the reads that have none, unless one is
// under way: all that come in the meantime share the next one.
func (r *Raft) beginReadRound() {
	reads := r.lead.reads
	if len(reads) > 0 && reads[0].round == 0 && r.lead.ready(&r.log) {
		r.beginRound()
	}
}

// assignReads makes the newest round the one that waiting reads need.
func (r *Raft) assignReads() {
	l := r.lead
	if !l.ready(&r.log) {
		return
	}
	for i := range l.reads {
		if l.reads[i].round == 0 {
			l.reads[i].round, l.reads[i].index = l.round, r.log.commit
		}
	}
	r.answerReads()
}

// answerReads answers the reads whose round a majority has answered.
func (r *Raft) answerReads() {
	l := r.lead
	if len(l.reads) == 0 {
		return
	}
	confirmed := reached(r.members.quorum, 0, func(id NodeID) uint64 {
		if p := l.peer(id); p != nil {
			return p.acked
		}
		return l.round
	})
	n := 0
	for n < len(l.reads) && l.reads[n].round > 0 && l.reads[n].round <= confirmed {
		r.answerRead(l.reads[n], nil)
		n++
	}
	l.reads = append(l.reads[:0], l.reads[n:]...)
}

// answerRead ends a read, here or where it was asked.
func (r *Raft) answerRead(read pendingRead, err error) {
	if read.from != "" {
		r.send(read.from, ReadResponse{Seq: read.seq, Index: read.index, OK: err == nil})
		return
	}
	r.out.reads = append(r.out.reads, ReadResult{ID: read.id, Index: read.index, Err: err})
}

// failReads ends all reads that wait on a leader that steps down.
func (r *Raft) failReads() {
	for _, read := range r.lead.reads {
		reachedReadsFail.Hit()
		read.index = 0
		r.answerRead(read, ErrLeadershipLost)
	}
	r.lead.reads = nil
}

// handleReadRequest begins a read for a follower.
func (r *Raft) handleReadRequest(from NodeID, b ReadRequest) {
	read := pendingRead{from: from, seq: b.Seq}
	if r.heardFrom(from) == nil {
		r.answerRead(read, ErrNotLeader)
		return
	}
	if err := r.readHere(read, b.Mode); err != nil {
		r.answerRead(read, err)
	}
}

// askedReads are the reads that a follower asked its leader for. All that come
// between two calls of Effects travel in one request.
type askedReads struct {
	next    uint64 // the next batch's number; it starts at random, so that no answer from before a restart fits
	batches []askedBatch
	count   int
}

type askedBatch struct {
	seq  uint64
	mode ReadMode
	ids  []ReadID
	due  time.Duration // when to stop waiting
	sent bool
}

func (a *askedReads) add(id ReadID, mode ReadMode, due time.Duration) error {
	if a.count >= maxReads {
		return ErrBusy
	}
	a.count++
	if n := len(a.batches); n > 0 && !a.batches[n-1].sent && a.batches[n-1].mode == mode {
		a.batches[n-1].ids = append(a.batches[n-1].ids, id)
		return nil
	}
	a.batches = append(a.batches, askedBatch{seq: a.next, mode: mode, ids: []ReadID{id}, due: due})
	a.next++
	return nil
}

// unsent reports whether a batch is to be sent.
func (a *askedReads) unsent() bool {
	n := len(a.batches)
	return n > 0 && !a.batches[n-1].sent
}

// send asks the leader for the batches that are not sent.
func (a *askedReads) send(r *Raft) {
	for i := range a.batches {
		if b := &a.batches[i]; !b.sent {
			b.sent = true
			r.send(r.leader, ReadRequest{Seq: b.seq, Mode: b.mode})
		}
	}
}

func (a *askedReads) deadline() time.Duration {
	if len(a.batches) == 0 {
		return Never
	}
	return a.batches[0].due
}

// expire ends the reads that have waited for too long.
func (a *askedReads) expire(r *Raft) {
	for len(a.batches) > 0 && r.now >= a.batches[0].due {
		reachedReadExpires.Hit()
		a.finish(r, 0, ReadResult{Err: ErrLeadershipLost})
	}
}

// fail ends all reads: the leader that they were asked of is gone.
func (a *askedReads) fail(r *Raft) {
	for len(a.batches) > 0 {
		a.finish(r, 0, ReadResult{Err: ErrLeadershipLost})
	}
}

// finish ends the reads of batch i with the result.
func (a *askedReads) finish(r *Raft, i int, result ReadResult) {
	for _, id := range a.batches[i].ids {
		result.ID = id
		r.out.reads = append(r.out.reads, result)
	}
	a.count -= len(a.batches[i].ids)
	a.batches = append(a.batches[:i], a.batches[i+1:]...)
}

// handleReadResponse ends the batch of reads that it answers.
func (r *Raft) handleReadResponse(from NodeID, b ReadResponse) {
	if from != r.leader {
		reachedOldRead.Hit()
		return
	}
	for i, batch := range r.asked.batches {
		if batch.seq != b.Seq {
			continue
		}
		result := ReadResult{Index: b.Index}
		if !b.OK {
			result = ReadResult{Err: ErrLeadershipLost}
		}
		r.asked.finish(r, i, result)
		return
	}
}
