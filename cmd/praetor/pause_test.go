package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"praetor/api"
)

var long = flag.Bool("long", false, "run the tests that wait for real timeouts at their full length")

// fastGossip is a fifth of the usual timing of gossip.
const fastGossip = `{"gossip_lan": {"probe_interval": "200ms", "probe_timeout": "100ms", "gossip_interval": "40ms"}}`

// gauge returns a metric of an agent's pool of its datacenter.
func (p *process) gauge(name string) float64 {
	p.t.Helper()
	for _, g := range get[api.Metrics](p, "/v1/agent/metrics").Gauges {
		if g.Name == name && g.Labels["pool"] == "lan" {
			return g.Value
		}
	}
	p.t.Fatalf("%s has no metric %s", p.ip, name)
	return 0
}

// An agent that is stopped for a while (a laptop's lid, a machine that moves to
// another host) is seen to have failed, nobody else is, not even by itself when
// it goes on, and then it is a member as before. With -long at the usual timing
// and for 30 s, else all is five times as fast.
func TestPausedAgentIsMissedAndNobodyElse(t *testing.T) {
	pause, bound := 6*time.Second, 6*time.Second
	var more []string
	if *long {
		pause, bound = 30*time.Second, 30*time.Second
	} else {
		file := filepath.Join(t.TempDir(), "fast.json")
		if err := os.WriteFile(file, []byte(fastGossip), 0o600); err != nil {
			t.Fatal(err)
		}
		more = []string{"-config-file=" + file}
	}
	ps := cluster(t, 3, more...)
	paused := clientOf(t, ps[0].ip, more...).ready()
	all := []string{"client", "s1", "s2", "s3"}
	for _, p := range append(slices.Clone(ps), paused) {
		p.lists(15*time.Second, "", api.MemberAlive, all...)
	}
	paused.signal(syscall.SIGSTOP)
	stopped := time.Now()
	for _, p := range ps {
		p.lists(bound, "", api.MemberFailed, "client")
	}
	t.Logf("all see it failed after %v", time.Since(stopped).Round(100*time.Millisecond))
	eventually(t, 2*pause, func() string {
		for _, p := range ps {
			if got := names(p, "", api.MemberAlive); !slices.Equal(got, []string{"s1", "s2", "s3"}) {
				t.Fatalf("while the client is paused %s lists %v as alive", p.ip, got)
			}
		}
		if d := time.Since(stopped); d < pause {
			return fmt.Sprintf("paused for %v only", d)
		}
		return ""
	})
	paused.signal(syscall.SIGCONT)
	resumed := time.Now()
	for _, p := range append(slices.Clone(ps), paused) {
		p.lists(2*bound, "", api.MemberAlive, all...)
	}
	t.Logf("all see it alive again after %v", time.Since(resumed).Round(100*time.Millisecond))
	for _, p := range ps {
		if n := p.gauge("consul.gossip.failed"); n != 1 {
			t.Errorf("%s saw %v members fail, want 1", p.ip, n)
		}
	}
	if n := paused.gauge("consul.gossip.failed"); n != 0 {
		t.Errorf("the paused agent took %v members for failed", n)
	}
}
