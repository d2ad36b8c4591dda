package sim

import (
	"fmt"
	"io"
	"strings"

	"time"

	"praetor/sim/crowd"
	"praetor/swim"
)

// variant is one of the paper's configurations.
type variant struct {
	name     string
	disable  swim.Disable
	figures  measured // published: false positives, at healthy members, messages in M, GiB
	messages uint64
}

// variants are those of lifeguard's table of totals.
var variants = []variant{
	{"SWIM", swim.Disable{Health: true, Suspicion: true, Buddy: true}, measured{339002, 1326, 435, 149}, 0},
	{"LHA-Probe", swim.Disable{Suspicion: true, Buddy: true}, measured{229574, 436, 429, 134}, 0},
	{"LHA-Suspicion", swim.Disable{Health: true, Buddy: true}, measured{10174, 89, 485, 159}, 0},
	{"Buddy", swim.Disable{Health: true, Suspicion: true}, measured{318935, 591, 436, 148}, 0},
	{"Lifeguard", swim.Disable{}, measured{5193, 25, 481, 146}, 0},
}

// group is the number of members in lifeguard's experiments.
const group = 128

// lifeguard is the false positives of the paper's variants when some members are
// slow, and how long a real failure takes them.
func lifeguard(w io.Writer, trials int) {
	head(w, fmt.Sprintf("False positives, %d members, some of them slow (lifeguard V), %d s for each of %d conditions", group, int(slowFor.Seconds()), len(conditions)*trials),
		"published", "% of SWIM", "ours", "% of SWIM", "healthy", "% of SWIM", "ours", "% of SWIM", "messages", "bytes")
	var base slowness
	for i, v := range variants {
		sum := v.underSlowness(trials)
		if i == 0 {
			base = sum
		}
		p, q := v.figures, variants[0].figures
		fmt.Fprintf(w, "%-22s%9.0f%9.1f%9d%9.1f%9.0f%9.1f%9d%9.1f%9.2f%9.2f\n", v.name,
			p[0], 100*p[0]/q[0], sum.all, shareOf(sum.all, base.all),
			p[1], 100*p[1]/q[1], sum.healthy, shareOf(sum.healthy, base.healthy),
			float64(sum.messages)/float64(base.messages), float64(sum.bytes)/float64(base.bytes))
	}
	lifeguardLatency(w, 10*trials)
	fmt.Fprint(w, lifeguardNotes)
}

func shareOf(part, whole int) float64 { return 100 * float64(part) / float64(max(whole, 1)) }

// slowCondition is how many members are slow, and how: blocked for a time, then
// awake for a moment, again and again.
type slowCondition struct {
	slow           int
	blocked, awake time.Duration
}

// conditions are some of the paper's: up to a quarter of the members, blocked
// for up to half a minute, awake for a millisecond to seconds.
var conditions = func() (all []slowCondition) {
	for _, slow := range []int{4, 16, 32} {
		for _, blocked := range []int{8192, 32768} {
			for _, awake := range []int{1, 1024} {
				all = append(all, slowCondition{slow, time.Duration(blocked) * time.Millisecond, time.Duration(awake) * time.Millisecond})
			}
		}
	}
	return all
}()

// slowFor is how long a condition lasts.
const slowFor = 2 * time.Minute

// slowness is what came of slow members.
type slowness struct {
	all      int // members that were well and were declared failed
	healthy  int // of those, by members that were well, too
	messages uint64
	bytes    uint64
}

// underSlowness plays all conditions.
func (v variant) underSlowness(trials int) (sum slowness) {
	for _, c := range conditions {
		for trial := range trials {
			one := v.play(c, group, uint64(trial+1))
			sum.all += one.all
			sum.healthy += one.healthy
			sum.messages += one.messages
			sum.bytes += one.bytes
		}
	}
	return sum
}

// play plays one condition. A member that is not slow and is declared failed is
// a false positive, which counts once, where it is declared: not again at each
// member that is told.
func (v variant) play(cond slowCondition, members int, seed uint64) (s slowness) {
	slow := make(map[string]bool)
	g := v.config(5)
	g.Trace = func(e swim.TraceEvent) {
		name, rest, _ := strings.Cut(e.What, " failed at ")
		if !strings.Contains(rest, ": suspected for ") || slow[name] {
			return
		}
		s.all++
		if !slow[e.Node] {
			s.healthy++
		}
	}
	c := crowd.New(quick(members, seed, g))
	const warm = 10 * time.Second
	for i := range cond.slow {
		c.Stall(i, crowd.Stall{Blocked: cond.blocked, Awake: cond.awake, Since: warm, Until: warm + slowFor, Messages: true})
		slow[c.Members()[i].Name] = true
	}
	c.Run(warm + slowFor)
	for _, m := range c.Members() {
		t := m.Pool.Stats().Traffic
		s.messages += t.PacketsOut
		s.bytes += t.BytesOut
	}
	return s
}

// config returns the variant's settings: those of a LAN, with the multiplier of
// the suspicion's shortest time.
func (v variant) config(alpha int) swim.Config {
	g := swim.DefaultLAN()
	g.Disable = v.disable
	g.Disable.StreamProbe = true
	g.SuspicionMult = alpha
	return g
}

// lifeguardLatency is how long it takes until a member that stopped is known to
// have failed, by the first of the others and by all.
func lifeguardLatency(w io.Writer, trials int) {
	head(w, fmt.Sprintf("Seconds until a failure is declared (lifeguard V), median of %d", trials), "first", "% of SWIM", "published", "all", "% of SWIM", "published")
	var base [2]time.Duration
	for i, row := range []struct {
		variant   variant
		alpha     int
		published string // of the full time, in % of SWIM's
	}{{variants[0], 5, "100"}, {variants[4], 5, "100"}, {variants[4], 4, "84.5"}, {variants[4], 2, "56.7"}} {
		first, all := row.variant.latency(row.alpha, trials)
		if i == 0 {
			base = [2]time.Duration{first, all}
		}
		name := fmt.Sprintf("%s, a = %d", row.variant.name, row.alpha)
		fmt.Fprintf(w, "%-22s%9.2f%9.1f%9s%9.2f%9.1f%9s\n", name,
			first.Seconds(), 100*first.Seconds()/base[0].Seconds(), "",
			all.Seconds(), 100*all.Seconds()/base[1].Seconds(), row.published)
	}
}

// latency returns the median times until the first and the last of the others
// declare a member failed that stopped.
func (v variant) latency(alpha, trials int) (first, all time.Duration) {
	var firsts, alls []time.Duration
	for trial := range trials {
		c := crowd.New(quick(group, uint64(trial+1), v.config(alpha)))
		told := 0
		var begun time.Duration
		c.OnEvent = func(_ *crowd.Member, e swim.Event) {
			if e.Kind == swim.Failed {
				if told++; told == 1 {
					begun = c.Now()
				}
			}
		}
		stop := 5*time.Second + time.Duration(trial%10)*100*time.Millisecond
		c.Run(stop)
		c.Kill(trial % group)
		c.RunUntil(stop+2*time.Minute, func() bool { return told == group-1 })
		firsts, alls = append(firsts, begun-stop), append(alls, c.Now()-stop)
	}
	return median(firsts), median(alls)
}

func median(times []time.Duration) time.Duration {
	return time.Duration(percentiles(times, .5)[0] * float64(time.Millisecond))
}
