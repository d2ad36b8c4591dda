package api

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/kv"
)

// fakeStore is a Store of one server that is always its own leader: the real
// state machines, without a log.
type fakeStore struct {
	mu    sync.Mutex // held while a command is applied
	view  atomic.Pointer[server.View]
	known bool          // answer of Contact
	age   time.Duration // answer of Contact
	fail  error         // returned by Barrier and Write, if not nil
	modes []server.ReadMode
}

func newFakeStore() *fakeStore {
	s := &fakeStore{known: true}
	s.view.Store(&server.View{Index: 10, KV: kv.New(), Catalog: catalog.New()})
	return s
}

func (s *fakeStore) View() *server.View { return s.view.Load() }

func (s *fakeStore) Barrier(_ context.Context, mode server.ReadMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modes = append(s.modes, mode)
	return s.fail
}

// Write applies one command as one log entry. A command is a version, a kind
// and what the store of that kind encodes.
func (s *fakeStore) Write(_ context.Context, cmd []byte) (server.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return server.Result{}, s.fail
	}
	old := s.view.Load()
	index := old.Index + 1
	keys, cat := old.KV.Txn(), old.Catalog.Txn()
	ok, err := true, error(nil)
	switch cmd[1] {
	case 1:
		var c kv.Command
		if c, err = kv.DecodeCommand(cmd[2:]); err == nil {
			ok, err = keys.Apply(index, c)
		}
	default:
		var c catalog.Command
		if c, err = catalog.DecodeCommand(cmd[2:]); err == nil {
			err = cat.Apply(index, c)
		}
	}
	s.view.Store(&server.View{Index: index, KV: keys.Commit(), Catalog: cat.Commit()})
	keys.Notify()
	cat.Notify()
	res := server.Result{Index: index, OK: ok && err == nil}
	if err != nil {
		res.Err = err.Error()
	}
	return res, nil
}

func (s *fakeStore) Contact() (bool, time.Duration) { return s.known, s.age }

func (s *fakeStore) Leader() string {
	if !s.known {
		return ""
	}
	return "10.0.0.1:8300"
}

func (s *fakeStore) Peers() []string {
	return []string{"10.0.0.1:8300", "10.0.0.2:8300", "10.0.0.3:8300"}
}

// fakeAgent is an Agent that holds what it is given and writes down what it is
// asked for.
type fakeAgent struct {
	mu       sync.Mutex
	calls    []string
	services []*catalog.Service
	checks   []*catalog.Check
}

func (a *fakeAgent) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, fmt.Sprintf(format, args...))
}

// took returns what was asked for since the last time, a line each.
func (a *fakeAgent) took() (calls []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls, a.calls = a.calls, nil
	return calls
}

func (a *fakeAgent) Members(wan bool) []Member {
	if wan {
		return nil
	}
	return []Member{
		{Name: "n1", Addr: "10.0.0.1", Port: 8301, Status: MemberAlive, ProtocolMin: 1, ProtocolMax: 1, ProtocolCur: 1,
			Tags: map[string]string{"role": "consul", "dc": "dc1", "build": "0.1.0:abc", "port": "8300"}},
		{Name: "web1", Addr: "10.0.0.11", Port: 8301, Status: MemberFailed, ProtocolMin: 1, ProtocolMax: 1, ProtocolCur: 1},
	}
}

func (a *fakeAgent) Self() Self {
	return Self{
		Config: SelfConfig{Datacenter: "dc1", NodeName: "n1", NodeID: "1b662d97-8b5c-3cc2-0ac0-96f55ad423b5", Server: true, Version: "0.1.0"},
		Member: a.Members(false)[0],
		Stats:  map[string]map[string]string{"raft": {"state": "Leader", "term": "4"}},
	}
}

func (a *fakeAgent) Join(_ context.Context, addr string, wan bool) error {
	a.note("join %s wan=%v", addr, wan)
	if addr == "10.9.9.9" {
		return fmt.Errorf("join 10.9.9.9:8301: connection refused")
	}
	return nil
}

func (a *fakeAgent) Leave(context.Context) error { a.note("leave"); return nil }

func (a *fakeAgent) ForceLeave(_ context.Context, name string, prune bool) error {
	a.note("force-leave %s prune=%v", name, prune)
	if name == "nobody" {
		return Missingf("agent: No node found with name %q", name)
	}
	return nil
}

func (a *fakeAgent) Reload(context.Context) error { a.note("reload"); return nil }

func (a *fakeAgent) Metrics() []Gauge {
	return []Gauge{{Name: "consul.raft.applied_index", Value: 10}}
}

func (a *fakeAgent) Services() []*catalog.Service { return a.services }
func (a *fakeAgent) Checks() []*catalog.Check     { return a.checks }

func (a *fakeAgent) RegisterService(_ context.Context, d ServiceDefinition, replace bool) error {
	b, err := json.Marshal(d)
	a.note("register service replace=%v %s", replace, b)
	s := &catalog.Service{ID: d.ID, Service: d.Name, Tags: d.Tags, Port: d.Port, Address: d.Address, Meta: d.Meta}
	if s.ID == "" {
		s.ID = d.Name
	}
	if d.Weights != nil {
		s.Weights = *d.Weights
	}
	a.services = append(a.services, s)
	return err
}

func (a *fakeAgent) DeregisterService(_ context.Context, id string) error {
	a.note("deregister service %s", id)
	before := len(a.services)
	a.services = slices.DeleteFunc(a.services, func(s *catalog.Service) bool { return s.ID == id })
	if len(a.services) == before {
		return Missingf("Unknown service ID %q. Ensure that the service ID is passed, not the service name.", id)
	}
	return nil
}

func (a *fakeAgent) RegisterCheck(_ context.Context, d CheckDefinition) error {
	b, err := json.Marshal(d)
	a.note("register check %s", b)
	a.checks = append(a.checks, &catalog.Check{Node: "n1", CheckID: d.Name, Name: d.Name, Status: catalog.Critical})
	return err
}

func (a *fakeAgent) DeregisterCheck(_ context.Context, id string) error {
	a.note("deregister check %s", id)
	return nil
}

func (a *fakeAgent) UpdateTTL(_ context.Context, id, status, output string) error {
	a.note("update %s %s %d bytes: %.40q", id, status, len(output), output)
	return nil
}

func (a *fakeAgent) Maintenance(_ context.Context, service string, on bool, reason string) error {
	a.note("maintenance %q on=%v %q", service, on, reason)
	return nil
}

var (
	_ Store = (*fakeStore)(nil)
	_ Agent = (*fakeAgent)(nil)
)
