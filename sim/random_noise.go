package sim

import (
	"fmt"
	"time"
)

// noise draws faults of some of the kinds, one after the other, at any time.
func (r *randomScenario) noise() {
	kinds := r.kinds()
	if len(kinds) == 0 {
		return
	}
	pause := pick(r, 100, 1000, 5000) * int(time.Millisecond)
	for t := faultsBegin; t < faultsEnd; t += spread(r.rand, time.Millisecond, time.Duration(pause)) {
		r.at(t, "%s", kinds[r.rand.IntN(len(kinds))]())
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
			func() string { return fmt.Sprintf("heal %s %s", r.host(), r.host()) },
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
			func() string { return "partition " + pick(r, "halves", "ring", "bridge") },
			func() string { return "heal" },
		},
		{
			func() string {
				return fmt.Sprintf("clog %s -> %s for %v", r.host(), r.host(), r.between(10*time.Millisecond, 4*time.Second))
			},
		},
		{
			func() string {
				return fmt.Sprintf("pause %s for %v", r.host(), r.between(10*time.Millisecond, 4*time.Second))
			},
		},
		{
			func() string {
				return fmt.Sprintf("cpu %s cost=%v", r.host(), r.between(50*time.Microsecond, 2*time.Millisecond))
			},
			func() string { return "cpu all cost=0s" },
		},
		{
			func() string { return "bounce " + r.host() },
		},
		{
			r.trap,
			func() string { return "restart all" },
		},
		{
			func() string { return r.member() },
		},
		{
			func() string { return "resign " + r.host() },
			func() string { return "restart all" },
		},
	}
	var on []func() string
	for _, k := range append(all, r.machineKinds()...) {
		if r.coin() {
			on = append(on, k...)
		}
	}
	return on
}

// machineKinds returns those of disks, addresses, programs and clocks.
func (r *randomScenario) machineKinds() [][]func() string {
	return [][]func() string{
		{
			func() string {
				return fmt.Sprintf("disk %s %s=%d%%", r.host(), pick(r, "eio", "full", "fsync", "stall"), 1+r.rand.IntN(5))
			},
			func() string { return "disk all fail=none" },
			func() string { return "restart all" },
		},
		{
			func() string {
				return fmt.Sprintf("doom %s at=%s", r.host(), pick(r, "open", "save", "install", "compact"))
			},
			func() string { return "bounce " + r.host() },
			func() string { return "restart all" },
		},
		{
			func() string { return "kill " + r.host() },
			// One alone: were all to move at once, nobody would find anybody.
			func() string { return "move n1" },
			func() string { return "restart all" },
		},
		{
			func() string { return fmt.Sprintf("binary %s speaks=newer", r.host()) },
		},
		r.jumps(),
	}
}

// jumps lets clocks leap ahead, by less than the lease's margin; in a run in
// which clocks drift the drift has all of that.
func (r *randomScenario) jumps() []func() string {
	if r.drifts {
		return nil
	}
	return []func() string{func() string {
		return fmt.Sprintf("clock %s jump=%v", r.host(), r.between(time.Millisecond, 5*time.Millisecond))
	}}
}

// trap draws a fault that is aimed at a moment of somebody.
func (r *randomScenario) trap() string {
	moment := pick(r,
		`says "becomes leader"`, `says "campaigns"`, `says "votes for"`, `says "steps down"`, `says "follows"`,
		`says "truncates"`, `says "restores snapshot"`, `says "sends snapshot"`, `says "start:"`,
		`says "uses the configuration"`, `says "snapshot: saved"`)
	return fmt.Sprintf("when any %s %s it", moment, pick(r, "crash", "crash", "kill", "isolate"))
}

// member lets a new server join, later one leave, and after that has nothing
// more to do but start what is down.
func (r *randomScenario) member() string {
	r.changes++
	switch r.changes {
	case 1:
		return fmt.Sprintf("server n%d joins all%s", r.servers+1, r.knobs)
	case 5:
		return "leave " + r.host()
	}
	return "restart all"
}
