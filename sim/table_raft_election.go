package sim

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// measured are the figures of one line, in milliseconds.
type measured []float64

// percentiles returns the given percentiles of the times, sorted here; 1 is the
// maximum.
func percentiles(times []time.Duration, at ...float64) measured {
	slices.Sort(times)
	var m measured
	for _, p := range at {
		i := min(int(p*float64(len(times))), len(times)-1)
		m = append(m, ms(times[i]))
	}
	return m
}

func mean(times []time.Duration) float64 {
	var sum time.Duration
	for _, t := range times {
		sum += t
	}
	return ms(sum) / float64(len(times))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// compare writes what was published, ours, and their ratio, a line each.
func compare(w io.Writer, label string, published, ours measured) {
	ratio := make(measured, len(ours))
	for i := range ours {
		ratio[i] = ours[i] / published[i]
	}
	published.line(w, label, "published", "%9.0f")
	ours.line(w, "", "ours", "%9.0f")
	ratio.line(w, "", "ratio", "%9.2f")
}

// line writes the figures in one line.
func (m measured) line(w io.Writer, label, what, format string) {
	fmt.Fprintf(w, "%-12s %-9s", label, what)
	for _, f := range m {
		fmt.Fprintf(w, format, f)
	}
	fmt.Fprintln(w)
}

// head writes the names of the columns.
func head(w io.Writer, title string, columns ...string) {
	fmt.Fprintf(w, "\n%s\n\n%22s", title, "")
	for _, c := range columns {
		fmt.Fprintf(w, "%9s", c)
	}
	fmt.Fprintln(w)
}

// raftElection is the table of how long elections take.
func raftElection(w io.Writer, trials int) {
	figure16(w, trials)
	wanElections(w, 10*trials)
	splitVotes(w, 10*trials)
	fmt.Fprint(w, raftElectionNotes)
}

// figure16 is the raft paper's figure 16: the time without a leader, after a
// crash, by the range of the election timeouts.
func figure16(w io.Writer, trials int) {
	head(w, fmt.Sprintf("Time without a leader, ms (raft figure 16), %d trials a line", trials), "p50", "p90", "p99", "max", "mean")
	for _, row := range []struct {
		low, high int
		published measured
	}{
		{150, 151, measured{1199, 3132, 5982, 8232, 1537}},
		{150, 155, measured{287, 609, 1224, 2143, 345}},
		{150, 175, measured{141, 291, 462, 610, 164}},
		{150, 200, measured{147, 194, 345, 513, 156}},
		{150, 300, measured{171, 244, 405, 603, 181}},
		{12, 24, measured{30, 53, 87, 152, 35}},
		{50, 100, measured{67, 96, 168, 253, 71}},
	} {
		label := fmt.Sprintf("%d-%d", row.low, row.high)
		e := paperElection(row.low, row.high)
		compare(w, label, row.published, e.downtime(label, trials))
		e.disk = someDisk
		e.downtime(label, trials).line(w, "", "with disk", "%9.0f")
	}
	rnd, e, ties := stream(16, "150-150"), paperElection(150, 150), 0
	for range trials / 10 {
		if e.run(rnd).won == noLeaderFor {
			ties++
		}
	}
	fmt.Fprintf(w, "%-12s published over 10 s\n%12s ours      over 10 s in %d of %d trials\n", "150-150", "", ties, trials/10)
	fmt.Fprintf(w, "A trial that finds no leader ends after %v.\n", noLeaderFor)
}

// paperElection is an election of figure 16, for a range of timeouts in
// milliseconds.
func paperElection(low, high int) election {
	least := time.Duration(low) * time.Millisecond
	return election{
		low: least, high: time.Duration(high) * time.Millisecond,
		failed: 1, behind: 2, scattered: true, crash: least / 2, wire: paperWire,
	}
}

// downtime measures the time without a leader.
func (e election) downtime(name string, trials int) measured {
	rnd := stream(16, name)
	var times []time.Duration
	for range trials {
		times = append(times, e.run(rnd).heard)
	}
	return append(percentiles(times, .5, .9, .99, 1), mean(times))
}

// paperWire is chosen: the paper says only that a broadcast took about 15 ms.
// someDisk is for the lines that count it.
var (
	paperWire = delay{time.Millisecond, 5 * time.Millisecond}
	someDisk  = delay{time.Millisecond, 4 * time.Millisecond}
)

// wanElections are the thesis' elections on a wide area network: the time
// until a leader is elected, when all timers start at once.
func wanElections(w io.Writer, trials int) {
	head(w, fmt.Sprintf("Time to elect a leader on a WAN, ms (thesis 9.3), %d elections a line", trials), "p50", "p99.9")
	for _, row := range []struct {
		failed    int
		published measured
	}{{1, measured{423, 1385}}, {2, measured{469, 2853}}} {
		e := election{
			low: 300 * time.Millisecond, high: 600 * time.Millisecond, failed: row.failed,
			wire: delay{30 * time.Millisecond, 40 * time.Millisecond},
		}
		label := fmt.Sprintf("%d failed", row.failed)
		rnd := stream(9, label)
		var times []time.Duration
		for range trials {
			times = append(times, e.run(rnd).won)
		}
		compare(w, label, row.published, percentiles(times, .5, .999))
	}
}

// splitVotes is how many elections need a second one, by the latency. With
// four survivors and one latency l for all messages, an election is split when
// the second and the third timeout follow on the first within l: three servers
// then vote for themselves, and the fourth makes a majority of nobody.
func splitVotes(w io.Writer, trials int) {
	head(w, fmt.Sprintf("First elections that are split, %% (thesis 9.3), %d elections a line", trials), "published", "ours", "ratio", "exact")
	const width = 100 * time.Millisecond
	for _, row := range []struct{ l, published float64 }{{.01, .06}, {.1, 5.2}, {.2, 18.1}} {
		latency := time.Duration(row.l * float64(width))
		e := election{low: width, high: 2 * width, failed: 1, wire: delay{latency, latency}}
		rnd := stream(9, fmt.Sprint("latency ", row.l))
		split := 0
		for range trials {
			if e.run(rnd).terms > 1 {
				split++
			}
		}
		ours, l := 100*float64(split)/float64(trials), row.l
		fmt.Fprintf(w, "latency %.2f of the range%9.2f%9.2f%9.2f%9.2f\n", l, row.published, ours, ours/row.published, 100*(6*l*l-8*l*l*l+3*l*l*l*l))
	}
}

const raftElectionNotes = `
Notes

The same setting as published: five servers, one or two of them down, PreVote
and CheckQuorum off, since neither paper knows them. Figure 16: two of the four
survivors cannot win, the leader dies at a uniform point of its heartbeat
interval after a last round of heartbeats, and the time ends when all survivors
know its successor. Thesis: all timers start at once, all logs are the same,
the time ends when a leader is elected.

Not the same: figure 16 was measured on real machines. Of its wire and disks it
says only that a broadcast took about 15 ms. Here each message takes 1 to 5 ms
and the disk no time. This was chosen, so that the second line agrees; the
other lines follow from it. More between a timeout and the arrival of the
request for votes would split more elections than the paper saw, above all with
12-24. The line 150-151 has our mean, but neither its median nor its tail: with
all timeouts within 1 ms, or at the same time, it is the small differences
between messages, and between clocks, that end a tie, and we do not know theirs.
The p90 of 150-200 lies where second elections begin to count, and a few more of
them move it far.

"with disk" is what the core does when a write takes 1 to 4 ms: a candidate asks
for votes only when its vote for itself is durable. That time counts like a
slower wire, so that the range of timeouts must be wider.

The thesis' figures are simulated, as ours are, and agree; "exact" is
6l^2 - 8l^3 + 3l^4, the chance that two of three others time out within l of the
first. The tails, and the split votes of the first line, are a handful of
elections each.
`
