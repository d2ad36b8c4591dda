package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Random makes up a scenario from a seed: a cluster with clients, twenty seconds
// of faults, then a time in which a quorum is well, and one in which all are.
// Half of the kinds of faults are off in each run, because some bugs only show
// when nothing else gets in their way (Groce et al., "Swarm Testing", ISSTA
// 2012). Beside the noise there are plots: short sequences that aim at a
// protocol's weak place, which noise would hit once in a million runs. It is a
// text like any other: it can be printed, cut down, and played again.
func Random(seed uint64) *Scenario { return RandomOf(All, seed) }

// The time of the faults.
const (
	faultsBegin = 5 * time.Second
	faultsEnd   = 25 * time.Second
)

// RandomOf makes up a scenario whose faults aim at something.
func RandomOf(focus Focus, seed uint64) *Scenario {
	r := &randomScenario{rand: stream(seed, "scenario "+focus.String()), focus: focus}
	r.line("# Random faults of seed %d, aimed at %s.", seed, focus)
	if (focus == All || focus == Raft) && r.rand.IntN(8) == 0 {
		r.startAtMark()
	} else {
		r.cluster()
	}
	r.weather()
	r.line("expect leader within 60s")
	r.storm()
	r.clients(seed)
	r.deletions(stream(seed, "deletions "+focus.String()))
	r.services(stream(seed, "services "+focus.String()))
	r.faults()
	r.recovery(seed)
	s, err := Parse(focus.scenario(), r.text.String())
	if err != nil {
		panic(err) // a bug right here
	}
	return s
}

// randomScenario is one in the making.
type randomScenario struct {
	rand    *rand.Rand
	focus   Focus
	servers int
	agents  int
	changes int    // of the members, so far
	drifts  bool   // clocks do not run alike
	knobs   string // the arguments of servers, but for expect
	timed   []timedLine
	text    strings.Builder
}

// timedLine is a step that waits for its time.
type timedLine struct {
	at   time.Duration
	text string
}

func (r *randomScenario) line(format string, args ...any) {
	fmt.Fprintf(&r.text, format+"\n", args...)
}

// at adds a step of the time of the faults.
func (r *randomScenario) at(t time.Duration, format string, args ...any) {
	if t < faultsEnd {
		r.timed = append(r.timed, timedLine{t.Round(time.Microsecond), fmt.Sprintf(format, args...)})
	}
}

func (r *randomScenario) coin() bool { return r.rand.IntN(2) == 0 }

// pick draws one of some.
func pick[T any](r *randomScenario, of ...T) T { return of[r.rand.IntN(len(of))] }

// between draws a duration, short ones as often as long ones: the logarithm is
// spread evenly.
func (r *randomScenario) between(low, high time.Duration) time.Duration {
	for 2*low < high && r.coin() {
		low *= 2
	}
	return spread(r.rand, low, min(low, high-low)).Round(time.Microsecond)
}

// host names one server, or whoever leads.
func (r *randomScenario) host() string {
	if n := r.rand.IntN(r.servers + 1); n > 0 {
		return fmt.Sprintf("n%d", n)
	}
	return "leader"
}

// server names one server.
func (r *randomScenario) server() string { return fmt.Sprintf("n%d", 1+r.rand.IntN(r.servers)) }

// cluster draws how many servers there are, and knobs that make what is rare in
// production happen all the time: small snapshots, and single entries on their
// way.
func (r *randomScenario) cluster() {
	r.servers = pick(r, 3, 3, 5)
	if r.coin() {
		every := 5 + r.rand.IntN(100)
		if every%3 == 0 && r.focus == Raft {
			every = 2 + every/20 // so that one comes in the middle of everything
		}
		r.knobs += fmt.Sprintf(" snapshot=%d", every)
	}
	if r.coin() || r.focus == Raft {
		r.knobs += fmt.Sprintf(" append=%d", pick(r, 1, 1, 1, 512))
	}
	if r.rand.IntN(8) == 0 {
		r.line("topology %s", pick(r, "zones", "wan"))
	}
	r.line("servers %d expect=%d%s", r.servers, r.servers, r.knobs)
	if r.focus == SWIM || r.focus == Catalog || r.focus == All && r.rand.IntN(8) == 0 {
		r.agents = 1 + r.rand.IntN(pick(r, 4, 16))
		r.line("agents %d", r.agents)
	}
}

// clients draws how busy the cluster is.
func (r *randomScenario) clients(seed uint64) {
	think := pick(r, 10, 20, 100, 100, 500, 500) * int(time.Millisecond)
	if r.focus == KV {
		think = pick(r, 5, 10, 20) * int(time.Millisecond)
	}
	size := ""
	if own := stream(seed, "sizes "+r.focus.String()); own.IntN(4) == 0 {
		size = fmt.Sprintf(" size=%d", 1<<(8+own.IntN(6))) // over several sectors of a disk, some
	}
	r.line("clients %d keys=%d think=%v%s", 1+r.rand.IntN(3), 1+r.rand.IntN(3), time.Duration(think), size)
}

// deletions adds a client that deletes trees, and on conditions. It draws from a
// stream of its own.
func (r *randomScenario) deletions(own *rand.Rand) {
	if (r.focus == All || r.focus == KV) && own.IntN(4) == 0 {
		r.line("clients 1 keys=3 think=50ms mix=put:3,delete-cas:3,delete-tree:1,watch-list:1,list:1")
	}
}

// weatherRates are the rates of faults of the network: how many runs have each,
// and how high it may be.
var weatherRates = []struct {
	name    string
	oneIn   int
	percent int
}{
	{"loss", 2, 10}, {"duplicate", 2, 20}, {"burst", 6, 3}, {"reorder", 6, 10},
	{"tail", 6, 5}, {"flip", 6, 3}, {"garble", 6, 2}, {"reset", 4, 3},
}

// storm draws what befalls the network from when the cluster is made.
func (r *randomScenario) storm() {
	for _, rate := range weatherRates {
		if r.rand.IntN(rate.oneIn) == 0 {
			r.line("network %s=%d%%", rate.name, 1+r.rand.IntN(rate.percent))
		}
	}
	if r.rand.IntN(8) == 0 {
		r.line("network bandwidth=%d", pick(r, 50_000, 200_000, 1_000_000))
	}
}

// weather draws what stays the same all the time of the faults.
func (r *randomScenario) weather() {
	if r.coin() {
		r.line("network delay=%dms jitter=%dms", r.rand.IntN(10), 1+r.rand.IntN(40))
	}
	if r.coin() {
		r.drifts = true
		// Two clocks may run apart by a tenth: the lease's margin.
		for n := range r.servers {
			r.line("clock n%d drift=%d", n+1, pick(r, -45_000, r.rand.IntN(80_000)-40_000, 45_000))
		}
	}
}

// faults draws twenty seconds of noise, or of plots, or of both.
func (r *randomScenario) faults() {
	which := r.rand.IntN(4)
	if which < 2 {
		r.noise()
	}
	if which > 0 {
		r.plots()
	}
	slices.SortStableFunc(r.timed, func(a, b timedLine) int { return cmp.Compare(a.at, b.at) })
	for _, l := range r.timed {
		r.line("at %v %s", l.at, l.text)
	}
}

// recovery ends the faults, first those of a quorum, and asks for progress.
func (r *randomScenario) recovery(seed uint64) {
	r.line("at %v recover quorum", r.long(stream(seed, "long trouble "+r.focus.String()))+time.Second)
	r.line("progress")
	r.line("recover all")
	r.line("progress")
	r.line("put last word")
	r.line("quiet 30s")
}
