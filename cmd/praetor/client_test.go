package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a client agent does when its servers, or its friends, are not there.

func clientOf(t *testing.T, join string, more ...string) *process {
	t.Helper()
	ip := loopback(t, 1)[0]
	return start(t, ip, append([]string{"-node=client", "-bind=" + ip, "-client=" + ip, "-data-dir=" + t.TempDir(), "-retry-join=" + join}, more...)...)
}

// TestClientTurnsToAnotherServer kills each server in turn: one of them is the
// one that the client has its connection to.
func TestClientTurnsToAnotherServer(t *testing.T) {
	ps := cluster(t, 3)
	client := clientOf(t, ps[0].ip).ready()
	for i, p := range ps {
		p.kill()
		eventually(t, 15*time.Second, func() string {
			a, err := client.do("PUT", fmt.Sprintf("/v1/kv/after/%d", i), "x")
			if err != nil || a.status != 200 {
				return fmt.Sprint("a write through the client: ", err, a)
			}
			if strings.Contains(a.body, "closed Body") {
				t.Fatal(a.body)
			}
			return ""
		})
		p.run()
		p.ready()
	}
	for _, p := range ps {
		p.kill()
	}
	began := time.Now()
	a, err := client.do("GET", "/v1/kv/after/0", "")
	if err != nil || a.status != 500 || !strings.Contains(a.body, "No cluster leader") {
		t.Errorf("with all servers dead: %v %+v", err, a)
	}
	if d := time.Since(began); d < 5*time.Second {
		t.Errorf("given up after %v; a restart of the servers takes longer", d)
	}
}

func TestClientThatIsAloneLeavesAtOnce(t *testing.T) {
	ip := loopback(t, 1)[0]
	p := start(t, ip, "-node=lone", "-bind="+ip, "-client="+ip, "-data-dir="+t.TempDir())
	eventually(t, 5*time.Second, func() string {
		if a, err := p.do("GET", "/v1/agent/self", ""); err != nil || a.status != 200 {
			return fmt.Sprint(err, a)
		}
		return ""
	})
	p.signal(syscall.SIGINT)
	if code := p.exit(6 * time.Second); code != 0 || !strings.Contains(p.out.String(), "has left") {
		t.Errorf("exit %d:\n%s", code, p.out)
	}
}

func TestAgentOfAnotherDatacenterIsNoMember(t *testing.T) {
	server := dev(t)
	alien := clientOf(t, server.ip, "-dc=mars")
	eventually(t, 10*time.Second, func() string {
		if !strings.Contains(alien.out.String(), "is it an agent of this datacenter") {
			return "the alien is not told why"
		}
		return ""
	})
	if ms := get[[]struct{ Name string }](server, "/v1/agent/members"); len(ms) != 1 {
		t.Errorf("members: %v", ms)
	}
}

func TestServerKeepsTheIDOfItsLog(t *testing.T) {
	p, dir := lone(t)
	file := filepath.Join(dir, "node-id")
	id, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []func() error{
		func() error { return os.Remove(file) },
		func() error { return os.WriteFile(file, []byte("zz\n"), 0o600) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		p.run()
		if code := p.exit(5 * time.Second); code != 1 || !strings.Contains(p.out.String(), "node-id") {
			t.Errorf("exit %d:\n%s", code, p.out)
		}
	}
	if err := os.WriteFile(file, id, 0o600); err != nil {
		t.Fatal(err)
	}
	p.run()
	p.ready()
}
