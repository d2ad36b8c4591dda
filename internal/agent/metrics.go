package agent

import (
	"context"
	"runtime"
	"time"

	"praetor/api"
	"praetor/swim"
)

// Metrics implements api.Agent.
func (h handle) Metrics() []api.Gauge {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	gauges := []api.Gauge{
		{Name: "consul.runtime.num_goroutines", Value: float64(runtime.NumGoroutine())},
		{Name: "consul.runtime.alloc_bytes", Value: float64(m.Alloc)},
		{Name: "consul.runtime.sys_bytes", Value: float64(m.Sys)},
		{Name: "consul.runtime.total_gc_runs", Value: float64(m.NumGC)},
		{Name: "consul.members", Value: float64(len(*h.driver.members.Load()))},
	}
	gauges = append(gauges, h.lan.gauges(h.keeper.ctx, "lan")...)
	if h.wan != nil {
		gauges = append(gauges, h.wan.gauges(h.keeper.ctx, "wan")...)
	}
	if h.driver.server != nil {
		st := h.driver.server.Status()
		gauges = append(gauges,
			api.Gauge{Name: "consul.raft.term", Value: float64(st.Term)},
			api.Gauge{Name: "consul.raft.commit_index", Value: float64(st.Commit)},
			api.Gauge{Name: "consul.raft.applied_index", Value: float64(st.Applied)},
			api.Gauge{Name: "consul.raft.last_index", Value: float64(st.Last)},
		)
	}
	return gauges
}

// gauges returns the counters of a gossip pool, each with the pool's name.
func (p *pool) gauges(ctx context.Context, name string) []api.Gauge {
	var st swim.Stats
	if p.driver.call(ctx, func(time.Duration) { st = p.driver.core.GossipStats() }) != nil {
		return nil // the agent is stopping
	}
	var list []api.Gauge
	add := func(metric string, value uint64) {
		list = append(list, api.Gauge{Name: "consul.gossip." + metric, Value: float64(value), Labels: map[string]string{"pool": name}})
	}
	add("packets_in", st.Traffic.PacketsIn)
	add("packets_out", st.Traffic.PacketsOut)
	add("bytes_in", st.Traffic.BytesIn)
	add("bytes_out", st.Traffic.BytesOut)
	add("streams", st.Traffic.Streams)
	add("stream_errors", st.Traffic.StreamErrors)
	add("probes", st.Probes.Sent)
	add("probes_failed", st.Probes.Failed)
	add("suspicions", st.Suspicions)
	add("refuted", st.Refuted)
	add("failed", st.Failed)
	add("conflicts", st.Conflicts)
	add("events", st.Events.Fired+st.Events.Heard)
	add("queued", uint64(st.Queued))
	add("queued_events", uint64(st.Events.Queued))
	add("health", uint64(st.Health)) // 0 is healthy

	dropped := map[string]uint64{
		dropMalformed: st.Dropped.Malformed, dropOversized: st.Dropped.Oversized,
		"version": st.Dropped.Version, "label": st.Dropped.Label, "misdirected": st.Dropped.Misdirected,
		"unmatched": st.Dropped.Unmatched, "unknown": st.Dropped.Unknown, "full": st.Dropped.Full,
	}
	for _, reason := range dropReasons { // before the core saw it
		dropped[reason] += p.driver.gossip.guard.dropped(reason)
	}
	for reason, n := range dropped { // the API sorts
		add("dropped."+reason, n)
	}
	return list
}
