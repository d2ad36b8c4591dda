package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"praetor/api"
)

// newKey makes a key with the command.
func newKey(t *testing.T) string {
	t.Helper()
	out, stderr, code := cli(t, "keygen")
	if code != 0 || len(strings.TrimSpace(out)) != 44 {
		t.Fatalf("keygen: %q, %q, %d", out, stderr, code)
	}
	return strings.TrimSpace(out)
}

// members3 starts three servers with the arguments and waits until all of them
// see three.
func members3(t *testing.T, args ...string) []*process {
	t.Helper()
	ps := cluster(t, 3, args...)
	for _, p := range ps {
		p.sees(3)
	}
	return ps
}

// sees waits until the agent sees so many live members and no other.
func (p *process) sees(n int) {
	p.t.Helper()
	eventually(p.t, 15*time.Second, func() string {
		ms := get[[]api.Member](p, "/v1/agent/members")
		for _, m := range ms {
			if m.Status != api.MemberAlive {
				return fmt.Sprintf("%s is %v", m.Name, m.Status)
			}
		}
		if len(ms) != n {
			return fmt.Sprintf("%d members, want %d", len(ms), n)
		}
		return ""
	})
}

// dir returns the agent's data directory.
func (p *process) dir() string {
	for _, a := range p.args {
		if d, ok := strings.CutPrefix(a, "-data-dir="); ok {
			return d
		}
	}
	return ""
}

// TestStrangerCannotJoinAndIsToldWhy: with another key, or with none.
func TestStrangerCannotJoinAndIsToldWhy(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	server := members3(t, "-encrypt="+key)[0]
	if !strings.Contains(server.out.String(), "Encrypted: true") {
		t.Errorf("the banner does not say so:\n%s", server.out)
	}
	for name, args := range map[string][]string{"another-key": {"-encrypt=" + newKey(t)}, "no-key": nil} {
		ip := loopback(t, 1)[0]
		p := start(t, ip, append([]string{"-node=" + name, "-bind=" + ip, "-client=" + ip, "-data-dir=" + t.TempDir(),
			"-retry-join=" + server.ip, "-retry-interval=1s", "-retry-max=2"}, args...)...)
		if code := p.exit(15 * time.Second); code != exitFailed {
			t.Errorf("%s: exit code %d", name, code)
		}
		if !strings.Contains(p.out.String(), "with the same -encrypt key") {
			t.Errorf("%s is not told why:\n%s", name, p.out)
		}
	}
	for _, want := range []string{"another -encrypt key", "takes only what is"} {
		if !strings.Contains(server.out.String(), want) {
			t.Errorf("the server's log has no %q:\n%s", want, server.out)
		}
	}
	server.sees(3)
	if strings.Contains(server.out.String(), key) {
		t.Error("the key is in the server's log")
	}
}

// TestKeyIsKeptForItsOwnerOnly: in Consul's file, and used after a restart
// without the flag.
func TestKeyIsKeptForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	ps := members3(t, "-encrypt="+key)
	file := filepath.Join(ps[1].dir(), "serf", "local.keyring")
	b, err := os.ReadFile(file)
	info, _ := os.Stat(file)
	if err != nil || string(b) != `["`+key+`"]` || info.Mode().Perm() != 0o600 {
		t.Fatalf("%q, %v, %v", b, err, info)
	}
	ps[1].kill()
	for i, a := range ps[1].args {
		if strings.HasPrefix(a, "-encrypt=") {
			ps[1].args[i] = "-log-level=info"
		}
	}
	ps[1].run()
	ps[1].ready()
	for _, p := range ps {
		p.sees(3)
	}
}

// TestClusterInTheClearBecomesEncrypted: the three steps of Consul's guide, one
// agent at a time, and at no time is anybody alone.
func TestClusterInTheClearBecomesEncrypted(t *testing.T) {
	t.Parallel()
	key := newKey(t)
	ps := members3(t)
	for _, step := range []string{
		`{"encrypt": %q, "encrypt_verify_incoming": false, "encrypt_verify_outgoing": false}`,
		`{"encrypt": %q, "encrypt_verify_incoming": false, "encrypt_verify_outgoing": true}`,
		`{"encrypt": %q}`,
	} {
		for _, p := range ps {
			file := filepath.Join(p.dir(), "encrypt.json")
			if err := os.WriteFile(file, fmt.Appendf(nil, step, key), 0o600); err != nil {
				t.Fatal(err)
			}
			p.kill()
			if p.args[len(p.args)-1] != "-config-file="+file {
				p.args = append(p.args, "-config-file="+file)
			}
			p.run()
			p.ready()
			for _, other := range ps {
				other.sees(3)
			}
		}
	}
	for _, p := range ps {
		if !strings.Contains(p.out.String(), "Encrypted: true") {
			t.Errorf("%s is not encrypted at the end", p.ip)
		}
	}
}
