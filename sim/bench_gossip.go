package sim

import (
	"fmt"
	"runtime"
	"time"

	"praetor/sim/crowd"
	"praetor/swim"
)

// agentTags are as large as those of a real agent.
var agentTags = map[string]string{
	"role": "consul", "dc": "dc1", "id": "0f4b2c9e-1d2f-4a6b-8c7d-0123456789ab",
	"build": "1.0.0", "port": "8300", "vsn": "1",
}

// benchGossip plays groups of gossip members for a minute, at 1 % loss, and says
// what they cost: time, traffic, memory. All views are complete: each member
// knows each other one.
func (c Command) benchGossip(sizes []int) {
	fmt.Fprintf(c.Out, "\nSWIM with Lifeguard, 60 virtual s, 1 %% loss, every member knows every other\n\n%8s%10s%9s%12s%14s%15s\n",
		"members", "events", "wall s", "datagrams/s", "bytes/s", "bytes of heap")
	fmt.Fprintf(c.Out, "%8s%10s%9s%12s%14s%15s\n", "", "", "", "a member", "a member", "a known member")
	for _, n := range sizes {
		before := heap()
		cfg := quick(n, 1, swim.DefaultLAN())
		cfg.Loss, cfg.Tags = .01, agentTags
		g := crowd.New(cfg)
		start := c.now()
		g.Run(time.Minute)
		wall := c.now() - start
		used := heap() - before
		var packets, bytes float64
		for _, m := range g.Members() {
			t := m.Pool.Stats().Traffic
			packets += float64(t.PacketsOut)
			bytes += float64(t.BytesOut)
		}
		each := float64(n) * 60
		fmt.Fprintf(c.Out, "%8d%10d%9.2f%12.2f%14.1f%15.0f\n", n, g.Events(), wall.Seconds(),
			packets/each, bytes/each, float64(used)/float64(n)/float64(n))
	}
}

// heap returns the bytes that are in use.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
