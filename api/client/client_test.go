package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/api/client"
	"praetor/internal/server"
	"praetor/kv"
)

// connect returns a client of the real handlers over a store and an agent.
func connect(t *testing.T) (*client.Client, *apitest.Store, *apitest.Agent) {
	t.Helper()
	store, agent := apitest.NewStore(), &apitest.Agent{}
	srv := httptest.NewServer(api.New(api.Config{Datacenter: "dc1", Store: store, Agent: agent}))
	t.Cleanup(srv.Close)
	c, err := client.New(client.Config{Address: srv.URL, HTTPClient: srv.Client()})
	if err != nil {
		t.Fatal(err)
	}
	return c, store, agent
}

// equal fails the test unless got is want and there is no error.
func equal(t *testing.T, what string, got, want any, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// A key is text of any kind, also what means something in a URL.
var keys = []string{"a", "a/b", "a//b", "a?b=c&d", "a#b", "a%2Fb", "a b+c", "ünïcödé", "a:b", "/a", "a/", "~!@$&'()*,;=[]"}

func TestKeysAndValuesArriveAsTheyAre(t *testing.T) {
	c, _, _ := connect(t)
	ctx := t.Context()
	for i, key := range keys {
		value := []byte{0, 255, byte(i), '\n'}
		if err := c.KV.Put(ctx, key, value, uint64(i)<<60); err != nil {
			t.Fatal(err)
		}
		e, meta, err := c.KV.Get(ctx, key, client.QueryOptions{Consistency: client.Consistent})
		index := uint64(11 + i)
		equal(t, key, e, &kv.Entry{Key: key, Value: value, Flags: uint64(i) << 60, CreateIndex: index, ModifyIndex: index}, err)
		equal(t, key, meta, client.QueryMeta{Index: index, KnownLeader: true, Consistency: "consistent"}, nil)
		list, _, err := c.KV.List(ctx, key, client.QueryOptions{})
		if err != nil || len(list) == 0 || list[0].Key != key {
			t.Errorf("list %q: %v, %v", key, list, err)
		}
	}
	for _, key := range keys {
		if err := c.KV.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	names, _, err := c.KV.Keys(ctx, "", "", client.QueryOptions{})
	equal(t, "all keys", names, []string(nil), err)
}

func TestAMissingKeyIsNoError(t *testing.T) {
	c, store, _ := connect(t)
	store.Put("b", "x")
	e, meta, err := c.KV.Get(t.Context(), "a", client.QueryOptions{Consistency: client.Stale})
	equal(t, "get", e, (*kv.Entry)(nil), err)
	equal(t, "meta", meta, client.QueryMeta{Index: 1, KnownLeader: true, Consistency: "stale"}, nil)
	list, _, err := c.KV.List(t.Context(), "a", client.QueryOptions{})
	equal(t, "list", list, []kv.Entry(nil), err)
}

func TestCheckAndSetReportsWhetherItHeld(t *testing.T) {
	c, _, _ := connect(t)
	ctx := t.Context()
	ok, err := c.KV.CAS(ctx, kv.Entry{Key: "a", Value: []byte("1")}) // index 11
	equal(t, "create", ok, true, err)
	ok, err = c.KV.CAS(ctx, kv.Entry{Key: "a", Value: []byte("2")})
	equal(t, "create again", ok, false, err)
	ok, err = c.KV.CAS(ctx, kv.Entry{Key: "a", Value: []byte("3"), ModifyIndex: 11})
	equal(t, "update", ok, true, err)
	ok, err = c.KV.DeleteCAS(ctx, "a", 11)
	equal(t, "delete the old", ok, false, err)
	ok, err = c.KV.DeleteCAS(ctx, "a", 13)
	equal(t, "delete", ok, true, err)
}

func TestABlockingQueryReturnsTheChange(t *testing.T) {
	c, store, _ := connect(t)
	store.Put("a", "old")
	store.Put("dir/a", "x")
	if err := c.KV.DeleteTree(t.Context(), "dir/"); err != nil {
		t.Fatal(err)
	}
	_, meta, err := c.KV.Get(t.Context(), "a", client.QueryOptions{})
	if err != nil {
		t.Fatal(err)
	}
	go store.Put("a", "new") // before or after the read: it returns either way
	e, meta, err := c.KV.Get(t.Context(), "a", client.QueryOptions{Index: meta.Index, Wait: time.Minute})
	equal(t, "value", string(e.Value), "new", err)
	equal(t, "index", meta.Index, uint64(14), nil)
	// What does not change is answered after the wait.
	_, again, err := c.KV.Get(t.Context(), "a", client.QueryOptions{Index: meta.Index, Wait: time.Millisecond})
	equal(t, "unchanged", again.Index, meta.Index, err)
}

func TestCatalogAndHealth(t *testing.T) {
	c, _, _ := connect(t)
	ctx, o := t.Context(), client.QueryOptions{}
	err := c.Catalog.Register(ctx, api.CatalogRegistration{Node: "n1", Address: "10.0.0.1",
		Service: &api.CatalogServiceBody{Service: "web", Tags: []string{"v1"}, Port: 80},
		Checks:  []api.CatalogCheckBody{{Name: "up", ServiceID: "web", Status: "warning"}}})
	if err != nil {
		t.Fatal(err)
	}
	dcs, err := c.Catalog.Datacenters(ctx)
	equal(t, "datacenters", dcs, []string{"dc1"}, err)
	services, meta, err := c.Catalog.Services(ctx, o)
	equal(t, "services", services, map[string][]string{"web": {"v1"}}, err)
	equal(t, "index", meta.Index, uint64(11), nil)
	nodes, _, err := c.Catalog.Nodes(ctx, o)
	equal(t, "nodes", len(nodes), 1, err)
	instances, _, err := c.Catalog.Service(ctx, "web", "v1", o)
	equal(t, "instances", len(instances), 1, err)
	equal(t, "weights", instances[0].ServiceWeights.Passing, 1, nil)
	instances, _, err = c.Catalog.Service(ctx, "web", "v2", o)
	equal(t, "instances with another tag", len(instances), 0, err)
	node, _, err := c.Catalog.Node(ctx, "n1", o)
	equal(t, "port", node.Services["web"].Port, 80, err)
	node, _, err = c.Catalog.Node(ctx, "nobody", o)
	equal(t, "no node", node, (*api.NodeServices)(nil), err)

	entries, _, err := c.Health.Service(ctx, "web", "", false, o)
	equal(t, "entries", entries[0].Checks[0].Status, "warning", err)
	entries, _, err = c.Health.Service(ctx, "web", "", true, o)
	equal(t, "passing entries", len(entries), 0, err)
	for what, list := range map[string]func() ([]api.Check, client.QueryMeta, error){
		"node":   func() ([]api.Check, client.QueryMeta, error) { return c.Health.Node(ctx, "n1", o) },
		"checks": func() ([]api.Check, client.QueryMeta, error) { return c.Health.Checks(ctx, "web", o) },
		"state":  func() ([]api.Check, client.QueryMeta, error) { return c.Health.State(ctx, "warning", o) },
	} {
		checks, _, err := list()
		equal(t, what, len(checks), 1, err)
	}
	if err := c.Catalog.Deregister(ctx, api.CatalogDeregistration{Node: "n1"}); err != nil {
		t.Fatal(err)
	}
	nodes, _, err = c.Catalog.Nodes(ctx, o)
	equal(t, "nodes after", len(nodes), 0, err)
}

// What a client sends is what the agent is asked for.
func TestTheAgentIsAskedForWhatTheCallerSays(t *testing.T) {
	c, _, agent := connect(t)
	ctx := t.Context()
	minute := api.Duration(time.Minute)
	for _, err := range []error{
		c.Agent.Join(ctx, "10.0.0.2:8301", true),
		c.Agent.ForceLeave(ctx, "web1", true),
		c.Agent.Reload(ctx),
		c.Agent.RegisterService(ctx, api.ServiceDefinition{Name: "web", Checks: []api.CheckDefinition{{Schedule: api.Schedule{TTL: minute}}}}),
		c.Agent.RegisterCheck(ctx, api.CheckDefinition{Name: "mem", Probe: api.Probe{HTTP: "http://x"}, Schedule: api.Schedule{Interval: minute}}),
		c.Agent.UpdateTTL(ctx, "service:web", "passing", "well"),
		c.Agent.Maintenance(ctx, "", true, "new disks"),
		c.Agent.Maintenance(ctx, "web", false, "done"),
		c.Agent.DeregisterCheck(ctx, "mem"),
		c.Agent.DeregisterService(ctx, "web"),
		c.Agent.Leave(ctx),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{
		`join 10.0.0.2:8301 wan=true`,
		`force-leave web1 prune=true`,
		`reload`,
		`register service replace=false {"Name":"web","Checks":[{"TTL":"1m0s"}]}`,
		`register check {"Name":"mem","HTTP":"http://x","Interval":"1m0s"}`,
		`update service:web passing 4 bytes: "well"`,
		`maintenance "" on=true "new disks"`,
		`maintenance "web" on=false "done"`,
		`deregister check mem`,
		`deregister service web`,
		`leave`,
	}
	equal(t, "calls", agent.Took(), want, nil)
	self, err := c.Agent.Self(ctx)
	equal(t, "self", self.Config.NodeName, "n1", err)
	members, err := c.Agent.Members(ctx, false)
	equal(t, "status", members[1].Status.String(), "failed", err)
	services, err := c.Agent.Services(ctx)
	equal(t, "services", len(services), 0, err)
	checks, err := c.Agent.Checks(ctx)
	equal(t, "checks", checks["mem"].Status, "critical", err)
	leader, err := c.Status.Leader(ctx)
	equal(t, "leader", leader, "10.0.0.1:8300", err)
	peers, err := c.Status.Peers(ctx)
	equal(t, "peers", len(peers), 3, err)
}

func TestAnErrorHasItsStatusAndText(t *testing.T) {
	c, store, _ := connect(t)
	store.Fail = server.ErrNoLeader
	_, _, err := c.KV.Get(t.Context(), "a", client.QueryOptions{})
	var e *client.Error
	if !errors.As(err, &e) || e.Status != http.StatusInternalServerError || e.Message != "No cluster leader" {
		t.Fatalf("got %v", err)
	}
	equal(t, "text", err.Error(), "GET /v1/kv/a: 500 No cluster leader", nil)
	if err := c.Agent.DeregisterService(t.Context(), "nothing"); !client.IsMissing(err) {
		t.Errorf("got %v, want an answer of 404", err)
	}
	err = c.KV.Put(t.Context(), "a", make([]byte, kv.MaxValue+1), 0)
	if err == nil {
		t.Error("a value over the limit was taken")
	}
}

// An answer that is not an agent's is an error, not a value.
func TestStrangeAnswersAreErrors(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("<html>"))
	}))
	defer srv.Close()
	c, err := client.New(client.Config{Address: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.KV.Get(t.Context(), "a", client.QueryOptions{}); err == nil || !strings.Contains(err.Error(), "decode") {
		t.Errorf("get: %v", err)
	}
	if err := c.KV.Put(t.Context(), "a", nil, 0); err == nil || !strings.Contains(err.Error(), "expected true or false") {
		t.Errorf("put: %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	c, _, _ := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Status.Leader(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}
