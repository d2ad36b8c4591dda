package main

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// conf is a configuration folder as people wrote it in 2014.
func conf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var confOf2014 = map[string]string{
	"mysql.json": `{"service": {"name": "mysql",  "tags": ["mysql", "db"],  "port": 3306}}`,
	"ping.json":  `{"check": {"name": "ping",  "script": "ping -c1 google.com >/dev/null",  "interval": "30s"}}`,
	"web.json":   `{"service": {"name": "web",  "tags": ["rails"],  "port": 80,  "check": {"script": "curl localhost:80 >/dev/null 2>&1",  "interval": "30s"}}}`,
}

// pair starts the walkthrough's server and client.
func pair(t *testing.T, more ...string) (server, client *process, dir string) {
	t.Helper()
	ips := loopback(t, 2)
	dir = conf(t, confOf2014)
	server = start(t, ips[0], "-server", "-bootstrap", "-client="+ips[0], "-dc=local", "-node=con", "-data-dir="+t.TempDir(), "-bind="+ips[0]).ready()
	client = start(t, ips[1], append([]string{"-dc=local", "-node=consul2", "-data-dir=" + t.TempDir(), "-bind=" + ips[1], "-client=" + ips[1],
		"-join=" + ips[0], "-config-dir=" + dir}, more...)...).ready()
	return server, client, dir
}

func TestWalkthroughMembersAndNodes(t *testing.T) {
	server, client, _ := pair(t)
	for _, p := range []*process{server, client} {
		eventually(t, 10*time.Second, func() string {
			nodes := get[[]struct{ Node, Address string }](p, "/v1/catalog/nodes")
			if len(nodes) != 2 || nodes[0].Node != "con" || nodes[0].Address != server.ip || nodes[1].Node != "consul2" || nodes[1].Address != client.ip {
				return fmt.Sprintf("both nodes with their addresses in %v", nodes)
			}
			return ""
		})
	}
	for _, flag := range []string{"-http-addr=" + server.ip + ":8500", "-rpc-addr=" + server.ip + ":8400", "--http-addr=" + client.ip + ":8500"} {
		out, stderr, code := cli(t, "members", flag)
		if code != 0 || !strings.Contains(out, "consul2") || !strings.Contains(out, server.ip+":8301") || strings.Count(out, "alive") != 2 {
			t.Errorf("praetor members %s: exit %d\n%s%s", flag, code, out, stderr)
		}
	}
}

func TestWalkthroughDNSOfNodes(t *testing.T) {
	server, _, _ := pair(t)
	for _, name := range []string{"con.node.local.consul", "con.node.consul", "CON.Node.Consul"} {
		for _, qtype := range []uint16{dns.TypeA, dns.TypeANY} {
			eventually(t, 5*time.Second, func() string {
				r := server.dig(name, qtype)
				if len(r.Answer) == 0 || !strings.Contains(r.Answer[0].String(), server.ip) {
					return fmt.Sprintf("%s %s: no address in %v", name, dns.TypeToString[qtype], r)
				}
				return ""
			})
		}
	}
	r := server.dig("nowhere.node.consul", dns.TypeA)
	if r.Rcode != dns.RcodeNameError || len(r.Ns) != 1 || r.Ns[0].Header().Rrtype != dns.TypeSOA {
		t.Errorf("a name that is not known: want NXDOMAIN with SOA, got %v", r)
	}
}

// kvEntry is what the KV answers.
type kvEntry struct {
	Key         string
	Value       []byte
	CreateIndex uint64
	ModifyIndex uint64
	Flags       uint64
}

func TestWalkthroughKeyValue(t *testing.T) {
	server, client, _ := pair(t)
	const path = "/v1/kv/namespaces/keyname"
	if a := server.must(404, "GET", path, ""); a.body != "" || a.header.Get("X-Consul-Index") == "" {
		t.Errorf("missing key: want an empty body and an index, got %q %v", a.body, a.header)
	}
	if a := server.must(200, "PUT", path, "first object"); strings.TrimSpace(a.body) != "true" {
		t.Errorf("put: %s", a.body)
	}
	if a := server.must(200, "PUT", path+"?cas=97", "first object"); strings.TrimSpace(a.body) != "false" {
		t.Errorf("put with a wrong cas: %s", a.body)
	}
	for _, p := range []*process{server, client} {
		for _, q := range []string{path, "/v1/kv/namespaces/?recurse"} {
			got := get[[]kvEntry](p, q)
			if len(got) != 1 || got[0].Key != "namespaces/keyname" || string(got[0].Value) != "first object" || got[0].ModifyIndex == 0 {
				t.Errorf("GET %s at %s: %+v", q, p.ip, got)
			}
		}
	}
	modify := get[[]kvEntry](server, path)[0].ModifyIndex
	for _, p := range []*process{server, client} { // a write wakes who waits for it
		type result struct {
			a   answer
			err error
		}
		c := make(chan result, 1)
		go func() {
			a, err := p.do("GET", fmt.Sprintf("%s?index=%d&wait=20s", path, modify), "")
			c <- result{a, err}
		}()
		waitForWaiter(t, p)
		server.must(200, "PUT", path, "object for "+url.QueryEscape(p.ip))
		r := <-c
		var got []kvEntry
		if r.err != nil || json.Unmarshal([]byte(r.a.body), &got) != nil || len(got) != 1 || got[0].ModifyIndex <= modify {
			t.Fatalf("blocking query at %s: %v %+v", p.ip, r.err, r.a)
		}
		modify = got[0].ModifyIndex
	}
	began := time.Now() // nothing happens: the answer comes when the wait is over
	a := client.must(200, "GET", fmt.Sprintf("%s?index=%d&wait=1s", path, modify), "")
	if d := time.Since(began); d < time.Second || a.header.Get("X-Consul-Index") != fmt.Sprint(modify) {
		t.Errorf("query without a change: after %v, index %s; want 1 s and %d", d, a.header.Get("X-Consul-Index"), modify)
	}
	server.must(200, "DELETE", path, "")
	client.must(404, "GET", path, "")
}

// waitForWaiter waits until the agent, or the server that it forwards to, has
// a blocking query that waits. An agent that forwards has no number of its own;
// there the write may come first, which the query must survive just as well.
func waitForWaiter(t *testing.T, p *process) {
	t.Helper()
	if a := p.must(200, "GET", "/v1/agent/self", ""); !strings.Contains(a.body, `"Server":true`) {
		return
	}
	eventually(t, 5*time.Second, func() string {
		a := p.must(200, "GET", "/v1/agent/metrics?format=prometheus", "")
		if !strings.Contains(a.body, "consul_http_blocking_queries 1") {
			return "no query waits:\n" + a.body
		}
		return ""
	})
}

func TestWalkthroughServicesAndChecks(t *testing.T) {
	server, client, dir := pair(t, "-enable-local-script-checks")
	eventually(t, 20*time.Second, func() string { // curl and ping fail: there is nothing on port 80, and no way out
		critical := get[[]struct{ CheckID, ServiceName, Node string }](server, "/v1/health/state/critical")
		if len(critical) != 2 {
			return fmt.Sprintf("two critical checks in %v", critical)
		}
		return ""
	})
	for _, name := range []string{"web", "mysql"} { // ping is a check of the node: it counts for all on it
		if r := server.dig(name+".service.consul", dns.TypeA); len(r.Answer) != 0 {
			t.Errorf("%s is critical and yet answered: %v", name, r)
		}
	}
	os.WriteFile(filepath.Join(dir, "ping.json"), []byte(`{"check": {"name": "ping", "script": "true", "interval": "1s"}}`), 0o644)
	client.signal(syscall.SIGHUP)
	eventually(t, 10*time.Second, func() string {
		r := server.dig("mysql.service.consul", dns.TypeSRV)
		if len(r.Answer) != 1 || r.Answer[0].(*dns.SRV).Port != 3306 || len(r.Extra) == 0 {
			return fmt.Sprintf("SRV of mysql: %v", r)
		}
		return ""
	})
	if r := client.dig("db.mysql.service.consul", dns.TypeSRV); len(r.Answer) != 1 {
		t.Errorf("SRV of mysql by its tag: %v", r)
	}
	if r := client.dig("slave.mysql.service.consul", dns.TypeSRV); len(r.Answer) != 0 {
		t.Errorf("SRV of mysql by a tag that it has not: %v", r)
	}
	for _, p := range []*process{server, client} {
		got := get[[]struct {
			Node, Address, ServiceName string
			ServicePort                int
			ServiceTags                []string
		}](p, "/v1/catalog/service/mysql")
		if len(got) != 1 || got[0].Node != "consul2" || got[0].Address != client.ip || got[0].ServicePort != 3306 || fmt.Sprint(got[0].ServiceTags) != "[mysql db]" {
			t.Errorf("catalog/service/mysql at %s: %+v", p.ip, got)
		}
	}
	if r := server.dig("web.service.consul", dns.TypeA); len(r.Answer) != 0 {
		t.Errorf("web is critical and yet answered: %v", r)
	}

	// A definition that is added appears on SIGHUP, one that changes follows.
	os.WriteFile(filepath.Join(dir, "redis.json"), []byte(`{"service": {"name": "redis", "port": 6379}}`), 0o644)
	os.WriteFile(filepath.Join(dir, "web.json"), []byte(`{"service": {"name": "web", "port": 80, "check": {"script": "true", "interval": "1s"}}}`), 0o644)
	client.signal(syscall.SIGHUP)
	eventually(t, 10*time.Second, func() string {
		if r := server.dig("redis.service.consul", dns.TypeSRV); len(r.Answer) != 1 {
			return fmt.Sprintf("SRV of redis: %v", r)
		}
		if r := server.dig("web.service.consul", dns.TypeA); len(r.Answer) != 1 {
			return fmt.Sprintf("web passes and is not answered: %v", r)
		}
		return ""
	})
	os.Remove(filepath.Join(dir, "redis.json"))
	client.signal(syscall.SIGHUP)
	eventually(t, 10*time.Second, func() string {
		if r := server.dig("redis.service.consul", dns.TypeSRV); r.Rcode != dns.RcodeNameError {
			return fmt.Sprintf("redis was removed and is still answered: %v", r)
		}
		return ""
	})
}

func TestScriptChecksAreOffUnlessAskedFor(t *testing.T) {
	server, _, _ := pair(t)
	eventually(t, 10*time.Second, func() string {
		for _, c := range get[[]struct{ CheckID, Output string }](server, "/v1/health/state/critical") {
			if strings.Contains(c.Output, "-enable-local-script-checks") {
				return ""
			}
		}
		return "no check says how to enable scripts"
	})
	eventually(t, 10*time.Second, func() string { // the node's ping does not run either, and takes nothing out
		if r := server.dig("mysql.service.consul", dns.TypeSRV); len(r.Answer) != 1 {
			return fmt.Sprintf("SRV of mysql: %v", r)
		}
		return ""
	})
	if r := server.dig("web.service.consul", dns.TypeA); len(r.Answer) != 0 {
		t.Errorf("web's check does not run and yet it is answered: %v", r)
	}
}

func TestClientThatIsInterruptedLeaves(t *testing.T) {
	server, client, _ := pair(t)
	eventually(t, 10*time.Second, func() string {
		if n := get[[]struct{ Node string }](server, "/v1/catalog/nodes"); len(n) != 2 {
			return fmt.Sprintf("two nodes in %v", n)
		}
		return ""
	})
	client.signal(syscall.SIGINT)
	if code := client.exit(15 * time.Second); code != 0 {
		t.Errorf("exit code %d", code)
	}
	eventually(t, 10*time.Second, func() string {
		if n := get[[]struct{ Node string }](server, "/v1/catalog/nodes"); len(n) != 1 {
			return fmt.Sprintf("the client left, but the catalog has %v", n)
		}
		return ""
	})
}

func TestDevAgentServesWithinASecond(t *testing.T) {
	ip := loopback(t, 1)[0]
	began := time.Now()
	p := start(t, ip, "-dev", "-bind="+ip, "-client="+ip)
	eventually(t, 10*time.Second, func() string {
		if a, err := p.do("PUT", "/v1/kv/first", "x"); err != nil || a.status != 200 {
			return fmt.Sprint(err, a)
		}
		return ""
	})
	t.Logf("first write accepted after %v", time.Since(began).Round(time.Millisecond))
	eventually(t, 5*time.Second, func() string {
		if r := p.dig("consul.service.consul", dns.TypeA); len(r.Answer) != 1 {
			return fmt.Sprintf("consul.service.consul: %v", r)
		}
		return ""
	})
}
