package server

import (
	"slices"
	"time"

	"praetor/raft"
)

// barriers lets reads wait until this server's View is new enough. Reads of
// one mode share rounds: while one round is on its way to the leader and back,
// all that arrive gather for the next one, so that the cost of reading at a
// follower is bounded by round trips and not by readers. The round that a read
// joins always begins after the read did, which is what makes it linearizable
// (thesis 6.4).
type barriers struct {
	modes  [2]gathering // by ReadMode: Default, Consistent
	rounds map[raft.ReadID]*round
	ready  []*round // index known, waiting for the state machine to get there
	nextID raft.ReadID
}

// gathering is the state of one mode.
type gathering struct {
	next   []pendingRead // wait for the next round to begin
	flying bool          // a round is on its way
}

type pendingRead struct {
	id       RequestID
	deadline time.Duration
}

// round is one question to the leader, on behalf of all its readers.
type round struct {
	mode    ReadMode
	readers []pendingRead
	index   uint64 // what the leader answered
}

// Barrier asks to be told when View is new enough for the mode. Stale needs no
// barrier.
func (s *Server) Barrier(now time.Duration, id RequestID, mode ReadMode) {
	if mode == Stale {
		s.answer(Answer{ID: id})
		return
	}
	g := &s.barriers.modes[mode]
	if len(g.next) >= s.cfg.MaxRequests {
		s.answer(Answer{ID: id, Err: ErrBusy})
		return
	}
	g.next = append(g.next, pendingRead{id: id, deadline: now + s.cfg.HoldTimeout})
}

// startRounds begins a round in each mode that has readers and none under way.
func (s *Server) startRounds(now time.Duration) {
	if s.raft.Leader() == "" {
		return
	}
	b := &s.barriers
	for mode := range b.modes {
		g := &b.modes[mode]
		if g.flying || len(g.next) == 0 {
			continue
		}
		b.nextID++
		rd := &round{mode: ReadMode(mode), readers: g.next}
		if err := s.raft.Read(now, b.nextID, raftMode(rd.mode)); err != nil {
			continue // no leader after all, or busy: the readers go on gathering
		}
		g.next, g.flying = nil, true
		b.rounds[b.nextID] = rd
	}
}

func raftMode(m ReadMode) raft.ReadMode {
	if m == Consistent {
		return raft.ReadQuorum
	}
	return raft.ReadLease
}

// roundDone takes in the leader's answer to a round. A round that failed is
// begun again: a read changes nothing, so its readers need not know.
func (s *Server) roundDone(r raft.ReadResult) {
	b := &s.barriers
	rd, ok := b.rounds[r.ID]
	if !ok {
		return
	}
	delete(b.rounds, r.ID)
	g := &b.modes[rd.mode]
	g.flying = false
	if r.Err != nil {
		reachedRoundFails.Hit()
		g.next = append(rd.readers, g.next...)
		return
	}
	rd.index = uint64(r.Index)
	b.ready = append(b.ready, rd)
}

// releaseReads answers the rounds whose index has been applied.
func (s *Server) releaseReads() {
	applied := s.machine.view.Index
	s.barriers.ready = slices.DeleteFunc(s.barriers.ready, func(rd *round) bool {
		if rd.index > applied {
			reachedReadWaits.Hit()
			return false
		}
		for _, p := range rd.readers {
			s.answer(Answer{ID: p.id})
		}
		return true
	})
}

// expireReads answers the reads whose time is up: the leader is not known, or
// does not answer, or this server does not catch up.
func (s *Server) expireReads(now time.Duration) {
	expire := func(list []pendingRead) []pendingRead {
		return slices.DeleteFunc(list, func(p pendingRead) bool {
			if p.deadline > now {
				return false
			}
			reachedReadExpires.Hit()
			s.answer(Answer{ID: p.id, Err: ErrNoLeader})
			return true
		})
	}
	for mode := range s.barriers.modes {
		g := &s.barriers.modes[mode]
		g.next = expire(g.next)
	}
	for _, rd := range s.barriers.ready {
		rd.readers = expire(rd.readers)
	}
}

// nextExpiry is the earliest deadline among the reads that gather or wait for
// the state machine; those in flight come back by themselves.
func (b *barriers) nextExpiry() (at time.Duration, ok bool) {
	consider := func(list []pendingRead) {
		if len(list) > 0 && (!ok || list[0].deadline < at) {
			at, ok = list[0].deadline, true
		}
	}
	for mode := range b.modes {
		consider(b.modes[mode].next)
	}
	for _, rd := range b.ready {
		consider(rd.readers)
	}
	return at, ok
}
