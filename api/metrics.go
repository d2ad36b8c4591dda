package api

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Metrics is the answer of /v1/agent/metrics.
type Metrics struct {
	Timestamp string
	Gauges    []Gauge
	Points    []struct{} // none: Consul's clients expect the field
	Counters  []Counter
	Samples   []struct{} // none
}

// Gauge is a value at one moment.
type Gauge struct {
	Name   string // such as "consul.raft.applied_index"
	Value  float64
	Labels map[string]string
}

// Counter counts events since the agent has started.
type Counter struct {
	Name   string
	Count  uint64
	Labels map[string]string
}

// agentMetrics answers the agent's gauges and the number of requests for each
// path, as JSON or, with ?format=prometheus, as Prometheus reads it.
func (a *API) agentMetrics(c *call) (any, error) {
	m := Metrics{
		Timestamp: time.Now().UTC().Round(time.Second).String(),
		Gauges: append(a.cfg.Agent.Metrics(),
			Gauge{Name: "consul.http.blocking_queries", Value: float64(a.waiting.Load())}),
		Points: []struct{}{}, Samples: []struct{}{}, Counters: []Counter{},
	}
	for i := range m.Gauges {
		m.Gauges[i].Labels = orEmptyMap(m.Gauges[i].Labels)
	}
	slices.SortFunc(m.Gauges, func(a, b Gauge) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(labels(a.Labels), labels(b.Labels)))
	})
	for _, r := range a.router.all {
		if n := r.served.Load(); n > 0 {
			m.Counters = append(m.Counters, Counter{"consul.http.requests", n, map[string]string{"path": r.path}})
		}
	}
	slices.SortFunc(m.Counters, func(a, b Counter) int { return cmp.Compare(a.Labels["path"], b.Labels["path"]) })
	switch format := c.q.text("format"); format {
	case "":
		return m, nil
	case "prometheus":
		return plain(m.prometheus()), nil
	default:
		return nil, Invalidf("Invalid format %q: expected prometheus, or none for JSON", format)
	}
}

// prometheus writes the metrics in the Prometheus text format, version 0.0.4.
func (m *Metrics) prometheus() []byte {
	var b []byte
	last := ""
	line := func(name, typ, labels, value string) {
		name = strings.NewReplacer(".", "_", "-", "_").Replace(name)
		if name != last {
			b = fmt.Appendf(b, "# TYPE %s %s\n", name, typ)
			last = name
		}
		b = fmt.Appendf(b, "%s%s %s\n", name, labels, value)
	}
	for _, g := range m.Gauges {
		line(g.Name, "gauge", labels(g.Labels), strconv.FormatFloat(g.Value, 'g', -1, 64))
	}
	for _, c := range m.Counters {
		line(c.Name, "counter", labels(c.Labels), strconv.FormatUint(c.Count, 10))
	}
	return b
}

// labels writes labels as {a="1",b="2"}, in the order of their names.
func labels(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	var parts []string
	for k, v := range m {
		parts = append(parts, k+"="+strconv.Quote(v))
	}
	slices.Sort(parts)
	return "{" + strings.Join(parts, ",") + "}"
}
