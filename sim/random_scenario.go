package sim

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Random makes up a scenario from a seed: a cluster with clients, twenty seconds
// of faults, and then a time in which nothing fails, after which all must work
// again. Half of the kinds of faults are off in each run, because some bugs
// only show when nothing else gets in their way (Groce et al., "Swarm Testing",
// ISSTA 2012). It is a text like any other: it can be printed, cut down by
// hand, and played again.
func Random(seed uint64) *Scenario { return RandomOf(All, seed) }

// RandomOf makes up a scenario whose faults aim at something.
func RandomOf(focus Focus, seed uint64) *Scenario {
	r := &randomScenario{rand: stream(seed, "scenario"), servers: 3}
	if r.rand.IntN(3) == 0 {
		r.servers = 5
	}
	r.line("# Random faults of seed %d.", seed)
	if r.coin() {
		r.snapshots = fmt.Sprintf(" snapshot=%d", 5+r.rand.IntN(100))
	}
	r.line("servers %d expect=%d%s", r.servers, r.servers, r.snapshots)
	r.weather()
	r.line("expect leader within 60s")
	r.line("clients %d keys=%d think=%v", 1+r.rand.IntN(3), 1+r.rand.IntN(3), []time.Duration{10, 20, 100, 100, 500, 500}[r.rand.IntN(6)]*time.Millisecond)
	r.faults()
	r.recovery()
	s, err := Parse(focus.scenario(), r.text.String())
	if err != nil {
		panic(err) // a bug right here
	}
	return s
}

// randomScenario is one in the making.
type randomScenario struct {
	rand    *rand.Rand
	servers int
	changes int // of the members, so far

	snapshots string // the argument of servers, or ""
	text      strings.Builder
}

func (r *randomScenario) line(format string, args ...any) {
	fmt.Fprintf(&r.text, format+"\n", args...)
}

func (r *randomScenario) coin() bool { return r.rand.IntN(2) == 0 }

// host names one server, or whoever leads.
func (r *randomScenario) host() string {
	if n := r.rand.IntN(r.servers + 1); n > 0 {
		return fmt.Sprintf("n%d", n)
	}
	return "leader"
}

// weather draws what stays the same all the time of the faults.
func (r *randomScenario) weather() {
	if r.coin() {
		r.line("network loss=%d%%", 1+r.rand.IntN(10))
	}
	if r.coin() {
		r.line("network duplicate=%d%%", 1+r.rand.IntN(20))
	}
	if r.coin() {
		r.line("network delay=%dms jitter=%dms", r.rand.IntN(10), 1+r.rand.IntN(40))
	}
	if r.coin() {
		// Two clocks may run apart by a tenth: the lease's margin.
		for n := range r.servers {
			r.line("clock n%d drift=%d", n+1, r.rand.IntN(80_000)-40_000)
		}
	}
}

// faults draws twenty seconds of faults, of some of the kinds.
func (r *randomScenario) faults() {
	kinds := r.kinds()
	if len(kinds) == 0 {
		return
	}
	pause := []time.Duration{100, 1000, 5000}[r.rand.IntN(3)] * time.Millisecond
	for at := 5 * time.Second; at < 25*time.Second; at += spread(r.rand, time.Millisecond, pause) {
		r.line("at %v %s", at.Round(time.Microsecond), kinds[r.rand.IntN(len(kinds))]())
	}
}

// kinds returns a fault and what ends it, for each kind that is on.
func (r *randomScenario) kinds() []func() string {
	all := [][]func() string{
		{
			func() string { return "crash " + r.host() },
			func() string { return "restart all" },
		},
		{
			func() string { return "kill " + r.host() },
			func() string { return "restart " + r.host() },
		},
		{
			func() string { return "isolate " + r.host() },
			func() string { return "heal" },
		},
		{
			func() string { return fmt.Sprintf("cut %s %s oneway=1", r.host(), r.host()) },
			func() string { return fmt.Sprintf("cut %s %s", r.host(), r.host()) },
			func() string { return "heal" },
		},
		{
			func() string { return fmt.Sprintf("disk %s sync=%dms", r.host(), r.rand.IntN(400)) },
			func() string { return "disk all sync=200us jitter=300us" },
		},
		{
			func() string { return fmt.Sprintf("disk %s fail=sync", r.host()) },
			func() string { return "restart all" },
		},
		{
			func() string { return r.member() },
		},
	}
	var on []func() string
	for _, k := range all {
		if r.coin() {
			on = append(on, k...)
		}
	}
	return on
}

// member lets a new server join, later one leave, and after that has nothing
// more to do but start what is down.
func (r *randomScenario) member() string {
	r.changes++
	switch r.changes {
	case 1:
		return fmt.Sprintf("server n%d joins all%s", r.servers+1, r.snapshots)
	case 5:
		return "leave " + r.host()
	}
	return "restart all"
}

// recovery ends the faults, first those of a quorum, and asks for progress.
func (r *randomScenario) recovery() {
	r.line("at 26s recover quorum")
	r.line("progress")
	r.line("recover all")
	r.line("progress")
	r.line("put last word")
	r.line("quiet 30s")
}
