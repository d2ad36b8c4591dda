package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// cluster starts n servers that find each other through gossip.
func cluster(t testing.TB, n int, more ...string) []*process {
	t.Helper()
	ips := loopback(t, n)
	ps := make([]*process, n)
	for i, ip := range ips {
		args := []string{"-server", fmt.Sprintf("-bootstrap-expect=%d", n), "-node=" + fmt.Sprintf("s%d", i+1),
			"-bind=" + ip, "-client=" + ip, "-data-dir=" + t.TempDir(), "-retry-join=" + ips[0], "-retry-join=" + ips[1]}
		ps[i] = start(t, ip, append(args, more...)...)
	}
	for _, p := range ps {
		p.ready()
	}
	return ps
}

// leaderOf finds the process that leads.
func leaderOf(t testing.TB, ps []*process) *process {
	t.Helper()
	var leader *process
	eventually(t, 15*time.Second, func() string {
		for _, p := range ps {
			a, err := p.do("GET", "/v1/status/leader", "")
			if err != nil {
				continue
			}
			for _, q := range ps {
				if strings.Contains(a.body, q.ip+":") {
					leader = q
					return ""
				}
			}
		}
		return "no leader"
	})
	return leader
}

// writer writes keys one after the other, to whoever takes them, and remembers
// which ones were acknowledged and when.
type writer struct {
	ps    []*process
	stop  chan struct{}
	done  sync.WaitGroup
	next  int
	acked []int
	mu    sync.Mutex
	times []time.Time
	count atomic.Int64
}

func startWriter(ps []*process) *writer {
	w := &writer{ps: ps, stop: make(chan struct{})}
	w.done.Add(1)
	go w.run()
	return w
}

func (w *writer) run() {
	defer w.done.Done()
	at := 0
	for {
		select {
		case <-w.stop:
			return
		default:
		}
		a, err := w.ps[at].do("PUT", fmt.Sprintf("/v1/kv/w/%06d", w.next), fmt.Sprint(w.next))
		if err != nil || a.status != 200 {
			at = (at + 1) % len(w.ps)
			continue // whether it was written is unknown; the same key again
		}
		w.mu.Lock()
		w.acked = append(w.acked, w.next)
		w.times = append(w.times, time.Now())
		w.mu.Unlock()
		w.count.Add(1)
		w.next++
	}
}

// gap returns how long after at the next write was acknowledged.
func (w *writer) gap(t testing.TB, at time.Time) (gap time.Duration) {
	t.Helper()
	eventually(t, 15*time.Second, func() string {
		w.mu.Lock()
		defer w.mu.Unlock()
		i, _ := slices.BinarySearchFunc(w.times, at, time.Time.Compare)
		if i == len(w.times) {
			return "no write is accepted"
		}
		gap = w.times[i].Sub(at)
		return ""
	})
	return gap
}

// verify ends the writing and looks for every acknowledged write on each server.
func (w *writer) verify(t testing.TB) {
	t.Helper()
	close(w.stop)
	w.done.Wait()
	for _, p := range w.ps {
		p.ready()
		found := map[string]bool{}
		for _, k := range get[[]string](p, "/v1/kv/w/?keys") {
			found[k] = true
		}
		for _, n := range w.acked {
			if !found[fmt.Sprintf("w/%06d", n)] {
				t.Errorf("write %d was acknowledged and is not on %s", n, p.ip)
			}
		}
	}
	t.Logf("%d writes were acknowledged, none is missing on any server", len(w.acked))
}

func median(ds []time.Duration) time.Duration {
	slices.Sort(ds)
	return ds[len(ds)/2].Round(time.Millisecond)
}

func rounds(n int) int {
	if testing.Short() {
		return 3
	}
	return n
}

// TestLeaderKilledTwentyTimes kills the leader with -9 and restarts it, again
// and again, under a writer: "no acknowledged write is missing".
func TestLeaderKilledTwentyTimes(t *testing.T) {
	ps := cluster(t, 3)
	w := startWriter(ps)
	var gaps []time.Duration
	for range rounds(20) {
		before := w.count.Load()
		eventually(t, 20*time.Second, func() string {
			if w.count.Load() < before+20 {
				return "the writer does not get on"
			}
			return ""
		})
		leader := leaderOf(t, ps)
		at := time.Now()
		leader.kill()
		gaps = append(gaps, w.gap(t, at))
		leader.run()
		leader.ready()
	}
	w.verify(t)
	t.Logf("gap to the next accepted write, %d kills: median %v, longest %v", len(gaps), median(gaps), gaps[len(gaps)-1].Round(time.Millisecond))
}

// TestAllServersKilledAtOnce is the same with nobody left to take over.
func TestAllServersKilledAtOnce(t *testing.T) {
	ps := cluster(t, 3)
	w := startWriter(ps)
	var gaps []time.Duration
	for range rounds(5) {
		before := w.count.Load()
		eventually(t, 20*time.Second, func() string {
			if w.count.Load() < before+20 {
				return "the writer does not get on"
			}
			return ""
		})
		for _, p := range ps {
			p.signal(9)
		}
		for _, p := range ps {
			p.kill()
		}
		at := time.Now()
		for _, p := range ps {
			p.run()
		}
		gaps = append(gaps, w.gap(t, at))
	}
	w.verify(t)
	t.Logf("gap from restart to the next accepted write, %d times: median %v", len(gaps), median(gaps))
}

// TestFollowerAwayForManyWritesCatchesUp keeps a follower down for 100,000
// writes.
func TestFollowerAwayForManyWritesCatchesUp(t *testing.T) {
	ps := cluster(t, 3)
	leader := leaderOf(t, ps)
	var away *process
	for _, p := range ps {
		if p != leader {
			away = p
		}
	}
	away.kill()
	writes := 100_000
	if testing.Short() {
		writes = 2_000
	}
	fill(t, leader, writes)
	away.run()
	at := time.Now()
	eventually(t, 60*time.Second, func() string {
		a, err := away.do("GET", fmt.Sprintf("/v1/kv/fill/%06d?stale", writes-1), "")
		if err != nil || a.status != 200 {
			return fmt.Sprint("not caught up: ", err, a.status)
		}
		return ""
	})
	t.Logf("caught up with %d writes %v after its start", writes, time.Since(at).Round(time.Millisecond))
}

// fill writes n keys over many connections.
func fill(t *testing.T, p *process, n int) {
	t.Helper()
	client := pooled(64)
	var next atomic.Int64
	var failed atomic.Pointer[string]
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for failed.Load() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := put(client, p.ip, fmt.Sprintf("fill/%06d", i)); err != nil {
					s := err.Error()
					failed.Store(&s)
				}
			}
		})
	}
	wg.Wait()
	if s := failed.Load(); s != nil {
		t.Fatal(*s)
	}
}
