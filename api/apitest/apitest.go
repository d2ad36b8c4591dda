// Package apitest has a Store and an Agent to test what speaks HTTP to an
// agent, without a cluster: the real state machines without a log, and an agent
// that writes down what it is asked for.
//
//	store, agent := apitest.NewStore(), &apitest.Agent{}
//	a := api.New(api.Config{Datacenter: "dc1", Store: store, Agent: agent})
package apitest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"praetor/api"
	"praetor/catalog"
	"praetor/internal/server"
	"praetor/kv"
	"praetor/raft"
	"praetor/swim/keyring"
)

// Store is an api.Store of one server that is its own leader: the real state
// machines, without a log. Each write is one index, and the first one is 11.
type Store struct {
	mu    sync.Mutex // held while a command is applied
	view  atomic.Pointer[server.View]
	modes []server.ReadMode
	calls []string

	// What the methods answer. Set them before a request, not during one.
	Known bool          // whether there is a leader
	Age   time.Duration // since it was heard of
	Fail  error         // of whatever needs a leader, if not nil
	// Health is the leader's report.
	Health server.Health
}

// NewStore returns an empty store with a leader: n1 of three servers that are
// all well.
func NewStore() *Store {
	s := &Store{Known: true, Health: health()}
	s.view.Store(&server.View{Index: 10, KV: kv.New(), Catalog: catalog.New()})
	return s
}

// View implements api.Store.
func (s *Store) View() *server.View { return s.view.Load() }

// Barrier implements api.Store: it never waits.
func (s *Store) Barrier(_ context.Context, mode server.ReadMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.modes = append(s.modes, mode)
	return s.Fail
}

// Modes returns the modes of the barriers since the last call of Modes.
func (s *Store) Modes() (modes []server.ReadMode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	modes, s.modes = s.modes, nil
	return modes
}

// Put writes a key and returns the index. It panics if the store refuses.
func (s *Store) Put(key, value string) uint64 {
	res, err := s.Write(context.Background(), server.KVCommand(kv.Command{Key: key, Value: []byte(value)}))
	if err != nil || !res.OK {
		panic(fmt.Sprintf("put %q: %+v, %v", key, res, err))
	}
	return res.Index
}

// Write implements api.Store: it applies one command as one log entry.
func (s *Store) Write(_ context.Context, cmd []byte) (server.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Fail != nil {
		return server.Result{}, s.Fail
	}
	view, res, notify, err := s.view.Load().Apply(cmd)
	if err != nil {
		return server.Result{}, err
	}
	s.view.Store(view)
	notify()
	return res, nil
}

// Contact implements api.Store.
func (s *Store) Contact() (bool, time.Duration) { return s.Known, s.Age }

// Leader implements api.Store.
func (s *Store) Leader() string {
	if !s.Known {
		return ""
	}
	return "10.0.0.1:8300"
}

// Peers implements api.Store: three servers.
func (s *Store) Peers() []string {
	return []string{"10.0.0.1:8300", "10.0.0.2:8300", "10.0.0.3:8300"}
}

// health is the report of three servers that are all well.
func health() server.Health {
	h := server.Health{Healthy: true, FailureTolerance: 1}
	for i := 1; i <= 3; i++ {
		h.Servers = append(h.Servers, server.ServerHealth{
			ID: raft.NodeID(fmt.Sprintf("id-%d", i)), Name: fmt.Sprintf("n%d", i), Address: fmt.Sprintf("10.0.0.%d:8300", i),
			Gossip: "alive", Version: "0.1.0", Leader: i == 1, Voter: true, Healthy: true,
			StableFor: time.Hour, LastContact: time.Duration(i-1) * 12500 * time.Microsecond, LastTerm: 4, LastIndex: 10,
		})
	}
	return h
}

// RaftServers implements api.Operator: the servers that Health tells of.
func (s *Store) RaftServers() (servers []api.RaftServer, index uint64) {
	for _, h := range s.Health.Servers {
		servers = append(servers, api.RaftServer{ID: string(h.ID), Node: h.Name, Address: h.Address, Leader: h.Leader, Voter: h.Voter})
	}
	return servers, 7
}

// ServerHealth implements api.Operator.
func (s *Store) ServerHealth(context.Context) (server.Health, error) { return s.Health, s.Fail }

// Transfer implements api.Operator. There is no voter "id-9".
func (s *Store) Transfer(_ context.Context, id string) error {
	s.note("transfer to %q", id)
	if id == "id-9" {
		return api.Invalidf("transfer leadership: no voter has the ID %q", id)
	}
	return s.Fail
}

// RemovePeer implements api.Operator. There is no server "id-9".
func (s *Store) RemovePeer(_ context.Context, id, addr string) error {
	s.note("remove peer id=%q address=%q", id, addr)
	if id == "id-9" {
		return api.Invalidf("remove peer: no server in the Raft configuration has the ID %q", id)
	}
	return s.Fail
}

func (s *Store) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, fmt.Sprintf(format, args...))
}

// Took returns what an operator asked for since the last time, a line each.
func (s *Store) Took() (calls []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, s.calls = s.calls, nil
	return calls
}

// Agent is an api.Agent that holds what it is given and writes down what it is
// asked for. The zero value is ready.
type Agent struct {
	mu       sync.Mutex
	calls    []string
	services []*catalog.Service
	checks   []*catalog.Check
	events   []api.UserEvent
	more     chan struct{} // closed when an event comes; nil: nobody has asked
}

func (a *Agent) note(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, fmt.Sprintf(format, args...))
}

// Took returns what was asked for since the last time, a line each.
func (a *Agent) Took() (calls []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls, a.calls = a.calls, nil
	return calls
}

// Members implements api.Agent: a server that is alive and a client that failed.
func (a *Agent) Members(wan bool) []api.Member {
	if wan {
		return nil
	}
	return []api.Member{
		{Name: "n1", Addr: "10.0.0.1", Port: 8301, Status: api.MemberAlive, ProtocolMin: 1, ProtocolMax: 1, ProtocolCur: 1,
			Tags: map[string]string{"role": "consul", "dc": "dc1", "build": "0.1.0:abc", "port": "8300"}},
		{Name: "web1", Addr: "10.0.0.11", Port: 8301, Status: api.MemberFailed, ProtocolMin: 1, ProtocolMax: 1, ProtocolCur: 1},
	}
}

// Self implements api.Agent.
func (a *Agent) Self() api.Self {
	return api.Self{
		Config: api.SelfConfig{Datacenter: "dc1", NodeName: "n1", NodeID: "1b662d97-8b5c-3cc2-0ac0-96f55ad423b5", Server: true, Version: "0.1.0"},
		Member: a.Members(false)[0],
		Stats:  map[string]map[string]string{"raft": {"state": "Leader", "term": "4"}},
	}
}

// Join implements api.Agent. It cannot reach 10.9.9.9.
func (a *Agent) Join(_ context.Context, addr string, wan bool) error {
	a.note("join %s wan=%v", addr, wan)
	if addr == "10.9.9.9" {
		return fmt.Errorf("join 10.9.9.9:8301: connection refused")
	}
	return nil
}

// Leave implements api.Agent.
func (a *Agent) Leave(context.Context) error { a.note("leave"); return nil }

// ForceLeave implements api.Agent. There is no member called nobody.
func (a *Agent) ForceLeave(_ context.Context, name string, prune bool) error {
	a.note("force-leave %s prune=%v", name, prune)
	if name == "nobody" {
		return api.Missingf("agent: No node found with name %q", name)
	}
	return nil
}

// Keyring implements api.Agent: two members with a key each of their own, which
// refuse the key of 24 bytes.
func (a *Agent) Keyring(_ context.Context, req keyring.Request, localOnly bool) ([]api.Keyring, error) {
	const one, two = "AAECAwQFBgcICQoLDA0ODw==", "Dw4NDAsKCQgHBgUEAwIBAA=="
	if req.Op != keyring.List {
		a.note("keyring %v %s", req.Op, req.Key.Encode())
	}
	ring := api.Keyring{
		Datacenter: "dc1", NumNodes: 2,
		Keys: map[string]int{one: 2, two: 1}, PrimaryKeys: map[string]int{one: 2},
	}
	if len(req.Key.Encode()) == 32 {
		ring.Error = "1/2 nodes reported failure"
		ring.Note("n2", "it is not installed")
	}
	return []api.Keyring{ring}, nil
}

// Reload implements api.Agent.
func (a *Agent) Reload(context.Context) error { a.note("reload"); return nil }

// Fire implements api.Agent. The first event has the ID that ends in 1.
func (a *Agent) Fire(_ context.Context, e api.UserEvent) (api.UserEvent, error) {
	a.note("fire %s node=%q service=%q tag=%q %q", e.Name, e.NodeFilter, e.ServiceFilter, e.TagFilter, e.Payload)
	a.mu.Lock()
	defer a.mu.Unlock()
	e.LTime = uint64(len(a.events) + 1)
	e.ID = fmt.Sprintf("b54fe110-7af5-cafc-d1fb-%012x", e.LTime)
	a.events = append(a.events, e)
	if a.more != nil {
		close(a.more)
		a.more = nil
	}
	return e, nil
}

// Events implements api.Agent.
func (a *Agent) Events() ([]api.UserEvent, <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.more == nil {
		a.more = make(chan struct{})
	}
	return slices.Clone(a.events), a.more
}

// Metrics implements api.Agent.
func (a *Agent) Metrics() []api.Gauge {
	return []api.Gauge{{Name: "consul.raft.applied_index", Value: 10}}
}

// Services implements api.Agent.
func (a *Agent) Services() []*catalog.Service { return a.services }

// Checks implements api.Agent.
func (a *Agent) Checks() []*catalog.Check { return a.checks }

// RegisterService implements api.Agent.
func (a *Agent) RegisterService(_ context.Context, d api.ServiceDefinition, replace bool) error {
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

// DeregisterService implements api.Agent.
func (a *Agent) DeregisterService(_ context.Context, id string) error {
	a.note("deregister service %s", id)
	before := len(a.services)
	a.services = slices.DeleteFunc(a.services, func(s *catalog.Service) bool { return s.ID == id })
	if len(a.services) == before {
		return api.Missingf("Unknown service ID %q. Ensure that the service ID is passed, not the service name.", id)
	}
	return nil
}

// RegisterCheck implements api.Agent.
func (a *Agent) RegisterCheck(_ context.Context, d api.CheckDefinition) error {
	b, err := json.Marshal(d)
	a.note("register check %s", b)
	a.checks = append(a.checks, &catalog.Check{Node: "n1", CheckID: d.Name, Name: d.Name, Status: catalog.Critical})
	return err
}

// DeregisterCheck implements api.Agent.
func (a *Agent) DeregisterCheck(_ context.Context, id string) error {
	a.note("deregister check %s", id)
	return nil
}

// UpdateTTL implements api.Agent. A check that is not there comes into being,
// of the service that its ID names after "service:".
func (a *Agent) UpdateTTL(_ context.Context, id, status, output string) error {
	a.note("update %s %s %d bytes: %.40q", id, status, len(output), output)
	service, _ := strings.CutPrefix(id, "service:")
	if service == id {
		service = ""
	}
	a.checks = slices.DeleteFunc(a.checks, func(c *catalog.Check) bool { return c.CheckID == id })
	a.checks = append(a.checks, &catalog.Check{Node: "n1", CheckID: id, Name: id, Status: status, Output: output, ServiceID: service})
	return nil
}

// Maintenance implements api.Agent.
func (a *Agent) Maintenance(_ context.Context, service string, on bool, reason string) error {
	a.note("maintenance %q on=%v %q", service, on, reason)
	return nil
}

var (
	_ api.Store = (*Store)(nil)
	_ api.Agent = (*Agent)(nil)
)
