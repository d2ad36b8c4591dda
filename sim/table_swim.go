package sim

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"praetor/sim/crowd"
	"praetor/swim"
)

// plainSWIM returns the settings of the 2002 paper: none of Lifeguard's parts,
// no probes by stream, news only on pings and acks, and no exchanges of state.
func plainSWIM(k int) swim.Config {
	g := swim.DefaultLAN()
	g.Disable = swim.Disable{Health: true, Suspicion: true, Buddy: true, StreamProbe: true}
	g.IndirectChecks = k
	g.GossipInterval, g.PushPullInterval, g.ReconnectInterval = 0, 0, 0
	return g
}

// quick is a network on which everything arrives at once, or not at all.
func quick(n int, seed uint64, g swim.Config) crowd.Config {
	return crowd.Config{Members: n, Seed: seed, Gossip: g, Delay: time.Millisecond, Jitter: time.Millisecond}
}

// swimDetection is the time from a failure to its first detection (swim 3.1).
func swimDetection(w io.Writer, trials int) {
	published := math.E / (math.E - 1)
	head(w, fmt.Sprintf("Periods to the first detection of a failure (swim 3.1), %d failures a line", trials), "published", "ours", "ratio", "p99", "exact")
	for n := 8; n <= 1024; n *= 2 {
		times := detections(n, trials)
		p99 := percentiles(times, .99)[0] / ms(period)
		ours := mean(times) / ms(period)
		fmt.Fprintf(w, "%4d members          %9.3f%9.3f%9.2f%9.0f%9.3f\n", n, published, ours, ours/published, p99, firstProbe(n-1))
	}
	fmt.Fprint(w, swimDetectionNotes)
}

// period is the protocol period T' of the default configuration.
const period = time.Second

// firstProbe returns the expected number of periods up to the first in which
// one of n members probes a failed one, when each goes through a list of n that
// is shuffled after each pass, and is somewhere in it. A member that has left
// positions to go in its pass does not probe the failed one for p periods
// with the chance, for p > left, of (1 - left/n) * (1 - (p-left)/n).
func firstProbe(n int) float64 {
	expected, size := 0.0, float64(n)
	for p := 0.0; p < 2*size; p++ {
		none := 0.0
		for left := 1.0; left <= size; left++ {
			first, second := math.Min(p, left), math.Max(p-left, 0)
			none += (1 - first/size) * math.Max(1-second/size, 0) / size
		}
		if none < 1e-9 {
			break
		}
		expected += math.Pow(none, size)
	}
	return expected
}

// detections lets members stop at the beginning of a period, a few at a time,
// and returns how long each time it took until somebody suspected them.
func detections(n, trials int) []time.Duration {
	const down, up = 8 * period, 5 * period
	var times []time.Duration
	failed := map[string]time.Duration{} // since when
	// What comes after the first detection is not measured here: nobody dies of
	// it, and who comes back is believed soon.
	g := plainSWIM(3)
	g.SuspicionMult = 1000
	g.Disable.Buddy = false
	g.GossipInterval = period
	g.Trace = func(e swim.TraceEvent) {
		name, _, ok := strings.Cut(e.What, " is suspected by ")
		if since, is := failed[name]; ok && is {
			times = append(times, e.At-since)
			delete(failed, name)
		}
	}
	cfg := quick(n, uint64(n), g)
	cfg.InStep = true
	c := crowd.New(cfg)
	pick := stream(uint64(n), "who fails")
	for start := 2 * period; len(times) < trials; start += down + up {
		clear(failed)
		for range 1 + n/64 {
			i := pick.IntN(n)
			failed[c.Members()[i].Name] = start
			c.Stall(i, crowd.Stall{Blocked: down, Awake: up, Since: start, Until: start + down})
		}
		c.Run(start + down + up - period/2)
	}
	return times[:trials]
}

// swimFalsePositives is how often a member that is well is taken for failed
// because messages are lost (swim 3.1).
func swimFalsePositives(w io.Writer, trials int) {
	const members = 64
	head(w, fmt.Sprintf("False positives a member in 1.582 periods (swim 3.1), %d members, %d periods", members, trials), "published", "ours", "ratio")
	for _, row := range []struct {
		q float64
		k int
	}{{.95, 1}, {.95, 3}, {.90, 1}, {.90, 3}} {
		direct, indirect := row.q*row.q, math.Pow(row.q, 4)
		published := (1 - direct) * math.Pow(1-indirect, float64(row.k)) * math.E / (math.E - 1)
		g := plainSWIM(row.k)
		g.SuspicionMult = 1000 // count the suspicions, and let nobody die of one
		cfg := quick(members, 1, g)
		cfg.Loss = 1 - row.q
		c := crowd.New(cfg)
		c.Run(time.Duration(trials) * period)
		var failed, sent uint64
		for _, m := range c.Members() {
			failed += m.Pool.Stats().Probes.Failed
			sent += m.Pool.Stats().Probes.Sent
		}
		ours := float64(failed) / float64(sent) * math.E / (math.E - 1)
		fmt.Fprintf(w, "q = %.2f, k = %d        %9.5f%9.5f%9.2f\n", row.q, row.k, published, ours, ours/published)
	}
	fmt.Fprint(w, swimFalsePositivesNotes)
}

// swimLoad is what SWIM costs, and how fast news spreads.
func swimLoad(w io.Writer, trials int) {
	head(w, "Datagrams a member and period, nothing failing (swim 5)", "published", "sent", "received")
	for _, n := range []int{5, 15, 35, 55, 200, 1000} {
		sent, received := traffic(n)
		fmt.Fprintf(w, "%4d members          %9d%9.2f%9.2f\n", n, 2, sent, received)
	}
	head(w, fmt.Sprintf("Periods until all have heard news (swim 5), mean of %d", trials), "pings", "/log2 n", "missed", "gossip", "missed")
	for n := 8; n <= 1024; n *= 2 {
		all := swim.DefaultLAN()
		all.PushPullInterval = 0
		alone, lost := spreading(n, trials, plainSWIM(3))
		gossiped, missed := spreading(n, trials, all)
		fmt.Fprintf(w, "%4d members          %9.2f%9.2f%9d%9.2f%9d\n", n, alone, alone/math.Log2(float64(n)), lost, gossiped, missed)
	}
	joiners(w, max(trials/5, 1))
	fmt.Fprint(w, swimLoadNotes)
}

// traffic returns the datagrams that a member sends and receives in a period.
func traffic(n int) (sent, received float64) {
	c := crowd.New(quick(n, 1, plainSWIM(3)))
	const periods = 50
	c.Run(periods * period)
	for _, m := range c.Members() {
		t := m.Pool.Stats().Traffic
		sent += float64(t.PacketsOut)
		received += float64(t.PacketsIn)
	}
	return sent / float64(n*periods), received / float64(n*periods)
}

// spreading returns after how many periods the last member hears of new tags
// of one, in the mean, and how often somebody never heard of them: each member
// tells news a limited number of times.
func spreading(n, trials int, g swim.Config) (periods float64, missed int) {
	c := crowd.New(quick(n, uint64(n), g))
	heard := 0
	c.OnEvent = func(_ *crowd.Member, e swim.Event) {
		if e.Kind == swim.Updated {
			heard++
		}
	}
	c.Run(2 * period)
	var total time.Duration
	for i := range trials {
		heard = 0
		start := c.Now()
		c.SetTags(i%n, map[string]string{"round": fmt.Sprint(i)})
		if c.RunUntil(start+20*period, func() bool { return heard == n-1 }) {
			total += c.Now() - start
		} else {
			missed++
		}
		c.Run(c.Now() + 2*period)
	}
	return total.Seconds() / period.Seconds() / float64(max(trials-missed, 1)), missed
}

// joiners is the paper's group of 17 that loses one datagram in ten, with one
// proxy and periods of two seconds. A member that anybody declares failed goes,
// as the paper's do, and does not come back.
func joiners(w io.Writer, trials int) {
	columns := []string{"published"}
	for _, after := range joinersAfter {
		columns = append(columns, fmt.Sprintf("%.0f min", after.Minutes()))
	}
	head(w, fmt.Sprintf("Members left of 17 under 10 %% loss (swim 5.2), mean of %d", trials), columns...)
	for _, row := range []struct {
		published string
		suspicion int // SuspicionMult; 0: none
	}{{"4", 0}, {"", 3}, {"12", 4}, {"", 5}, {"", 6}} {
		what := "no suspicion"
		if row.suspicion > 0 {
			g := plainSWIM(1)
			what = fmt.Sprintf("suspicion of %.1f T'", float64(row.suspicion)*math.Log10(17)*float64(period)/float64(g.ProbeInterval))
		}
		sum := make([]float64, len(joinersAfter))
		for seed := range trials {
			for i, left := range survivors(uint64(seed+1), row.suspicion) {
				sum[i] += float64(left) / float64(trials)
			}
		}
		fmt.Fprintf(w, "%-22s%9s", what, row.published)
		for _, left := range sum {
			fmt.Fprintf(w, "%9.1f", left)
		}
		fmt.Fprintln(w)
	}
}

// joinersAfter are the times at which the group of 17 is looked at.
var joinersAfter = []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}

// survivors returns how many of 17 members nobody has taken for failed, at each
// of joinersAfter. Without suspicion the first failed probe is a member's end.
func survivors(seed uint64, suspicion int) (left []int) {
	g := plainSWIM(1)
	g.ProbeInterval, g.ProbeTimeout = 2*time.Second, time.Second
	g.SuspicionMult = max(suspicion, 1)
	gone := map[string]bool{}
	if suspicion == 0 {
		g.Trace = func(e swim.TraceEvent) {
			if name, _, ok := strings.Cut(e.What, " is suspected by "); ok {
				gone[name] = true
			}
		}
	}
	cfg := quick(17, seed, g)
	cfg.Loss = .1
	c := crowd.New(cfg)
	c.OnEvent = func(_ *crowd.Member, e swim.Event) {
		if e.Kind == swim.Failed {
			gone[e.Member.Name] = true
		}
	}
	for _, after := range joinersAfter {
		for c.Now() < after {
			c.Run(c.Now() + 100*time.Millisecond)
			for i, m := range c.Members() {
				if gone[m.Name] {
					c.Kill(i)
				}
			}
		}
		left = append(left, 17-len(gone))
	}
	return left
}
