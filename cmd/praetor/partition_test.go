package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lan is a network of hosts, each a network namespace with one cable to a
// switch that can be pulled. The test itself is on the switch, too.
type lan struct {
	t      *testing.T
	prefix string // of the interfaces and namespaces
}

// newLAN makes a network of n hosts, 10.213.B.1 and so on. The test is skipped
// where that is not allowed.
func newLAN(t *testing.T, n int) (*lan, []string) {
	t.Helper()
	id := lastNet.Add(1)
	l := &lan{t: t, prefix: fmt.Sprintf("pt%d-%d", os.Getpid()%10000, id)}
	net := fmt.Sprintf("10.213.%d", 1+(os.Getpid()+int(id))%250)
	if out, err := ip("link", "add", l.prefix, "type", "bridge"); err != nil {
		t.Skipf("cannot make a network: %v: %s", err, out)
	}
	t.Cleanup(func() { ip("link", "del", l.prefix) })
	l.must("addr", "add", net+".254/24", "dev", l.prefix)
	l.must("link", "set", l.prefix, "up")
	ips := make([]string, n)
	for i := range ips {
		host, cable := l.host(i), l.cable(i)
		ips[i] = fmt.Sprintf("%s.%d", net, i+1)
		l.must("netns", "add", host)
		t.Cleanup(func() { ip("netns", "del", host) })
		l.must("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", host)
		l.must("link", "set", cable, "master", l.prefix, "up")
		for _, args := range [][]string{{"addr", "add", ips[i] + "/24", "dev", "eth0"}, {"link", "set", "eth0", "up"}, {"link", "set", "lo", "up"}} {
			l.must(append([]string{"-n", host}, args...)...)
		}
	}
	return l, ips
}

func ip(args ...string) (string, error) {
	out, err := exec.Command("ip", args...).CombinedOutput()
	return string(out), err
}

func (l *lan) must(args ...string) {
	l.t.Helper()
	if out, err := ip(args...); err != nil {
		l.t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

func (l *lan) host(i int) string  { return fmt.Sprintf("%s.%d", l.prefix, i+1) }
func (l *lan) cable(i int) string { return fmt.Sprintf("%s.%d", l.prefix, i+1) }
func (l *lan) pull(i int)         { l.must("link", "set", l.cable(i), "down") }
func (l *lan) plug(i int)         { l.must("link", "set", l.cable(i), "up") }

// clusterOn starts a server on each host.
func clusterOn(t *testing.T, l *lan, ips []string) []*process {
	t.Helper()
	ps := make([]*process, len(ips))
	for i, addr := range ips {
		p := &process{t: t, ip: addr, prefix: []string{"ip", "netns", "exec", l.host(i)}, args: []string{"-server",
			fmt.Sprintf("-bootstrap-expect=%d", len(ips)), fmt.Sprintf("-node=s%d", i+1), "-bind=" + addr, "-client=" + addr,
			"-data-dir=" + t.TempDir(), "-retry-join=" + ips[0], "-retry-join=" + ips[1]}}
		ps[i] = startProcess(t, p)
	}
	for _, p := range ps {
		p.ready()
	}
	return ps
}

// accepted waits until a write is accepted by one of the servers and returns
// how long that took.
func accepted(t *testing.T, ps []*process, key string) time.Duration {
	t.Helper()
	began := time.Now()
	eventually(t, 20*time.Second, func() string {
		for _, p := range ps {
			if a, err := p.doWithin(500*time.Millisecond, "PUT", "/v1/kv/"+key, "x"); err == nil && a.status == 200 {
				return ""
			}
		}
		return "no write is accepted"
	})
	return time.Since(began)
}

// TestPartitionedLeader pulls the leader's cable: the others go on, what it
// alone has is not lost to anybody, and it follows when it is back.
func TestPartitionedLeader(t *testing.T) {
	l, ips := newLAN(t, 3)
	ps := clusterOn(t, l, ips)
	leader := leaderOf(t, ps)
	at := slices.Index(ps, leader)
	rest := append(slices.Clone(ps[:at]), ps[at+1:]...)
	l.pull(at)
	t.Logf("a write is accepted %v after the leader was cut off", accepted(t, rest, "without-leader").Round(time.Millisecond))
	l.plug(at)
	began := time.Now()
	eventually(t, 20*time.Second, func() string {
		if a, err := leader.doWithin(time.Second, "GET", "/v1/kv/without-leader?consistent", ""); err != nil || a.status != 200 {
			return fmt.Sprint("the old leader does not follow: ", err, a.status)
		}
		return ""
	})
	t.Logf("the old leader answers %v after it was plugged in again", time.Since(began).Round(time.Millisecond))
}

// TestEverybodyCutOff pulls all cables, until nobody believes to lead.
func TestEverybodyCutOff(t *testing.T) {
	l, ips := newLAN(t, 3)
	ps := clusterOn(t, l, ips)
	accepted(t, ps, "before")
	for i := range ips {
		l.pull(i)
	}
	for _, p := range ps {
		eventually(t, 20*time.Second, func() string {
			if out := p.out.String(); !strings.Contains(out[strings.LastIndex(out, "follows")+1:], "asks for pre-votes") && !strings.Contains(out, "steps down") {
				return p.ip + " does not notice that it is alone"
			}
			return ""
		})
	}
	for i := range ips {
		l.plug(i)
	}
	t.Logf("a write is accepted %v after the network has healed", accepted(t, ps, "after").Round(time.Millisecond))
	for _, p := range ps {
		if keys := get[[]string](p, "/v1/kv/?keys&consistent"); !slices.Contains(keys, "before") || !slices.Contains(keys, "after") {
			t.Errorf("%s has %v", p.ip, keys)
		}
	}
}

// TestLeaderThatWasStoppedAnswersNothingOld stops the leader's process for
// longer than its lease, writes elsewhere, and asks it first when it goes on.
func TestLeaderThatWasStoppedAnswersNothingOld(t *testing.T) {
	ps := cluster(t, 3)
	var gaps []time.Duration
	for round := range rounds(4) {
		old := leaderOf(t, ps)
		at := slices.Index(ps, old)
		rest := append(slices.Clone(ps[:at]), ps[at+1:]...)
		old.must(200, "PUT", "/v1/kv/paused", fmt.Sprint("old ", round))
		old.signal(syscall.SIGSTOP)
		newest := fmt.Sprint("new ", round)
		gaps = append(gaps, accepted(t, rest, "paused-wait"))
		eventually(t, 10*time.Second, func() string {
			if a, err := rest[0].doWithin(2*time.Second, "PUT", "/v1/kv/paused", newest); err != nil || a.status != 200 {
				return fmt.Sprint(err, a.status)
			}
			return ""
		})
		old.signal(syscall.SIGCONT)
		for range 50 {
			a, err := old.doWithin(10*time.Second, "GET", "/v1/kv/paused?raw", "")
			if err == nil && a.status == 200 && a.body != newest {
				t.Fatalf("round %d: a default read is stale: %q, want %q", round, a.body, newest)
			}
		}
	}
	t.Logf("a write is accepted elsewhere after a median of %v", median(gaps))
}
