package server

import (
	"maps"
	"math"
	"net/netip"
	"time"

	"praetor/catalog"
	"praetor/kv"
	"praetor/raft"
	"praetor/swim"
)

// duties are what a leader does beside replicating: it keeps the catalog in
// step with gossip (reconcile.go), takes servers into the cluster and out of
// it (voters.go), and lets old tombstones and forgotten uploads go. Every server keeps the books, so
// that a new leader can begin at once; only the leader acts.
type duties struct {
	addrs   map[raft.NodeID]netip.AddrPort // of servers, as gossip knows them
	dirty   map[string]bool                // members, by name, to compare with the catalog
	reaped  map[string]string              // IDs by name of members that gossip has forgotten, while the catalog has them
	flying  map[string]flight              // changes of members, by name, that were in the log when last looked at
	full    time.Duration                  // when all members are compared again
	members bool                           // servers came, went or moved: look at the voters

	strangers map[string]raft.ClusterID // servers of other clusters, by ID, that were turned away
	ages      []age                     // of log entries, for tombstones
	nextAge   time.Duration
	idle      idleUpload
	ready     bool // an entry of the own term has been applied: the View is current

	care // for the set of servers
}

// flight is a correction of the catalog on its way.
type flight struct {
	index   raft.Index
	command []byte
}

// age says that the log was at index at that time.
type age struct {
	at    time.Duration
	index uint64
}

// ageInterval is how finely a leader remembers when the log was where.
const ageInterval = time.Minute

func newDuties() duties {
	return duties{
		addrs:  map[raft.NodeID]netip.AddrPort{},
		dirty:  map[string]bool{},
		reaped: map[string]string{},
		flying: map[string]flight{},

		strangers: map[string]raft.ClusterID{},
		care:      care{watched: map[raft.NodeID]*watched{}, outcasts: map[raft.NodeID]time.Duration{}},
	}
}

// begin is called when this server has become the leader.
func (d *duties) begin(now time.Duration) {
	d.full, d.members, d.ready = now, true, false
	d.ages, d.nextAge = nil, now+ageInterval
	clear(d.flying)
	d.care.begin(now)
}

// deadline is when the leader has something to do even if nothing happens.
func (d *duties) deadline(leading bool) time.Duration {
	if !leading || !d.ready {
		return math.MaxInt64
	}
	return min(d.full, d.nextAge, d.nextLook)
}

// memberChanged notes that a member is to be compared with the catalog.
func (s *Server) memberChanged(e swim.Event) {
	if e.Kind == swim.Conflict {
		return
	}
	d := &s.duties
	d.dirty[e.Member.Name] = true
	s.noteReaped(e)
	s.membersChanged = true
	if a := AgentOf(e.Member); a.Server && a.Addr.IsValid() {
		d.members = true
		d.addrs[raft.NodeID(e.Member.ID)] = a.Addr
		if e.Kind == swim.Failed || e.Kind == swim.Departed {
			delete(d.outcasts, raft.NodeID(e.Member.ID)) // if it comes back, it means to
		}
	}
}

// noteReaped remembers whom gossip has forgotten, so that the leader takes it
// out of the catalog, and not for a member that it has not met yet.
func (s *Server) noteReaped(e swim.Event) {
	d := &s.duties
	delete(d.reaped, e.Member.Name)
	if e.Kind != swim.Reaped {
		return
	}
	d.reaped[e.Member.Name] = e.Member.ID
	maps.DeleteFunc(d.reaped, func(name, _ string) bool { // else it would grow on servers that do not lead
		node, _ := s.machine.view.Catalog.Node(name, nil)
		return node == nil
	})
}

// runDuties does what is due, if this server leads and its View is current: it
// has applied an entry of its own term, so nothing older is still to come.
func (s *Server) runDuties(now time.Duration) {
	d := &s.duties
	if !s.isLeader() {
		d.ready = false
		return
	}
	if !d.ready {
		// A lease says that an entry of the own term is committed. It also has
		// to be applied: a View that lags behind would seem to agree with gossip,
		// and nobody would look again.
		if s.raft.LeaseUntil() == 0 || raft.Index(s.machine.view.Index) < s.raft.Committed() {
			return
		}
		d.ready = true
		d.full = now
	}
	if d.full <= now {
		s.markAll()
		d.full = now + s.cfg.ReconcileInterval
		d.members = true
	}
	s.reconcileMembers(now)
	s.reconcileVoters(now)
	s.reapTombstones(now)
	s.reapUpload(now)
}

// reapTombstones forgets the deletions that are older than TombstoneTTL. The
// log carries the order to, so all replicas forget alike.
func (s *Server) reapTombstones(now time.Duration) {
	d := &s.duties
	if d.nextAge > now {
		return
	}
	d.nextAge = now + ageInterval
	d.ages = append(d.ages, age{now, s.machine.view.Index})
	var reap uint64
	for len(d.ages) > 0 && d.ages[0].at+s.cfg.TombstoneTTL <= now {
		reap = d.ages[0].index
		d.ages = d.ages[1:]
	}
	if reap > 0 {
		s.raft.Propose(now, [][]byte{
			KVCommand(kv.Command{Op: kv.OpReap, CAS: reap}),
			CatalogCommand(catalog.Command{Op: catalog.OpReap, UpTo: reap}),
		})
	}
}
