package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"praetor/api"
)

// What users see of gossip: members, force-leave and events, on three servers
// and a client.

// serverNames are the servers of a cluster of three.
var serverNames = []string{"s1", "s2", "s3"}

// names returns the members with a status, by name.
func names(p *process, query string, status api.MemberStatus) (list []string) {
	p.t.Helper()
	for _, m := range get[[]api.Member](p, "/v1/agent/members"+query) {
		if m.Status == status {
			list = append(list, m.Name)
		}
	}
	return list
}

// lists waits until the agent lists just these members in a status.
func (p *process) lists(within time.Duration, query string, status api.MemberStatus, want ...string) {
	p.t.Helper()
	eventually(p.t, within, func() string {
		if got := names(p, query, status); !slices.Equal(got, want) {
			return fmt.Sprintf("%s sees %v as %v, want %v", p.ip, got, status, want)
		}
		return ""
	})
}

func TestMembersShowWhoIsThere(t *testing.T) {
	ps := cluster(t, 3)
	client := clientOf(t, ps[0].ip).ready()
	all := names(ps[0], "", api.MemberAlive)
	eventually(t, 10*time.Second, func() string {
		all = names(ps[0], "", api.MemberAlive)
		if len(all) != 4 {
			return fmt.Sprint(all)
		}
		return ""
	})
	client.lists(10*time.Second, "", api.MemberAlive, all...)

	out, _, code := cli(t, "members", "-http-addr="+client.ip+":8500", "-detailed")
	for _, want := range []string{"role=consul", "role=node", "dc=dc1", "port=8300", "build=", "id="} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("members -detailed: exit %d, no %s in\n%s", code, want, out)
		}
	}
	out, _, code = cli(t, "members", "-http-addr="+client.ip+":8500", "-status=^alive$")
	if code != 0 || strings.Count(out, "\n") != 5 || !strings.Contains(out, client.ip+":8301") {
		t.Errorf("members -status=^alive$: exit %d\n%s", code, out)
	}
	if _, _, code := cli(t, "members", "-http-addr="+client.ip+":8500", "-status=failed"); code != 2 {
		t.Errorf("members -status=failed: exit %d, want 2: nothing matches", code)
	}
	var raw []map[string]any
	if err := json.Unmarshal([]byte(client.must(200, "GET", "/v1/agent/members", "").body), &raw); err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"Name", "Addr", "Port", "Tags", "Status", "ProtocolMin", "ProtocolMax", "ProtocolCur", "DelegateMin", "DelegateMax", "DelegateCur"} {
		if _, ok := raw[0][field]; !ok {
			t.Errorf("no %s in %v", field, raw[0])
		}
	}
	// A client is in no pool between datacenters, and says so as Consul does.
	if a := client.must(200, "GET", "/v1/agent/members?wan=1", ""); strings.TrimSpace(a.body) != "[]" {
		t.Errorf("WAN members of a client: %s", a.body)
	}
}

func TestForceLeaveAndPrune(t *testing.T) {
	ps := cluster(t, 3)
	client := clientOf(t, ps[0].ip).ready()
	forceLeave := func(args ...string) (string, int) {
		_, stderr, code := cli(t, append([]string{"force-leave", "-http-addr=" + ps[1].ip + ":8500"}, args...)...)
		return stderr, code
	}
	eventually(t, 10*time.Second, func() string {
		if a, _ := ps[1].do("GET", "/v1/catalog/node/client", ""); !strings.Contains(a.body, `"client"`) {
			return "the client is not in the catalog"
		}
		return ""
	})
	ps[1].lists(10*time.Second, "", api.MemberAlive, append([]string{"client"}, serverNames...)...)
	if text, code := forceLeave("nobody"); code != 1 || !strings.Contains(text, "no member") {
		t.Errorf("force-leave nobody: exit %d, %s", code, text)
	}
	if text, code := forceLeave("client"); code != 1 || !strings.Contains(text, "alive") {
		t.Errorf("force-leave of a live member: exit %d, %s", code, text)
	}
	client.kill()
	ps[1].lists(30*time.Second, "", api.MemberFailed, "client")
	if text, code := forceLeave("client"); code != 0 {
		t.Fatalf("force-leave: exit %d, %s", code, text)
	}
	for _, p := range ps {
		p.lists(10*time.Second, "", api.MemberLeft, "client")
	}
	eventually(t, 10*time.Second, func() string {
		if a, _ := ps[1].do("GET", "/v1/catalog/node/client", ""); strings.TrimSpace(a.body) != "null" {
			return "the client is in the catalog still: " + a.body
		}
		return ""
	})
	if text, code := forceLeave("-prune", "client"); code != 0 {
		t.Fatalf("force-leave -prune: exit %d, %s", code, text)
	}
	for _, p := range ps {
		p.lists(10*time.Second, "", api.MemberLeft)
	}
	if text, code := forceLeave("client"); code != 1 || !strings.Contains(text, "no member") {
		t.Errorf("force-leave of one that was pruned: exit %d, %s", code, text)
	}
	client.run() // who was pruned may come back
	ps[2].lists(15*time.Second, "", api.MemberAlive, append([]string{"client"}, serverNames...)...)
}

func TestEventsReachThoseTheyAreFor(t *testing.T) {
	ps := cluster(t, 3)
	client := clientOf(t, ps[0].ip).ready()
	client.must(200, "PUT", "/v1/agent/service/register", `{"Name": "web", "Tags": ["v2"]}`)
	fire := func(args ...string) string {
		out, stderr, code := cli(t, append([]string{"event", "-http-addr=" + ps[2].ip + ":8500"}, args...)...)
		id, ok := strings.CutPrefix(out, "Event ID: ")
		if code != 0 || !ok {
			t.Fatalf("event %v: exit %d %s%s", args, code, out, stderr)
		}
		return strings.TrimSpace(id)
	}
	received := func(p *process, name string) []api.UserEvent {
		return get[[]api.UserEvent](p, "/v1/event/list?name="+name)
	}
	eventually(t, 10*time.Second, func() string {
		if got := names(ps[2], "", api.MemberAlive); len(got) != 4 {
			return fmt.Sprint(got)
		}
		return ""
	})
	forWeb := fire("-name=deploy", "-service=^web$", "-tag=v2", "1609030")
	forAll := fire("-name=all")
	for _, p := range append(slices.Clone(ps), client) {
		eventually(t, 5*time.Second, func() string {
			if e := received(p, "all"); len(e) != 1 || e[0].ID != forAll || e[0].Version != 1 || e[0].LTime == 0 {
				return fmt.Sprintf("%s received %v", p.ip, e)
			}
			return ""
		})
		e := received(p, "deploy") // it was fired first
		switch {
		case p != client && len(e) > 0:
			t.Errorf("%s, which has no such service, received %v", p.ip, e)
		case p == client && (len(e) != 1 || e[0].ID != forWeb || string(e[0].Payload) != "1609030" || e[0].TagFilter != "v2"):
			t.Errorf("the client received %v", e)
		}
	}
	// A watch: the list at its index, and the next one.
	index := client.must(200, "GET", "/v1/event/list", "").header.Get("X-Consul-Index")
	next := make(chan answer)
	go func() {
		a, _ := client.do("GET", "/v1/event/list?wait=15s&index="+index, "")
		next <- a
	}()
	last := fire("-name=last", "-node=^client$")
	if a := <-next; a.status != http.StatusOK || !strings.Contains(a.body, last) {
		t.Errorf("the watch ended with %d %s, without event %s", a.status, a.body, last)
	}
	if _, stderr, code := cli(t, "event", "-http-addr="+client.ip+":8500", "-name=big", strings.Repeat("x", 513)); code != 1 || !strings.Contains(stderr, "512") {
		t.Errorf("a payload of 513 bytes: exit %d, %s", code, stderr)
	}
	if _, stderr, code := cli(t, "event", "-http-addr="+client.ip+":8500"); code != 1 || !strings.Contains(stderr, "-name") {
		t.Errorf("no name: exit %d, %s", code, stderr)
	}
}

// Servers of two datacenters see each other in the WAN pool, and only there. A
// cluster's own pool never takes in an agent of another.
func TestServersOfTwoDatacentersShareTheWANPool(t *testing.T) {
	ips := loopback(t, 2)
	server := func(i int, dc string, more ...string) *process {
		return start(t, ips[i], append([]string{"-server", "-bootstrap", "-node=s", "-dc=" + dc, "-bind=" + ips[i], "-client=" + ips[i], "-data-dir=" + t.TempDir()}, more...)...)
	}
	east := server(0, "east").ready()
	west := server(1, "west", "-retry-join-wan="+ips[0]).ready()
	for _, p := range []*process{east, west} {
		p.lists(15*time.Second, "?wan=1", api.MemberAlive, "s.east", "s.west")
		p.lists(time.Second, "", api.MemberAlive, "s")
	}
	out, _, code := cli(t, "members", "-wan", "-http-addr="+west.ip+":8500")
	if code != 0 || !strings.Contains(out, "s.east") || !strings.Contains(out, east.ip+":8302") || !strings.Contains(out, "server") {
		t.Errorf("members -wan: exit %d\n%s", code, out)
	}
	if a, err := west.do("PUT", "/v1/agent/join/"+east.ip, ""); err != nil || a.status == 200 {
		t.Errorf("the LAN pools of two datacenters were joined: %v %+v", err, a)
	}
	west.must(200, "PUT", "/v1/agent/join/"+east.ip+"?wan=1", "")

	// One that is killed and pruned is gone there, too.
	west.kill()
	east.lists(60*time.Second, "?wan=1", api.MemberFailed, "s.west")
	east.must(200, "PUT", "/v1/agent/force-leave/s.west?prune", "")
	east.lists(time.Second, "?wan=1", api.MemberFailed)
	// Its disk remembers whom to join.
	west.args = slices.DeleteFunc(west.args, func(a string) bool { return strings.HasPrefix(a, "-retry-join-wan") })
	west.run()
	east.lists(30*time.Second, "?wan=1", api.MemberAlive, "s.east", "s.west")
}
