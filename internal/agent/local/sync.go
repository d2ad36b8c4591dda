package local

import (
	"math/bits"
	"slices"
	"time"

	"praetor/catalog"
)

// CallID names a call to a server; the answer carries it back.
type CallID uint64

// CallKind says what a Call asks for.
type CallKind uint8

const (
	Fetch      CallKind = iota // what the catalog holds of this node; answered by Fetched
	Register                   // write Registration; answered by Done
	Deregister                 // write Deregistration; answered by Done
)

// Call is a request to make on a server. The driver answers each exactly once,
// with an error if its own time limit passes first.
type Call struct {
	ID             CallID
	Kind           CallKind
	Registration   catalog.Registration
	Deregistration catalog.Deregistration
}

// View is what the catalog holds of this node: Node is nil if it does not know
// the node. It must not come from a stale read.
type View struct {
	Node     *catalog.Node
	Services []*catalog.Service
	Checks   []*catalog.Check
}

// The times of retries, and how many checks travel in one call.
const (
	retryFirst = time.Second
	retryMost  = 15 * time.Second
	batchMost  = 64
)

// lateWrite is how long after its failure a write may yet take effect: the
// connection that carried it may only be slow, and the server that has it may
// look for a leader. It would undo what was written since.
const lateWrite = 20 * time.Second

// progress is how far the synchronisation with the catalog has come.
type progress struct {
	lastID   CallID
	pending  *write        // the call that is under way, or nil
	fetched  bool          // a full sync has succeeded once
	nextFull time.Duration // when to look at the catalog again
	retryAt  time.Duration // no call before
	failures int           // in a row
	doubt    time.Duration // until then a write that failed may yet take effect
	cursor   string        // where in the order of groups to go on after a failure
	scale    int           // how many times the interval between full syncs
}

// write remembers what a call under way carries: of each item its generation.
type write struct {
	id      CallID
	kind    CallKind
	group   string
	node    uint64 // 0: not sent
	service uint64 // 0: not sent
	checks  map[string]uint64
}

// SetClusterSize stretches the interval between full syncs with the number of
// nodes, so that the servers' load grows with the logarithm of it: once up to
// 128 nodes, twice up to 256, three times up to 512 and so on.
func (s *State) SetClusterSize(nodes int) {
	s.sync.scale = 1 + bits.Len(uint(max(nodes-1, 0)/128))
}

// SyncSoon asks for a full sync at a random moment within the given time: when
// there is a new leader, or when a person asks.
func (s *State) SyncSoon(now, within time.Duration) {
	s.sync.nextFull = min(s.sync.nextFull, now+s.upTo(within))
}

// next returns the call to make now, if there is one.
//
// Items are grouped by service, "" being the node and its own checks, and one
// call carries what one group needs. After a failure the groups behind the
// failed one have their turn first, so that one registration that the servers
// refuse does not hold up the others.
func (s *State) next(now time.Duration) (Call, bool) {
	p := &s.sync
	if p.pending != nil || now < p.retryAt {
		return Call{}, false
	}
	if now >= p.nextFull {
		return s.begin(Call{Kind: Fetch}, write{kind: Fetch}), true
	}
	groups := s.dirtyGroups()
	if len(groups) == 0 {
		return Call{}, false
	}
	i, _ := slices.BinarySearch(groups, p.cursor)
	return s.begin(s.build(groups[i%len(groups)])), true
}

func (s *State) begin(c Call, w write) Call {
	s.sync.lastID++
	c.ID, w.id = s.sync.lastID, s.sync.lastID
	s.sync.pending = &w
	return c
}

// dirtyGroups returns, in order, the groups that hold an item which is not in
// sync.
func (s *State) dirtyGroups() []string {
	groups := pick(s.services, func(svc *service) bool { return !svc.synced })
	for _, id := range pick(s.checks, func(c *check) bool { return !c.synced }) {
		groups = append(groups, s.checks[id].def.ServiceID)
	}
	if !s.node.synced {
		groups = append(groups, "")
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// build makes the next call for a dirty group: removals first, then one
// registration of the rest.
func (s *State) build(group string) (Call, write) {
	svc := s.services[group]
	w := write{kind: Deregister, group: group, checks: map[string]uint64{}}
	dirty := pick(s.checks, func(c *check) bool { return !c.synced && c.def.ServiceID == group })
	if svc != nil && svc.gone {
		w.service = svc.gen
		for _, id := range dirty {
			if c := s.checks[id]; !c.moved { // the catalog removes the service's checks with it
				w.checks[id] = c.gen
			}
		}
		return Call{Kind: Deregister, Deregistration: catalog.Deregistration{Node: s.cfg.Node.Node, ServiceID: group}}, w
	}
	for _, id := range dirty {
		if c := s.checks[id]; c.gone {
			w.checks[id] = c.gen
			return Call{Kind: Deregister, Deregistration: catalog.Deregistration{Node: s.cfg.Node.Node, CheckID: id}}, w
		}
	}

	w.kind = Register
	reg := catalog.Registration{Node: s.cfg.Node, SkipNodeUpdate: s.node.synced}
	if !s.node.synced {
		w.node = s.node.gen
	}
	if svc != nil && !svc.synced {
		spec := cloneService(svc.spec)
		reg.Service, w.service = &spec, svc.gen
	}
	for _, id := range dirty[:min(len(dirty), batchMost)] {
		c := s.checks[id]
		c.timers.flush = never
		w.checks[id] = c.gen
		reg.Checks = append(reg.Checks, s.catalogCheck(c))
	}
	return Call{Kind: Register, Registration: reg}, w
}

// Done takes the answer to a Register or Deregister call. An answer to a call
// that is not under way is ignored.
func (s *State) Done(now time.Duration, id CallID, err error) {
	w := s.sync.pending
	if w == nil || w.id != id || w.kind == Fetch {
		return
	}
	s.sync.pending = nil
	if err != nil {
		s.failed(now, w, err)
		return
	}
	s.recovered()
	s.sync.cursor = ""
	if w.node == s.node.gen {
		s.node.synced = true
	}
	if svc := s.services[w.group]; svc != nil && w.service == svc.gen {
		svc.synced = true
		if svc.gone {
			delete(s.services, w.group)
		}
	}
	for _, id := range sortedKeys(w.checks) {
		if c := s.checks[id]; c != nil && c.gen == w.checks[id] {
			c.synced, c.moved = true, false
			if c.gone {
				delete(s.checks, id)
			}
		}
	}
}

// failed arranges for another attempt, after a look at the catalog: it may
// hold less than we believe, or the write may have happened all the same.
func (s *State) failed(now time.Duration, w *write, err error) {
	p := &s.sync
	delay := min(retryFirst<<min(p.failures, 10), retryMost)
	p.failures++
	p.retryAt = now + delay/2 + s.upTo(delay/2)
	p.nextFull = min(p.nextFull, p.retryAt)
	reachedFailed.Hit()
	what := "read this node's registrations"
	switch w.kind {
	case Register, Deregister:
		p.doubt = now + lateWrite
		p.cursor = w.group + "\x00"
		what = "sync service " + w.group
		if w.group == "" {
			what = "sync the node and its checks"
		}
	}
	s.event(SyncError, w.group, "could not %s: %v; next attempt in %v", what, err, (p.retryAt - now).Round(time.Millisecond))
}

// recovered ends a series of failures.
func (s *State) recovered() {
	if s.sync.failures > 0 {
		s.sync.failures = 0
		s.event(SyncOK, "", "the catalog answers again")
	}
}

// upTo returns a random duration in [0, d).
func (s *State) upTo(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(s.cfg.Rand.Int64N(int64(d)))
}
