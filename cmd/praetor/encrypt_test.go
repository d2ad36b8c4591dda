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

// keyring asks an agent for a change of keys and returns what came out.
func (p *process) keyring(args ...string) (out string, code int) {
	p.t.Helper()
	stdout, stderr, code := cli(p.t, append([]string{"keyring", "-http-addr=" + p.ip + ":8500"}, args...)...)
	return stdout + stderr, code
}

// TestKeysAreRotatedWhileTheClusterRuns: install, use, remove, twice, through
// servers and a client; nobody is ever seen failed, and a restart changes
// nothing.
func TestKeysAreRotatedWhileTheClusterRuns(t *testing.T) {
	t.Parallel()
	old := newKey(t)
	servers := members3(t, "-encrypt="+old)
	ps := append(servers, clientOf(t, servers[0].ip, "-encrypt="+old).ready())
	for _, p := range ps {
		p.sees(4)
	}
	for i := range 2 {
		p, key := ps[(3+i)%4], newKey(t)
		for _, step := range []string{"-install=" + key, "-use=" + key, "-remove=" + old} {
			if out, code := p.keyring(step); code != 0 {
				t.Fatalf("%.10s: %s", step, out)
			}
		}
		out, code := p.keyring("-list")
		if want := fmt.Sprintf("\ndc1 (LAN):\n  %s [4/4], encrypts on 4\n\nWAN:\n  %s [1/1], encrypts on 1\n", key, key); code != 0 || !strings.HasSuffix(out, want) {
			t.Errorf("got %q, want %q at its end", out, want)
		}
		old = key
	}
	kept := func(p *process, file string) {
		t.Helper()
		if b, err := os.ReadFile(filepath.Join(p.dir(), "serf", file)); string(b) != `["`+old+`"]` {
			t.Errorf("%s keeps %q in %s, %v", p.ip, b, file, err)
		}
	}
	for i, p := range ps {
		if kept(p, "local.keyring"); i < 3 {
			kept(p, "remote.keyring") // though the servers have not met in the WAN pool
		}
	}
	ps[2].kill()
	ps[2].run()
	ps[2].ready()
	for _, p := range ps {
		p.sees(4)
		if strings.Contains(p.out.String(), "dropped") {
			t.Errorf("%s dropped gossip:\n%s", p.ip, p.out)
		}
	}
	for _, p := range []*process{ps[0], ps[1], ps[3]} {
		if n := strings.Count(p.out.String(), "member failed"); n > strings.Count(p.out.String(), "member failed\" member=s3") {
			t.Errorf("%s saw somebody fail but the one that was restarted:\n%s", p.ip, p.out)
		}
	}
}

// TestDangerousChangeOfKeysIsRefused: the primary is not removed, a key that is
// not everywhere is not used, and then nothing has changed.
func TestDangerousChangeOfKeysIsRefused(t *testing.T) {
	t.Parallel()
	old, key := newKey(t), newKey(t)
	ps := members3(t, "-encrypt="+old)
	refused := func(p *process, step string, whys ...string) {
		t.Helper()
		out, code := p.keyring(step)
		for _, why := range append(whys, "nothing was changed") {
			if code != 1 || !strings.Contains(out, why) {
				t.Errorf("%.10s: exit %d, no %q in %s", step, code, why, out)
			}
		}
		if strings.Contains(out, step[strings.Index(step, "=")+1:]) {
			t.Errorf("the key is in the error: %s", out)
		}
	}
	refused(ps[0], "-remove="+old, "3/3 nodes", "s2: it is the primary key")
	refused(ps[0], "-use="+key, "3/3 nodes", "s3: the key is not installed")

	// A member that has the old keyring, because it was away.
	if out, code := ps[0].keyring("-install=" + key); code != 0 {
		t.Fatal(out)
	}
	ps[2].kill()
	file := filepath.Join(ps[2].dir(), "serf", "local.keyring")
	if err := os.WriteFile(file, fmt.Appendf(nil, "[%q]", old), 0o600); err != nil {
		t.Fatal(err)
	}
	ps[2].run()
	ps[2].ready().sees(3)
	ps[0].sees(3)
	refused(ps[1], "-use="+key, "1/3 nodes", "s3: the key is not installed")
	for _, step := range []string{"-install=" + key, "-use=" + key, "-remove=" + old} {
		if out, code := ps[1].keyring(step); code != 0 {
			t.Fatalf("%.10s: %s", step, out)
		}
	}
}

// TestNoKeyringWithoutEncryption: and no way to begin with it by accident.
func TestNoKeyringWithoutEncryption(t *testing.T) {
	t.Parallel()
	ip := loopback(t, 1)[0]
	p := start(t, ip, "-dev", "-bind="+ip, "-client="+ip).ready()
	for _, step := range []string{"-list", "-install=" + newKey(t)} {
		if out, code := p.keyring(step); code != 1 || !strings.Contains(out, "gossip is not encrypted in this cluster") {
			t.Errorf("%.10s: exit %d: %s", step, code, out)
		}
	}
}
