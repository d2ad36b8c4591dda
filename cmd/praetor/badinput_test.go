package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// Bad input gets a clear error that says what to do, and changes nothing.

func dev(t *testing.T, more ...string) *process {
	t.Helper()
	ip := loopback(t, 1)[0]
	return start(t, ip, append([]string{"-dev", "-node=dev", "-bind=" + ip, "-client=" + ip}, more...)...).ready()
}

func TestBadRequests(t *testing.T) {
	p := dev(t)
	p.must(200, "PUT", "/v1/kv/there", "x")
	before := p.must(200, "GET", "/v1/kv/there", "").header.Get("X-Consul-Index")
	for _, tc := range []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"PUT", "/v1/kv/big", strings.Repeat("v", 512*1024+1), 413, "524288"},
		{"PUT", "/v1/kv/there?cas=abc", "y", 400, "cas"},
		{"PUT", "/v1/kv/there?cas=-1", "y", 400, "cas"},
		{"PUT", "/v1/kv/there?flags=x", "y", 400, "flags"},
		{"DELETE", "/v1/kv/there?cas=x", "", 400, "cas"},
		{"GET", "/v1/kv/there?index=abc", "", 400, "index"},
		{"GET", "/v1/kv/there?index=1&wait=abc", "", 400, "wait"},
		{"GET", "/v1/kv/there?stale&consistent", "", 400, "consistent"},
		{"GET", "/v1/catalog/nodes?index=x", "", 400, "index"},
		{"GET", "/v1/catalog/nodes?dc=nowhere", "", 500, "No path to datacenter"},
		{"POST", "/v1/kv/there", "y", 405, "POST"},
		{"PATCH", "/v1/catalog/nodes", "", 405, "PATCH"},
		{"GET", "/v1/nothing", "", 404, "/v1/nothing"},
		{"GET", "/v1/kv/absent", "", 404, ""},
		{"PUT", "/v1/catalog/register", "{", 400, "JSON"},
		{"PUT", "/v1/catalog/register", "{}", 400, "Node"},
		{"PUT", "/v1/agent/service/register", `{"Name": 5}`, 400, "Name"},
		{"PUT", "/v1/agent/service/deregister/none", "", 404, "none"},
		{"PUT", "/v1/agent/check/pass/none", "", 404, "none"},
	} {
		a := p.must(tc.status, tc.method, tc.path, tc.body)
		if !strings.Contains(strings.ToLower(a.body), strings.ToLower(tc.says)) {
			t.Errorf("%s %s: %q does not say %q", tc.method, tc.path, a.body, tc.says)
		}
		switch {
		case tc.status == 405 && a.header.Get("Allow") == "":
			t.Errorf("%s %s: 405 without Allow", tc.method, tc.path)
		case tc.path == "/v1/kv/absent" && (a.body != "" || a.header.Get("X-Consul-Index") == ""):
			t.Errorf("missing key: body %q, index %q", a.body, a.header.Get("X-Consul-Index"))
		}
	}
	after := p.must(200, "GET", "/v1/kv/there", "")
	if after.header.Get("X-Consul-Index") != before {
		t.Errorf("a refused request changed something: index %s, before %s", after.header.Get("X-Consul-Index"), before)
	}
}

// TestRefusesToStart collects what keeps an agent from starting.
func TestRefusesToStart(t *testing.T) {
	p := dev(t)
	file := func(body string) string {
		return filepath.Join(conf(t, map[string]string{"c.json": body}), "c.json")
	}
	taken := t.TempDir()
	ips := loopback(t, 2)
	holder := start(t, ips[0], "-server", "-bootstrap", "-node=holder", "-bind="+ips[0], "-client="+ips[0], "-data-dir="+taken).ready()
	second := []string{"-server", "-node=second", "-bind=" + ips[1], "-client=" + ips[1]}
	for _, tc := range []struct {
		name string
		args []string
		says []string
	}{
		{"broken JSON", []string{"-dev", "-config-file=" + file("{\n  \"server\": true,\n  \"ports\": {,}\n}")}, []string{"c.json", "3", "13"}},
		{"unknown key", []string{"-dev", "-config-file=" + file(`{"datacentre": "x"}`)}, []string{"datacentre", "c.json", "datacenter"}},
		{"unknown flag", []string{"-dev", "-nonsense"}, []string{"nonsense"}},
		{"no data directory", []string{"-server", "-bind=" + ips[1]}, []string{"data", "-dev"}},
		{"port in use", []string{"-dev", "-bind=" + p.ip, "-client=" + p.ip}, []string{p.ip, "in use", "-serf-lan-port"}},
		{"HTTP port in use", []string{"-dev", "-bind=" + ips[1], "-client=" + p.ip}, []string{p.ip + ":8500", "in use", "-http-port"}},
		{"data directory in use", append(second, "-data-dir="+taken), []string{taken, "in use by another process"}},
		{"second bootstrap", append(second, "-bootstrap", "-data-dir="+t.TempDir(), "-join="+holder.ip), []string{"holder", "without -bootstrap"}},
		{"two nodes of one name", []string{"-node=holder", "-bind=" + ips[1], "-client=" + ips[1], "-data-dir=" + t.TempDir(), "-join=" + holder.ip},
			[]string{"holder", holder.ip, "-node"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			q := start(t, ips[1], tc.args...)
			if code := q.exit(15 * time.Second); code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			for _, s := range tc.says {
				if !strings.Contains(q.out.String(), s) {
					t.Errorf("the refusal does not say %q:\n%s", s, q.out)
				}
			}
		})
	}
	holder.must(200, "PUT", "/v1/kv/still", "here")
}

func TestCommandWithNoAgentToTalkTo(t *testing.T) {
	ip := loopback(t, 1)[0]
	for _, args := range [][]string{{"members"}, {"kv", "get", "a"}, {"info"}, {"catalog", "nodes"}, {"join", "127.0.0.1"}, {"leave"}} {
		at := 1
		if args[0] == "kv" || args[0] == "catalog" {
			at = 2
		}
		full := append(append(append([]string{}, args[:at]...), "-http-addr="+ip+":8500"), args[at:]...)
		out, stderr, code := cli(t, full...)
		if code != 1 || !strings.Contains(stderr, ip+":8500") || !strings.Contains(stderr, "-http-addr") {
			t.Errorf("praetor %v: exit %d\n%s%s", full, code, out, stderr)
		}
	}
}

// TestGarbageOnEveryPort throws random bytes at all ports, and then asks
// whether anybody is hurt.
func TestGarbageOnEveryPort(t *testing.T) {
	p := dev(t)
	p.must(200, "PUT", "/v1/kv/a", "b")
	garbage := func(n int) []byte { b := make([]byte, n); rand.Read(b); return b }
	for _, port := range []int{8300, 8301, 8500, 8600} {
		addr := net.JoinHostPort(p.ip, strconv.Itoa(port))
		for _, size := range []int{1, 2, 100, 5000} {
			for _, first := range []string{"", "P", "H", "\x00\x00\x00\x10", "\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"} {
				c, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				c.Write(append([]byte(first), garbage(size)...))
				c.Close()
			}
		}
	}
	for _, port := range []int{8301, 8600} {
		c, err := net.Dial("udp", net.JoinHostPort(p.ip, strconv.Itoa(port)))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 500 {
			c.Write(garbage(1 + i*3))
		}
		c.Close()
	}
	if a := p.must(200, "GET", "/v1/kv/a?raw", ""); a.body != "b" {
		t.Errorf("kv: %q", a.body)
	}
	if r := p.dig("dev.node.consul", dns.TypeA); len(r.Answer) != 1 {
		t.Errorf("dns: %v", r)
	}
	if ms := get[[]struct{ Name string }](p, "/v1/agent/members"); len(ms) != 1 {
		t.Errorf("members: %v", ms)
	}
	if strings.Contains(p.out.String(), "panic") {
		t.Error("something panicked")
	}
}

func TestValidate(t *testing.T) {
	good := conf(t, confOf2014)
	if out, stderr, code := cli(t, "validate", good); code != 0 {
		t.Errorf("validate %v: exit %d\n%s%s", confOf2014, code, out, stderr)
	}
	bad := conf(t, map[string]string{"a.json": "{\"service\": {\"name\": 5}}"})
	if out, stderr, code := cli(t, "validate", bad); code != 1 || !strings.Contains(out+stderr, "a.json") {
		t.Errorf("validate of a bad file: exit %d\n%s%s", code, out, stderr)
	}
}

func TestHelpTeaches(t *testing.T) {
	out, _, code := cli(t, "-h")
	if code != 0 {
		t.Errorf("praetor -h: exit %d", code)
	}
	for _, c := range []string{"agent", "members", "join", "leave", "kv get", "kv put", "kv delete", "catalog nodes", "catalog services", "info", "version", "validate"} {
		first, _, _ := strings.Cut(c, " ")
		if !strings.Contains(out, first) {
			t.Errorf("praetor -h does not name %s", first)
		}
		help, stderr, code := cli(t, append(strings.Fields(c), "-h")...)
		if code != 0 || !strings.Contains(help, "Usage: praetor "+c) || len(help) < 80 {
			t.Errorf("praetor %s -h: exit %d\n%s%s", c, code, help, stderr)
		}
	}
	if out, stderr, code := cli(t, "membres"); code != 127 || !strings.Contains(out+stderr, "members") {
		t.Errorf("praetor membres: exit %d\n%s%s", code, out, stderr)
	}
}

// TestFullDisk lets the log run into the end of a small file system, if this
// process may make one.
func TestFullDisk(t *testing.T) {
	dir := smallDisk(t, "40m")
	ip := loopback(t, 1)[0]
	p := start(t, ip, "-server", "-bootstrap", "-node=full", "-bind="+ip, "-client="+ip, "-data-dir="+dir).ready()
	value := strings.Repeat("v", 400*1024)
	acked := 0
	for range 200 {
		a, err := p.do("PUT", fmt.Sprintf("/v1/kv/full/%03d", acked), value)
		if err != nil || a.status != 200 {
			break
		}
		acked++
	}
	if acked == 0 || acked == 200 {
		t.Fatalf("%d writes of 400 KiB were acknowledged on 40 MiB", acked)
	}
	if code := p.exit(10 * time.Second); code != 1 || !strings.Contains(p.out.String(), "no space left") {
		t.Errorf("exit %d; the log does not say that the disk is full:\n%s", code, p.out)
	}
	grow(t, dir, "400m")
	p.run()
	p.ready()
	if keys := get[[]string](p, "/v1/kv/full/?keys"); len(keys) < acked {
		t.Errorf("%d of %d acknowledged writes are there", len(keys), acked)
	}
	if got := p.must(200, "GET", fmt.Sprintf("/v1/kv/full/%03d?raw", acked-1), ""); !bytes.Equal([]byte(got.body), []byte(value)) {
		t.Error("the last acknowledged value is not what was written")
	}
}
