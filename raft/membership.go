package raft

import (
	"fmt"
	"slices"
	"time"
)

// membership is the configuration in force and those before it that a
// truncation could bring back. "A server always uses the latest configuration
// in its log, regardless of whether the entry is committed" (raft 6).
type membership struct {
	history     []placedConfig // in the order of the log; the last one is in force
	provisional Configuration  // in force while history is empty; see Bootstrap
	quorum      quorum         // of the configuration in force
}

// placedConfig is a configuration and the index of its entry, or of the
// snapshot that holds it.
type placedConfig struct {
	index  Index
	config Configuration
}

func newMembership(s SnapshotMeta, entries []Entry) (membership, error) {
	var m membership
	if s.Index > 0 {
		if err := s.Config.Validate(); err != nil {
			return m, fmt.Errorf("raft: start from snapshot %d: %w", s.Index, err)
		}
		m.place(s.Index, s.Config)
	}
	for _, e := range entries {
		if e.Kind != EntryConfig || e.Index <= s.Index {
			continue
		}
		c, err := DecodeConfiguration(e.Data)
		if err != nil {
			return m, fmt.Errorf("raft: start from stored log: entry %d: %w", e.Index, err)
		}
		m.place(e.Index, c)
	}
	return m, nil
}

// current returns the configuration in force; it is zero on an empty server.
func (m *membership) current() Configuration {
	if len(m.history) == 0 {
		return m.provisional
	}
	return m.history[len(m.history)-1].config
}

// index returns where the configuration in force stands in the log, or 0.
func (m *membership) index() Index {
	if len(m.history) == 0 {
		return 0
	}
	return m.history[len(m.history)-1].index
}

// at returns the configuration in force as of the entry at i.
func (m *membership) at(i Index) Configuration {
	for _, p := range slices.Backward(m.history) {
		if p.index <= i {
			return p.config
		}
	}
	return Configuration{}
}

// propose puts c in force until the log holds a configuration. The zero
// configuration takes a proposed one back.
//
// Whoever founds a cluster needs the votes of all: two servers that see
// different parts of a new group may both try, and two majorities of two
// different configurations need not overlap. All of one and all of the other
// do, if they have a member in common, which votes once in a term and is part
// of one cluster for good with its first entry. The founder needs all of them to
// commit its configuration, too; that it is the founder it knows only until it
// restarts.
func (m *membership) propose(c Configuration) {
	m.provisional = c
	m.quorum = c.quorum()
	m.quorum.all = true
}

// founded notes how far the log is committed: a configuration that is committed
// decides by majorities.
func (m *membership) founded(commit Index) {
	if i := m.index(); i > 0 && i <= commit {
		m.quorum.all = false
	}
}

// place puts c in force as of index.
func (m *membership) place(index Index, c Configuration) {
	m.history = append(m.history, placedConfig{index: index, config: c})
	m.provisional = Configuration{}
	m.quorum = c.quorum()
}

// truncate forgets the configurations from from on.
func (m *membership) truncate(from Index) {
	m.history = slices.DeleteFunc(m.history, func(p placedConfig) bool { return p.index >= from })
	m.quorum = m.current().quorum()
}

// compact forgets the configurations that no truncation can bring back, given
// that everything up to index is in a snapshot.
func (m *membership) compact(index Index) {
	n := 0
	for n+1 < len(m.history) && m.history[n+1].index <= index {
		n++
	}
	m.history = slices.Delete(m.history, 0, n)
}

// Config returns the configuration in force: the latest in the log, committed
// or not; a provisional one before the first; zero if there is none.
func (r *Raft) Config() Configuration { return r.members.current().Clone() }

// ConfigIndex returns the index of the entry of the configuration in force, or
// 0. It is committed once Committed has reached that index.
func (r *Raft) ConfigIndex() Index { return r.members.index() }

// ChangeMembers makes target the configuration: it appends the change and
// returns where, so that the caller can wait for it to be committed. If at
// most one voter comes or goes, the new configuration is used at once (thesis
// 4.1); otherwise a joint one comes first, and the leader appends the target
// by itself when the joint one is committed (raft 6). Target must not be joint.
//
// A server that shall become a voter should be a learner before, until Status
// shows that its match is near the leader's last index (thesis 4.2.1).
//
// The error is ErrNotLeader, ErrTransferring, ErrConfiguration, ErrChanging
// while a change is not committed, or ErrNotReady while the leader has
// committed nothing in its term: without that, two leaders' changes could
// decide with majorities that do not overlap (Ongaro, raft-dev, 10 July 2015).
func (r *Raft) ChangeMembers(now time.Duration, target Configuration) (Index, Term, error) {
	r.advance(now)
	err := target.Validate()
	switch {
	case r.role != Leader:
		err = ErrNotLeader
	case r.lead.transfer != nil:
		err = ErrTransferring
	case err != nil:
	case target.Joint():
		err = fmt.Errorf("%w: it is joint", ErrConfiguration)
	case !r.lead.ready(&r.log):
		err = ErrNotReady
	case r.members.index() > r.log.commit || r.members.current().Joint():
		reachedChanging.Hit()
		err = ErrChanging
	}
	if err != nil {
		return 0, 0, fmt.Errorf("change members to %s: %w", target, err)
	}
	next := target.Clone()
	if old := r.members.current(); votersChanged(old, next) > 1 {
		next.Outgoing = old.Voters
	}
	return r.appendOwn(EntryConfig, AppendConfiguration(nil, next)), r.hard.Term, nil
}

// configCommitted goes on with a change when the configuration in force is
// committed: out of a joint one, and out of office if it has no place for this
// leader.
func (r *Raft) configCommitted() {
	c := r.members.current()
	if r.members.index() > r.log.commit || !r.lead.ready(&r.log) {
		return
	}
	r.members.founded(r.log.commit)
	if c.Joint() {
		c.Outgoing = nil
		r.appendOwn(EntryConfig, AppendConfiguration(nil, c))
		return
	}
	if !contains(c.Voters, r.cfg.ID) {
		// "The leader steps down (returns to follower state) once it has committed
		// the C_new log entry" (raft 6). It tells a successor to campaign, so that
		// nobody waits for an election timeout.
		reachedLeftConfig.Hit()
		r.trace("has left the configuration")
		r.replicate()
		if p := r.lead.mostAdvanced(c); p != nil {
			r.send(p.id, TimeoutNow{})
		}
		r.becomeFollower(r.hard.Term)
	}
}

// votersChanged returns how many voters come or go between old and target.
func votersChanged(old, target Configuration) int {
	n := 0
	for _, p := range old.Voters {
		if !contains(target.Voters, p.ID) {
			n++
		}
	}
	for _, p := range target.Voters {
		if !contains(old.Voters, p.ID) {
			n++
		}
	}
	return n
}
