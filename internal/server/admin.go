package server

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"praetor/internal/wire"
	"praetor/raft"
	"praetor/swim"
)

// An operator's command is a write that never enters the log: the leader
// carries it out when a write would be proposed. So it takes the same way
// through the cluster, waits for a leader as any write does, and has exactly
// one answer: when the leadership has moved, when the change of members is
// committed, or when it is certain that nothing happened.
//
//	praetor operator raft remove-peer -id=c, asked at a follower:
//
//	follower                        leader
//	Submit --- forward ---------->  administer: ChangeMembers without c, at 17
//	                                17 is committed and applied
//	Answer <-- reply: OK at 17 ---
type admin struct {
	op   adminOp
	id   raft.NodeID
	addr string
}

type adminOp byte

const (
	adminTransfer adminOp = 1 // hand the leadership to id; "": to whom the leader chooses
	adminRemove   adminOp = 2 // take the server with the id, or the address, out
	adminHealth   adminOp = 3 // ask the leader for a Health
)

// The bounds of a server's ID and address in an admin command, in bytes.
const (
	maxAdminID   = 255
	maxAdminAddr = 512
)

// TransferCommand encodes the order to hand the leadership over to a voter, or
// for "" to the one whose log reaches furthest among those that answer.
func TransferCommand(to raft.NodeID) []byte {
	return appendAdmin(admin{op: adminTransfer, id: to})
}

// RemovePeerCommand encodes the order to take a server out of the Raft
// configuration: the one with the ID, or for "" the one with the address.
func RemovePeerCommand(id raft.NodeID, addr string) []byte {
	return appendAdmin(admin{op: adminRemove, id: id, addr: addr})
}

// HealthCommand encodes the question for the leader's Health. The Result's Data
// is for DecodeHealth.
func HealthCommand() []byte { return appendAdmin(admin{op: adminHealth}) }

// appendAdmin encodes a whole command:
//
//	| version | kindAdmin | op byte | id str | address str |
func appendAdmin(a admin) []byte {
	b := append(header(kindAdmin, 64), byte(a.op))
	return wire.AppendString(wire.AppendString(b, string(a.id)), a.addr)
}

func decodeAdmin(b []byte) (admin, error) {
	r := wire.NewReader(b)
	a := admin{op: adminOp(r.Byte()), id: raft.NodeID(r.String(maxAdminID)), addr: r.String(maxAdminAddr)}
	if a.op < adminTransfer || a.op > adminHealth {
		r.Fail(wire.ErrValue)
	}
	return a, r.Close()
}

// administer carries an operator's command out. This server leads.
func (s *Server) administer(now time.Duration, w *write, payload []byte) {
	a, err := decodeAdmin(payload)
	switch {
	case err != nil:
		s.refuse(w, "operator's command: %v", err)
	case a.op == adminTransfer:
		s.beginTransfer(now, w, a.id)
	case a.op == adminRemove:
		s.removePeer(now, w, a)
	case a.op == adminHealth:
		s.finish(w, Result{OK: true, Data: appendHealth(nil, s.health(now))}, nil)
	}
}

// refuse answers a write that certainly changes nothing.
func (s *Server) refuse(w *write, format string, args ...any) {
	s.finish(w, Result{Err: fmt.Sprintf(format, args...)}, nil)
}

// hold lets a write wait: it is tried again soon.
func (s *Server) hold(w *write) { s.writes.waiting = append(s.writes.waiting, w) }

// beginTransfer begins to hand the leadership over. settleTransfers ends it.
func (s *Server) beginTransfer(now time.Duration, w *write, to raft.NodeID) {
	if to == "" {
		var ok bool
		if to, ok = s.successor(); !ok {
			s.refuse(w, "transfer leadership: no other voter answers %s, so nobody could take over; 'praetor operator autopilot health' shows who is down", s.nameOf(s.cfg.ID))
			return
		}
	}
	err := s.raft.Transfer(now, to)
	switch {
	case err == nil && to == s.cfg.ID:
		s.finish(w, Result{OK: true}, nil) // it leads already
	case err == nil:
		w.stage, w.to = transferring, to
		s.writes.transfers = append(s.writes.transfers, w)
	case errors.Is(err, raft.ErrNotVoter):
		s.refuse(w, "transfer leadership: no voter has the ID %q; 'praetor operator raft list-peers' lists them", to)
	case errors.Is(err, raft.ErrTransferring):
		s.refuse(w, "transfer leadership to %s: a transfer to %s is under way; try again in a second", s.nameOf(to), s.nameOf(s.raft.Status().Transfer))
	default:
		s.hold(w) // not the leader any more: the next one is asked
	}
}

// settleTransfers answers the transfers that have come to an end.
func (s *Server) settleTransfers() {
	leader := s.raft.Leader()
	s.writes.transfers = slices.DeleteFunc(s.writes.transfers, func(w *write) bool {
		switch {
		case w.stage == done: // its time was up
		case leader == w.to:
			s.finish(w, Result{OK: true}, nil)
		case s.isLeader() && s.raft.Status().Transfer == "":
			s.refuse(w, "transfer leadership to %s: it did not take over within an election timeout, and %s goes on leading; 'praetor operator autopilot health' shows how it is", s.nameOf(w.to), s.nameOf(leader))
		case leader != "" && !s.isLeader():
			s.refuse(w, "transfer leadership to %s: %s was elected instead", s.nameOf(w.to), s.nameOf(leader))
		default:
			return false
		}
		return true
	})
}

// removePeer takes a server out of the configuration. It is answered when the
// change has been applied. A leader that is to go hands over first, and the
// next one removes it.
func (s *Server) removePeer(now time.Duration, w *write, a admin) {
	c := s.raft.Config()
	p, ok := s.findPeer(c, a)
	if !ok {
		s.refuse(w, "remove peer: no server in the Raft configuration has the %s; 'praetor operator raft list-peers' lists them", a.subject())
		return
	}
	name := s.nameOf(p.ID)
	remove(&c.Voters, p.ID)
	remove(&c.Learners, p.ID)
	if len(c.Voters) == 0 {
		s.refuse(w, "remove peer %s: it is the only voter; let another server join first", name)
		return
	}
	if n := s.answering(c.Voters); n <= len(c.Voters)/2 {
		s.refuse(w, "remove peer %s: only %d of the %d voters left would answer, which is no quorum; start the failed ones, or remove those first", name, n, len(c.Voters))
		return
	}
	if p.ID == s.cfg.ID {
		if to, ok := s.successor(); ok {
			_ = s.raft.Transfer(now, to) // whether it succeeds, the next attempt shows
		}
		s.hold(w)
		return
	}
	index, term, err := s.raft.ChangeMembers(now, c)
	switch {
	case err == nil:
		s.trace(now, "cluster: %s is taken out, as the operator asked", name)
		s.duties.outcasts[p.ID] = now + s.cfg.ReconcileInterval
		s.entered(w, index, term)
	case errors.Is(err, raft.ErrConfiguration):
		s.refuse(w, "remove peer %s: %v", name, err)
	default:
		s.hold(w) // another change or a transfer is under way, or there is a new leader
	}
}

// findPeer finds whom an operator means: by ID, or by the address that the
// configuration or gossip knows.
func (s *Server) findPeer(c raft.Configuration, a admin) (raft.Peer, bool) {
	if a.id != "" {
		return c.Peer(a.id)
	}
	for _, p := range slices.Concat(c.Voters, c.Learners) {
		if p.Addr == a.addr || s.addrOf(p.ID).String() == a.addr {
			return p, true
		}
	}
	return raft.Peer{}, false
}

// subject says whom an admin command is about.
func (a admin) subject() string {
	if a.id != "" {
		return fmt.Sprintf("ID %q", a.id)
	}
	return fmt.Sprintf("address %q", a.addr)
}

// answering returns how many of the voters the leader has heard within an
// election timeout, itself included.
func (s *Server) answering(voters []raft.Peer) (n int) {
	if holds(voters, s.cfg.ID) {
		n++
	}
	for _, p := range s.raft.Status().Peers {
		if p.Silent < s.electionTimeout() && holds(voters, p.ID) {
			n++
		}
	}
	return n
}

// successor returns the voter that can lead soonest: of those that answer, the
// one whose log reaches furthest. One that does not answer could not take over,
// however complete its log is.
func (s *Server) successor() (raft.NodeID, bool) {
	var best raft.PeerStatus
	voters := s.raft.Config().Voters
	for _, p := range s.raft.Status().Peers {
		if p.Silent < s.electionTimeout() && holds(voters, p.ID) && (best.ID == "" || p.Match > best.Match) {
			best = p
		}
	}
	return best.ID, best.ID != ""
}

// electionTimeout is how long a server that is silent may still be well.
func (s *Server) electionTimeout() time.Duration {
	c := s.cfg.Raft
	return cmp.Or(c.ElectionTimeoutMax, 2*c.ElectionTimeoutMin, 500*time.Millisecond)
}

// nameOf returns a server's name, as gossip knows it, or else its ID.
func (s *Server) nameOf(id raft.NodeID) string {
	if m, ok := s.memberOf(id); ok {
		return m.Name
	}
	return string(id)
}

// memberOf finds a server in gossip.
func (s *Server) memberOf(id raft.NodeID) (swim.Member, bool) {
	return s.pool.MemberByID(string(id))
}
