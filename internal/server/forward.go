package server

import (
	"fmt"
	"time"

	"praetor/raft"
)

// forwardID names a forwarded write between two servers. A server starts
// counting at a random number, so that a reply meant for its earlier life
// finds nothing.
type forwardID uint64

// Forward asks the leader to write a command.
type Forward struct {
	ID  forwardID
	Cmd []byte
}

// Reply answers a Forward. Result counts only if Code is codeOK.
type Reply struct {
	ID     forwardID
	Code   replyCode
	Result Result
}

// replyCode is an error, as it crosses the wire.
type replyCode uint8

const (
	codeOK replyCode = iota
	codeNotLeader
	codeBusy
	codeLost
	codeTimeout
	codeNoLeader
	codeTooLarge
	codeEnd // one past the last
)

// errNotLeader tells the forwarder to look for the leader again; it never
// reaches a user.
var errNotLeader = fmt.Errorf("not the leader")

var codeErrors = [codeEnd]error{
	codeOK:        nil,
	codeNotLeader: errNotLeader,
	codeBusy:      ErrBusy,
	codeLost:      ErrLeadershipLost,
	codeTimeout:   ErrTimeout,
	codeNoLeader:  ErrNoLeader,
	codeTooLarge:  ErrTooLarge,
}

// codeOf is the inverse of codeErrors. An error that is not in the table is
// one whose outcome is unknown.
func codeOf(err error) replyCode {
	for c, e := range codeErrors {
		if e == err {
			return replyCode(c)
		}
	}
	return codeLost
}

// receiveForward takes in a write that another server sent us as the leader.
func (s *Server) receiveForward(now time.Duration, from raft.NodeID, f *Forward) {
	w := &write{id: RequestID(f.ID), from: from, cmd: f.Cmd, deadline: now + s.cfg.HoldTimeout}
	switch {
	case len(f.Cmd) > MaxCommand:
		s.send(from, PeerBody{Reply: &Reply{ID: f.ID, Code: codeTooLarge}})
	case s.writes.live >= s.cfg.MaxRequests:
		s.send(from, PeerBody{Reply: &Reply{ID: f.ID, Code: codeBusy}})
	default:
		s.admit(now, w)
	}
}

// receiveReply ends a forwarded write, or sends it on its way again if the
// other server was not the leader and so certainly did nothing with it.
func (s *Server) receiveReply(now time.Duration, from raft.NodeID, r *Reply) {
	w, ok := s.writes.forwarded[r.ID]
	if !ok || w.to != from {
		return
	}
	if r.Code == codeNotLeader || r.Code == codeNoLeader {
		reachedForwardBack.Hit()
		s.retryLater(w)
		if l := s.raft.Leader(); l != "" && l != from {
			s.redispatch(now) // the leadership has moved, and we know where to
		}
		return
	}
	s.finish(w, r.Result, codeErrors[r.Code])
}

// retryLater puts a forwarded write that did nothing back among the waiting.
func (s *Server) retryLater(w *write) {
	delete(s.writes.forwarded, w.forward)
	w.stage = waiting
	s.writes.waiting = append(s.writes.waiting, w)
	s.retryAt = 0 // settle sets it
}

// Undelivered tells that a message to a server certainly did not reach it:
// there was no connection. A write in it goes back to waiting.
func (s *Server) Undelivered(now time.Duration, m PeerMessage) {
	if m.Body.Forward == nil {
		return
	}
	if w, ok := s.writes.forwarded[m.Body.Forward.ID]; ok {
		reachedUndelivered.Hit()
		s.retryLater(w)
	}
}

// PeerLost tells that the connection to a server broke. Writes that were
// forwarded over it may or may not take effect.
func (s *Server) PeerLost(now time.Duration, id raft.NodeID) {
	for _, w := range s.writes.all { // in order of arrival
		if w.stage == forwarded && w.to == id {
			reachedPeerLost.Hit()
			s.finish(w, Result{}, ErrLeadershipLost)
		}
	}
}
