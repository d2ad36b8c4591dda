package server

import (
	"fmt"
	"time"

	"praetor/raft"
)

// RequestID is the driver's own name for a request that it waits for. It is
// unique among the requests that are under way.
type RequestID uint64

// Answer ends a request. For a read only Err counts.
type Answer struct {
	ID     RequestID
	Result Result
	Err    error
}

// stage is how far a write has come.
type stage uint8

const (
	waiting      stage = iota // for a leader: certainly not in any log
	forwarded                 // sent to the leader, no reply yet
	proposed                  // in this server's log at (index, term), not known to be committed
	transferring              // an operator's transfer of the leadership, not known to have ended
	done
)

// A write is a command on its way into the log.
type write struct {
	id       RequestID   // of the driver, or the forwarder's forwardID
	from     raft.NodeID // the server that forwarded it, "" if it is our driver's
	cmd      []byte
	deadline time.Duration
	stage    stage
	to       raft.NodeID // when forwarded, or transferring
	forward  forwardID   // when forwarded
	index    raft.Index  // when proposed
	term     raft.Term   // when proposed
	older    *write      // another proposed write at the same index, of another term
	unasked  bool        // of this server's own accord: nobody waits for an answer
}

// writes is the table of the writes that are under way. A write has exactly
// one answer, and what is answered is the truth: an error other than
// ErrLeadershipLost and ErrTimeout means that it changed nothing.
type writes struct {
	all       []*write // by deadline, which is the order of arrival; done ones are dropped lazily
	live      int      // how many of all are not done
	waiting   []*write
	transfers []*write
	forwarded map[forwardID]*write
	proposed  map[raft.Index]*write
	byRequest map[RequestID]*write // the driver's own
	nextID    forwardID
}

func newWrites(firstID forwardID) writes {
	return writes{
		forwarded: map[forwardID]*write{},
		proposed:  map[raft.Index]*write{},
		byRequest: map[RequestID]*write{},
		nextID:    firstID,
	}
}

// Submit asks for cmd to be written. The answer comes in Effects.Answers, at
// the latest when Config.HoldTimeout has passed.
func (s *Server) Submit(now time.Duration, id RequestID, cmd []byte) {
	w := &write{id: id, cmd: cmd, deadline: now + s.cfg.HoldTimeout}
	switch {
	case len(cmd) > MaxCommand:
		s.answer(Answer{ID: id, Err: ErrTooLarge})
	case s.writes.live >= s.cfg.MaxRequests:
		s.answer(Answer{ID: id, Err: ErrBusy})
	default:
		s.writes.byRequest[id] = w
		s.admit(now, w)
	}
}

// admit takes a write into the table and sends it on its way.
func (s *Server) admit(now time.Duration, w *write) {
	s.writes.all = append(s.writes.all, w)
	s.writes.live++
	s.dispatch(now, w)
}

// dispatch moves a waiting write one stage on: into the log if this server
// leads, to the leader if there is another, and else it goes on waiting. What
// was forwarded to us is never forwarded again: the forwarder knows better.
func (s *Server) dispatch(now time.Duration, w *write) {
	w.stage = waiting
	if s.raft.Role() == raft.Leader {
		s.propose(now, w)
		return
	}
	leader := s.raft.Leader()
	switch {
	case w.from != "":
		s.finish(w, Result{}, errNotLeader)
	case leader == "":
		s.hold(w)
	default:
		w.stage, w.to, w.forward = forwarded, leader, s.writes.nextID
		s.writes.nextID++
		s.writes.forwarded[w.forward] = w
		s.send(leader, PeerBody{Forward: &Forward{ID: w.forward, Cmd: w.cmd}})
	}
}

// propose puts a write into the log, or carries it out if it is an operator's
// command. What this server could not apply does not get in: it would stop all
// servers.
func (s *Server) propose(now time.Duration, w *write) {
	kind, payload, err := splitCommand(w.cmd)
	if err == nil && !kind.known() {
		err = fmt.Errorf("command kind %d: the leader does not know it; upgrade it", kind)
	}
	switch {
	case err != nil:
		s.refuse(w, "%v", err)
		return
	case kind == kindAdmin:
		s.administer(now, w, payload)
		return
	}
	index, term, err := s.raft.Propose(now, [][]byte{w.cmd})
	switch err {
	case nil:
		s.entered(w, index, term)
	case raft.ErrBusy:
		s.finish(w, Result{}, ErrBusy)
	default: // not the leader any more, or handing over: wait for the next one
		s.hold(w)
	}
}

// entered notes that a write is in the log.
func (s *Server) entered(w *write, index raft.Index, term raft.Term) {
	w.stage, w.index, w.term = proposed, index, term
	w.older = s.writes.proposed[index]
	s.writes.proposed[index] = w
}

// finish gives a write its answer.
func (s *Server) finish(w *write, res Result, err error) {
	if w.stage == done {
		return
	}
	if w.stage == forwarded {
		delete(s.writes.forwarded, w.forward)
	}
	w.stage = done
	s.writes.live--
	w.cmd = nil
	if w.unasked {
		return
	}
	if w.from != "" {
		s.send(w.from, PeerBody{Reply: &Reply{ID: forwardID(w.id), Result: res, Code: codeOf(err)}})
		return
	}
	delete(s.writes.byRequest, w.id)
	s.answer(Answer{ID: w.id, Result: res, Err: err})
}

// settleWrite is called for each applied entry. The write that was proposed at
// its index has succeeded if the terms are equal. If they are not, another
// leader's entry took the place: the write is certainly not in the log (raft
// 5.4.3, State Machine Safety) and may be sent again.
func (s *Server) settleWrite(now time.Duration, a applied) {
	w, ok := s.writes.proposed[a.index]
	if !ok {
		return
	}
	delete(s.writes.proposed, a.index)
	for next := w; next != nil; {
		w, next = next, next.older
		w.older = nil // dispatch makes it part of the list of another index
		switch {
		case w.stage != proposed:
		case w.term == a.term:
			s.finish(w, a.result, nil)
		default:
			s.dispatch(now, w)
		}
	}
}

// redispatch sends the writes that wait for a leader on their way.
func (s *Server) redispatch(now time.Duration) {
	list := s.writes.waiting
	s.writes.waiting = nil
	for _, w := range list {
		if w.stage == waiting {
			s.dispatch(now, w)
		}
	}
}

// expireWrites answers the writes whose time is up. Only of those that never
// left is it certain that they change nothing.
func (s *Server) expireWrites(now time.Duration) {
	for len(s.writes.all) > 0 {
		w := s.writes.all[0]
		if w.stage != done && w.deadline > now {
			return
		}
		s.writes.all[0] = nil
		s.writes.all = s.writes.all[1:]
		switch w.stage {
		case waiting:
			s.finish(w, Result{}, ErrNoLeader)
		case forwarded, proposed, transferring:
			s.finish(w, Result{}, ErrTimeout)
		}
	}
}

// nextExpiry is the deadline of the oldest write that is under way.
func (w *writes) nextExpiry() (time.Duration, bool) {
	for len(w.all) > 0 && w.all[0].stage == done {
		w.all[0] = nil
		w.all = w.all[1:]
	}
	if len(w.all) == 0 {
		return 0, false
	}
	return w.all[0].deadline, true
}
