package local

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"praetor/catalog"
)

// never is a deadline that is not set.
const never time.Duration = math.MaxInt64

// Config is what a State is made with.
type Config struct {
	Node          catalog.Node  // this node, as the catalog shall have it; indexes are ignored
	SyncInterval  time.Duration // between full syncs in a small cluster; 0 is 1 minute
	OutputDelay   time.Duration // how long a change of output alone may wait; 0 writes at once
	OutputMax     int           // bytes of output that are kept of any check; 0 is catalog.MaxOutput
	DiscardOutput bool          // never send outputs to the catalog
	Rand          *rand.Rand    // spreads syncs and retries
}

// State is what the agent wants the catalog to hold of its node, and what it
// knows of how far the catalog agrees. It is not safe for concurrent use.
type State struct {
	cfg      Config
	services map[string]*service
	checks   map[string]*check
	node     record
	sync     progress
	out      Effects
}

// record is how one item (the node, a service, a check) stands against the
// catalog. An item is dirty if it is not synced.
type record struct {
	gen    uint64 // raised by every change here, so that an answer to an older write is recognised
	synced bool   // the catalog held exactly this, when last heard of
	gone   bool   // removed here, and kept until the catalog has removed it too
}

func (r *record) change() { r.gen++; r.synced = false }

type service struct {
	record
	spec   catalog.Service
	source Source
}

type check struct {
	record
	moved  bool // the catalog may hold it under another service
	def    Check
	status string // after the thresholds of its policy
	output string
	run    progressOfRuns
	timers timers
}

// progressOfRuns is what the results so far add up to.
type progressOfRuns struct {
	any       bool // the status is that of a result, here or in the catalog
	successes int  // in a row
	failures  int  // in a row
}

// timers are a check's deadlines; each is never if it is not running.
type timers struct {
	expire time.Duration // a TTL check turns critical
	reap   time.Duration // its service is deregistered
	flush  time.Duration // a change of output alone is sent
}

// New returns the state of an agent that has no services and checks yet. The
// first full sync is due at once; nothing is written before it has succeeded.
// Definitions that are added before the first call of Effects take part in it.
func New(now time.Duration, c Config) *State {
	if c.SyncInterval == 0 {
		c.SyncInterval = time.Minute
	}
	if c.OutputMax == 0 {
		c.OutputMax = catalog.MaxOutput
	}
	return &State{
		cfg:      c,
		services: map[string]*service{},
		checks:   map[string]*check{},
		node:     record{gen: 1},
		sync:     progress{nextFull: now, retryAt: now, scale: 1},
	}
}

// Effects is what the driver must do. Any part may be empty.
type Effects struct {
	Calls  []Call   // to be made on a server; at most one is under way at any time
	Stop   []string // IDs of checks to be run no more
	Start  []Check  // checks to run from now on, after Stop is done
	Events []Event
}

// EventKind says what an Event is about.
type EventKind uint8

const (
	Reaped    EventKind = iota // service ID was critical for too long and is deregistered: forget its file
	Foreign                    // the catalog has ID on this node, this agent does not: it will be removed
	SyncError                  // a call failed and will be tried again
	SyncOK                     // the first call that succeeds after a SyncError
)

// Event tells of something that the driver logs.
type Event struct {
	Kind EventKind
	ID   string // of the service or check, or ""
	Text string // one line
}

// Effects returns what has become due since it was last called. The driver
// calls it after every event.
func (s *State) Effects(now time.Duration) Effects {
	if c, ok := s.next(now); ok {
		s.out.Calls = append(s.out.Calls, c)
	}
	e := s.out
	s.out = Effects{}
	return e
}

func (s *State) event(k EventKind, id, format string, args ...any) {
	s.out.Events = append(s.out.Events, Event{Kind: k, ID: id, Text: fmt.Sprintf(format, args...)})
}

// SetNode changes what the catalog shall hold of the node itself.
func (s *State) SetNode(node catalog.Node) {
	if !sameNode(&s.cfg.Node, &node) {
		s.cfg.Node = node
		s.node.change()
	}
}

// AddService adds a service instance with its checks, or changes it. With
// replaceChecks, checks of the service which the definition does not name are
// removed; otherwise they stay. A check that was there keeps its status.
// Registering the same again changes nothing. The error is one of the
// definition, a reached bound, or a check's ID that is taken; nothing is
// changed then.
func (s *State) AddService(now time.Duration, def Service, replaceChecks bool) error {
	def, _, err := def.Normalized()
	if err != nil {
		return err
	}
	id := def.Spec.ID
	fresh := 0
	for _, c := range def.Checks {
		if s.checks[c.ID] == nil {
			fresh++
		}
		if err := s.taken(&c); err != nil {
			return fmt.Errorf("service %q: %w", id, err)
		}
	}
	svc := s.services[id]
	switch {
	case svc == nil && len(s.services) >= MaxServices:
		return fmt.Errorf("service %q: this agent has %d services, which is the most", id, MaxServices)
	case len(s.checks)+fresh > MaxChecks:
		return fmt.Errorf("service %q: its checks are more than the %d that an agent takes", id, MaxChecks)
	}
	if svc == nil {
		svc = &service{}
		s.services[id] = svc
	}
	if svc.gen == 0 || svc.gone || !sameService(&svc.spec, &def.Spec) {
		svc.change()
	}
	svc.spec, svc.source, svc.gone = cloneService(def.Spec), def.Source, false
	if replaceChecks {
		s.keepChecks(id, def.Checks)
	}
	for _, c := range def.Checks {
		s.putCheck(now, c)
	}
	s.follow(now)
	return nil
}

// keepChecks removes the checks of the service which are not among these. A
// maintenance check stays.
func (s *State) keepChecks(serviceID string, keep []Check) {
	for _, id := range sortedKeys(s.checks) {
		c := s.checks[id]
		named := slices.ContainsFunc(keep, func(k Check) bool { return k.ID == id })
		if c.def.ServiceID == serviceID && !named && c.def.Probe.Kind != KindMaintenance {
			s.dropCheck(c)
		}
	}
}

// RemoveService removes a service instance and its checks. The error is an
// *UnknownError.
func (s *State) RemoveService(now time.Duration, id string) error {
	svc := s.liveService(id)
	if svc == nil {
		return &UnknownError{What: "service", ID: id}
	}
	svc.change()
	svc.gone = true
	for _, cid := range sortedKeys(s.checks) {
		if c := s.checks[cid]; c.def.ServiceID == id {
			s.dropCheck(c)
		}
	}
	s.follow(now)
	return nil
}

// taken returns an error if the check's ID is that of a check of another owner:
// to replace that one would leave its service without a check. Between files,
// where an ID stands once, a check may change its owner.
func (s *State) taken(def *Check) error {
	c := s.liveCheck(def.ID)
	if c == nil || c.def.ServiceID == def.ServiceID || c.def.Source == FromFile && def.Source == FromFile {
		return nil
	}
	owner := "the node"
	if c.def.ServiceID != "" {
		owner = fmt.Sprintf("service %q", c.def.ServiceID)
	}
	return fmt.Errorf("check %q: %s has a check with this ID; give one of them another", def.ID, owner)
}

// AddCheck adds a check, or changes it; it keeps its status then. The error is
// one of the definition, a reached bound, an ID that is taken, or an
// *UnknownError for its service.
func (s *State) AddCheck(now time.Duration, def Check) error {
	def, _, err := def.Normalized()
	if err == nil {
		err = s.taken(&def)
	}
	switch {
	case err != nil:
		return err
	case def.ServiceID != "" && s.liveService(def.ServiceID) == nil:
		return fmt.Errorf("check %q: %w", def.ID, &UnknownError{What: "service", ID: def.ServiceID})
	case s.checks[def.ID] == nil && len(s.checks) >= MaxChecks:
		return fmt.Errorf("check %q: this agent has %d checks, which is the most", def.ID, MaxChecks)
	}
	s.putCheck(now, def)
	s.follow(now)
	return nil
}

// RemoveCheck removes a check. The error is an *UnknownError.
func (s *State) RemoveCheck(now time.Duration, id string) error {
	c := s.liveCheck(id)
	if c == nil {
		return &UnknownError{What: "check", ID: id}
	}
	s.dropCheck(c)
	s.follow(now)
	return nil
}

// putCheck adds or changes a check whose definition is sound.
func (s *State) putCheck(now time.Duration, def Check) {
	c := s.checks[def.ID]
	known := c != nil && !c.gone
	if !known {
		old := c
		c = &check{status: catalog.Critical, timers: timers{never, never, never}}
		if old != nil {
			c.gen, c.moved, c.def.ServiceID = old.gen, old.moved, old.def.ServiceID
		}
		if def.Status != "" {
			c.status = def.Status
		}
		s.checks[def.ID] = c
	}
	if known && reflect.DeepEqual(c.def, def) {
		return
	}
	sameProbe := known && reflect.DeepEqual(c.def.Probe, def.Probe)
	if !known || !sameRegistration(&c.def, &def) {
		c.change()
	}
	if known && !sameProbe {
		s.stopRuns(c)
	}
	if def.Probe.Kind.Active() && !sameProbe {
		s.out.Start = append(s.out.Start, def)
	}
	if def.Probe.Kind == KindTTL && !sameProbe {
		c.timers.expire = now + def.Probe.TTL
	} else if def.Probe.Kind != KindTTL {
		c.timers.expire = never
	}
	c.moved = c.moved || c.gen > 1 && c.def.ServiceID != def.ServiceID
	c.def = def
	s.watchReap(now, c)
}

// dropCheck marks a check as removed.
func (s *State) dropCheck(c *check) {
	if c.gone {
		return
	}
	c.change()
	c.gone = true
	c.timers = timers{never, never, never}
	s.stopRuns(c)
}

// stopRuns takes back a start that the driver has not seen yet, and stops what
// it may have started.
func (s *State) stopRuns(c *check) {
	if c.def.Probe.Kind.Active() {
		s.out.Start = slices.DeleteFunc(s.out.Start, func(d Check) bool { return d.ID == c.def.ID })
		s.out.Stop = append(s.out.Stop, c.def.ID)
	}
}

// Replace makes the definitions from files these, and leaves those from the
// API alone, except that a file's definition takes an API's of the same ID
// over. Statuses of checks that stay are kept. The errors are those of single
// definitions; the others take effect all the same.
func (s *State) Replace(now time.Duration, services []Service, checks []Check) []error {
	inFiles := map[string]bool{}
	var errs []error
	for _, def := range services {
		def.Source = FromFile
		if err := s.AddService(now, def, false); err != nil {
			errs = append(errs, err)
			continue
		}
		def, _, _ = def.Normalized()
		inFiles["service "+def.Spec.ID] = true
		for _, c := range def.Checks {
			inFiles["check "+c.ID] = true
		}
	}
	for _, def := range checks {
		def.Source = FromFile
		if err := s.AddCheck(now, def); err != nil {
			errs = append(errs, err)
			continue
		}
		def, _, _ = def.Normalized()
		inFiles["check "+def.ID] = true
	}
	for _, id := range sortedKeys(s.services) {
		if svc := s.services[id]; svc.source == FromFile && !svc.gone && !inFiles["service "+id] {
			s.RemoveService(now, id)
		}
	}
	for _, id := range sortedKeys(s.checks) {
		if c := s.checks[id]; c.def.Source == FromFile && !c.gone && !inFiles["check "+id] {
			s.dropCheck(c)
		}
	}
	s.follow(now)
	return errs
}

// UnknownError says that this agent has no such service or check.
type UnknownError struct {
	What string // "service" or "check"
	ID   string
}

// Error gives the text that Consul's API has for it.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("Unknown %s ID %q. Ensure that the %s ID is passed, not the %s name.", e.What, e.ID, e.What, e.What)
}

func (s *State) liveService(id string) *service {
	if svc := s.services[id]; svc != nil && !svc.gone {
		return svc
	}
	return nil
}

func (s *State) liveCheck(id string) *check {
	if c := s.checks[id]; c != nil && !c.gone {
		return c
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
