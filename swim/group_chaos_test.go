package swim

import (
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"testing"
	"time"
)

// chaos lets a group of twelve live through crashes, restarts elsewhere,
// leaves, partitions, loss and slowness for three minutes, then heals
// everything. It returns the group.
func chaos(t testing.TB, seed uint64) *group {
	g := newGroup(t, seed)
	g.jitter = 20 * time.Millisecond
	g.settled(12)
	for range 30 {
		n := g.nodes[g.rng.IntN(len(g.nodes))]
		switch g.rng.IntN(8) {
		case 0:
			n.up = false
		case 1, 2:
			g.restartDown()
		case 3:
			if n.up && g.rng.IntN(3) == 0 {
				n.pool.Leave(g.now)
				g.serve(n)
			}
		case 4:
			side := g.rng.Uint64()
			g.cut = func(from, to int) bool { return side>>(from%64)&1 != side>>(to%64)&1 }
		case 5:
			g.cut = nil
		case 6:
			g.loss = float64(g.rng.IntN(4)) / 10
		case 7:
			n.slow = time.Duration(g.rng.IntN(2000)) * time.Millisecond
		}
		g.run(time.Duration(g.rng.IntN(12000)) * time.Millisecond)
	}
	g.cut, g.loss = nil, 0
	for _, n := range g.nodes {
		n.slow = 0
	}
	return g
}

// restartDown starts each node that is down again, at a new address at times,
// and joins it through some that are up.
func (g *group) restartDown() {
	for i, n := range slices.Clone(g.nodes) {
		if n.up {
			continue
		}
		host := n.host
		if g.rng.IntN(3) == 0 {
			host = 20 + int(g.seq)%200*100 + i
		}
		m := g.start(n.name, n.id, host)
		for range 3 {
			g.join(m, g.nodes[g.rng.IntN(len(g.nodes))].host)
		}
	}
}

// After whatever happened, once the network is well and everyone is up, all
// see all within a few minutes, and it stays so.
func TestEveryoneAliveIsSeenAliveAfterChaos(t *testing.T) {
	for seed := range uint64(12) {
		g := chaos(t, seed)
		// A restart fails if all whom it asked are down or it was cut off: the
		// driver tries again, as does this.
		agreed := false
		for range 10 {
			for _, n := range g.nodes {
				if n.up && n.pool.Alive() == 1 {
					g.join(n, g.nodes[g.rng.IntN(len(g.nodes))].host)
				}
			}
			g.restartDown()
			for range 60 {
				if g.run(time.Second); g.agree() {
					agreed = true
					break
				}
			}
			if agreed {
				break
			}
		}
		if !agreed {
			t.Errorf("seed %d: no agreement in ten minutes after the last fault", seed)
			for _, n := range g.nodes {
				t.Log(n.name, n.host, n.up, n.pool.Members())
			}
			return
		}
		// A suspicion from before may still run into its end; then all is quiet.
		g.run(3 * time.Minute)
		g.events = nil
		g.run(2 * time.Minute)
		if !g.agree() || len(g.events) > 0 {
			t.Errorf("seed %d: the group does not stay settled: %q", seed, g.events)
		}
	}
}

// Same seed, same inputs, same outputs: to the byte, in order.
func TestSameSeedGivesTheSameRun(t *testing.T) {
	digest := func() uint64 {
		h := fnv.New64a()
		g := chaos(t, 42)
		for _, e := range g.events {
			fmt.Fprintln(h, e)
		}
		for _, n := range g.nodes {
			fmt.Fprintf(h, "%s %v %+v\n", n.name, n.pool.Members(), n.pool.Stats())
		}
		return h.Sum64()
	}
	first := digest()
	for range 3 {
		if again := digest(); again != first {
			t.Fatalf("digests %x and %x of the same run", first, again)
		}
	}
}

// The dead are seen dead by all, at the latest after a round of probes and the
// longest suspicion; nobody else is.
func TestTheDeadAreSeenDeadInTime(t *testing.T) {
	for seed := range uint64(10) {
		g := newGroup(t, seed)
		g.settled(20)
		g.run(10 * time.Second)
		g.events = nil
		for _, i := range []int{3, 7, 11} {
			g.nodes[i].up = false
		}
		for _, n := range g.nodes {
			if n.up && n.pool.Alive() != 20 {
				t.Fatal("somebody was missing before")
			}
		}
		g.run(60 * time.Second)
		if !g.agree() {
			t.Errorf("seed %d: not all see the three dead: %q", seed, g.events)
		}
		if want := 17 * 3; len(g.events) != want {
			t.Errorf("seed %d: %d events, want %d failures: %q", seed, len(g.events), want, g.events)
		}
	}
}

// A network that drops a third of all datagrams for ten minutes: streams and
// refutations keep everybody in the group.
func TestLossyNetworkLosesNobody(t *testing.T) {
	g := newGroup(t, 8)
	g.settled(16)
	g.loss, g.jitter, g.events = 0.33, 30*time.Millisecond, nil
	g.run(10 * time.Minute)
	if len(g.events) > 0 {
		t.Errorf("changes in a group where nothing failed: %q", g.events)
	}
}

// A member of a large group costs little memory: 2 KiB at most, with tags.
func TestMemoryPerMember(t *testing.T) {
	p := fuzzPool(t)
	const n = 5000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	tags, err := encodeTags(map[string]string{"role": "consul", "dc": "dc1", "id": "0f4b2c9e-1d2f-4a6b-8c7d-0123456789ab", "build": "1.0.0", "port": "8300", "vsn": "1"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		m := &member{description: &description{Name: fmt.Sprintf("node-%06d.dc1", i), ID: fmt.Sprintf("0f4b2c9e-1d2f-4a6b-8c7d-%012d", i), Addr: hostAddr(10 + i), Protocols: spoken, tags: tags}}
		p.Packet(time.Duration(i), hostAddr(2), message(appendClaim(nil, m, "")))
		p.Effects()
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / n
	t.Logf("%d bytes a member", each)
	if p.Alive() != n+3 || each > 2048 {
		t.Errorf("%d members, %d bytes each", p.Alive(), each)
	}
	runtime.KeepAlive(p)
}

// thousand is a group of 1000 that joined all at once.
func thousand(b *testing.B) *group {
	g := newGroup(b, 1)
	g.loss = 0.01
	g.startAll(1000)
	g.run(20 * time.Second)
	return g
}

// BenchmarkThousandMembersJoin has 1000 members join through one, all at once.
func BenchmarkThousandMembersJoin(b *testing.B) {
	for b.Loop() {
		if g := thousand(b); !g.agree() {
			b.Error("not all see all")
		}
	}
}

// BenchmarkThousandMembersMinute runs a group of 1000 for a minute of virtual
// time with 1 % loss.
func BenchmarkThousandMembersMinute(b *testing.B) {
	g := thousand(b)
	for b.Loop() {
		g.sent = 0
		g.run(time.Minute)
		b.ReportMetric(float64(g.sent), "datagrams/op")
	}
}
