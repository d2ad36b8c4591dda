package sim

import (
	"fmt"
	"slices"
	"time"
)

// A plot is a sequence of faults that is shaped to hit a weak place of the
// protocol; what it needs is named in its comment. Its times and who is hit are
// drawn.
type plot struct {
	aims []Focus // beside All
	draw func(r *randomScenario, t time.Duration) (end time.Duration)
}

var plots = []plot{
	{[]Focus{Raft, KV}, (*randomScenario).newLeadersFall},
	{[]Focus{Raft}, (*randomScenario).leadersInTurn},
	{[]Focus{Raft, KV}, (*randomScenario).leaderWithFew},
	{[]Focus{Raft, KV}, (*randomScenario).lateMessages},
	{[]Focus{Raft}, (*randomScenario).votersFall},
	{[]Focus{Raft, KV}, (*randomScenario).slowDisks},
	{[]Focus{KV}, (*randomScenario).leaseRunsOut},
	{[]Focus{Raft, KV}, (*randomScenario).voterComesBack},
	{[]Focus{Raft}, (*randomScenario).followerLags},
	{[]Focus{Raft, SWIM, Catalog}, (*randomScenario).cutOneByOne},
	{[]Focus{Raft, Catalog}, (*randomScenario).membersChange},
	{[]Focus{Raft, KV}, (*randomScenario).officeIsHandedOver},
	{[]Focus{KV}, (*randomScenario).heirWrites},
	{[]Focus{Raft}, (*randomScenario).startIsHard},
	{[]Focus{SWIM, Catalog}, (*randomScenario).flaps},
	{[]Focus{Raft}, (*randomScenario).tailsDiffer},
	{[]Focus{KV}, (*randomScenario).leadersPause},
	{[]Focus{Raft}, (*randomScenario).partsComeTwice},
}

// plots draws plots, one after the other, until the time is over.
func (r *randomScenario) plots() {
	var fit []plot
	for _, p := range plots {
		if r.focus == All || slices.Contains(p.aims, r.focus) {
			fit = append(fit, p)
		}
	}
	p := pick(r, fit...)
	for t := faultsBegin; t < faultsEnd; {
		t = p.draw(r, t)
		if r.rand.IntN(4) == 0 {
			p = pick(r, fit...)
		}
	}
}

// newLeadersFall lets whoever becomes leader fall soon after, over and over, so
// that what it appended is on some servers and not on others.
func (r *randomScenario) newLeadersFall(t time.Duration) time.Duration {
	delay := r.between(100*time.Microsecond, 100*time.Millisecond)
	how := pick(r, "crash", "kill", "isolate")
	for range 2 + r.rand.IntN(4) {
		r.at(t, `when any leads, after %v: %s it`, delay, how)
		t += r.between(300*time.Millisecond, 2*time.Second)
		r.at(t, "%s", pick(r, "restart all", "restart longest"))
		if how == "isolate" || r.coin() {
			r.at(t, "heal")
		}
	}
	return t
}

// leadersInTurn is figure 8 of the Raft paper. Two leaders in turn are alone
// with what they append, and fall. Then the first comes back, leads again, spreads
// its old entry, and falls as soon as it has committed anything; if that was by
// counting, the second comes back and overwrites it.
func (r *randomScenario) leadersInTurn(t time.Duration) time.Duration {
	gap := r.between(800*time.Millisecond, 2*time.Second)
	fall := r.between(5*time.Millisecond, 100*time.Millisecond)
	r.at(t, "crash leader")
	for _, moment := range []string{"leads", "leads", "leads, it commits"} {
		r.at(t, "when any %s: isolate it", moment)
		r.at(t, "when any %s, after %v: crash it", moment, fall)
		t += gap
		r.at(t, "heal")
		r.at(t, "restart longest")
	}
	t += gap
	r.at(t, "restart all")
	return t + gap
}

// leaderWithFew cuts the leader off from most others, so that it appends what
// cannot be committed, while the others elect another one.
func (r *randomScenario) leaderWithFew(t time.Duration) time.Duration {
	if r.coin() {
		r.at(t, "when any yields, after %v: %s it", r.between(time.Millisecond, 100*time.Millisecond), pick(r, "crash", "kill"))
	}
	if r.coin() {
		r.at(t, "isolate leader")
	} else {
		r.at(t, "isolate leader,%s", r.server())
	}
	t += r.between(100*time.Millisecond, 3*time.Second)
	if r.coin() {
		r.at(t, "%s leader", pick(r, "crash", "kill"))
		t += r.between(time.Millisecond, time.Second)
	}
	r.at(t, "heal")
	r.at(t, "restart all")
	return t + r.between(10*time.Millisecond, 2*time.Second)
}

// lateMessages holds back what a leader sends to some, and lets it arrive when
// another has taken over.
func (r *randomScenario) lateMessages(t time.Duration) time.Duration {
	for range 1 + r.rand.IntN(r.servers-1) {
		r.at(t, "cut leader -> %s", r.server())
		t += r.between(time.Millisecond, 500*time.Millisecond)
	}
	if r.coin() {
		r.at(t, "isolate leader")
	}
	t += r.between(200*time.Millisecond, 4*time.Second)
	for range r.rand.IntN(3) {
		r.at(t, "heal %s %s", r.host(), r.host())
		t += r.between(time.Millisecond, 200*time.Millisecond)
	}
	r.at(t, "heal")
	return t + r.between(10*time.Millisecond, time.Second)
}

// votersFall lets servers crash right after they voted, and come back at once,
// while other candidates still ask.
func (r *randomScenario) votersFall(t time.Duration) time.Duration {
	down := r.between(time.Millisecond, 50*time.Millisecond)
	for range 2 + r.rand.IntN(5) {
		at := r.between(50*time.Microsecond, 20*time.Millisecond)
		r.at(t, "when any votes, after %v: crash it", at)
		r.at(t, "when any votes, after %v: restart it", at+down)
		r.at(t, "%s", pick(r, "kill leader", "crash leader", "isolate leader"))
		t += r.between(300*time.Millisecond, 1500*time.Millisecond)
		r.at(t, "heal")
		r.at(t, "restart all")
	}
	return t
}

// slowDisks makes the time between an append and its sync long, and lets power
// fail in between.
func (r *randomScenario) slowDisks(t time.Duration) time.Duration {
	r.at(t, "disk %s sync=%v", pick(r, "all", "leader", r.server(), "leader,"+r.server()), r.between(2*time.Millisecond, 400*time.Millisecond))
	for range 1 + r.rand.IntN(3) {
		t += r.between(50*time.Millisecond, time.Second)
		r.at(t, "when any appends, after %v: crash it", r.between(100*time.Microsecond, 100*time.Millisecond))
		t += r.between(100*time.Millisecond, 2*time.Second)
		r.at(t, "restart all")
	}
	r.at(t, "disk all sync=200us jitter=300us")
	return t + r.between(10*time.Millisecond, time.Second)
}

// leaseRunsOut cuts leaders off again and again under clients that read and
// write one key as fast as they can: a lease that lasts a little too long is
// read from while the next leader writes. The answers that a lease rests on may
// be on their way for longer than it lasts.
func (r *randomScenario) leaseRunsOut(t time.Duration) time.Duration {
	r.at(t, "clients 3 keys=1 think=5ms")
	for range 4 + r.rand.IntN(4) {
		t += r.between(200*time.Millisecond, time.Second)
		if r.coin() {
			r.at(t, "cut all -> leader")
			r.at(t+r.between(time.Millisecond, 50*time.Millisecond), "cut leader -> all")
			t += r.between(100*time.Millisecond, 300*time.Millisecond)
			r.at(t, "heal all -> leader")
		} else {
			r.at(t, "%s", pick(r, "isolate leader", "isolate leader", "cut leader -> all", "cut all -> leader"))
		}
		t += r.between(400*time.Millisecond, 1500*time.Millisecond)
		r.at(t, "heal")
	}
	return t
}

// voterComesBack lets a server that the leader's lease rests on start anew, while
// another that has not heard the leader for long asks it for its vote, and
// clients read under that lease.
func (r *randomScenario) voterComesBack(t time.Duration) time.Duration {
	r.at(t, "clients 3 keys=1 think=5ms")
	for range 2 + r.rand.IntN(3) {
		n := r.rand.Perm(r.servers)
		r.at(t, "cut leader n%d", n[0]+1)
		t += r.between(200*time.Millisecond, 800*time.Millisecond)
		r.at(t, "isolate leader")
		for _, voter := range n[1:] {
			r.at(t, "kill n%d", voter+1)
		}
		t += r.between(time.Millisecond, 50*time.Millisecond)
		r.at(t, "restart all")
		t += r.between(300*time.Millisecond, 2*time.Second)
		r.at(t, "heal")
	}
	return t
}

// followerLags cuts a follower off until it needs a snapshot, and lets something
// fail while it gets it.
func (r *randomScenario) followerLags(t time.Duration) time.Duration {
	n := r.server()
	r.at(t, pick(r, "isolate %s", "crash %s"), n)
	t += r.between(500*time.Millisecond, 4*time.Second)
	delay := r.between(50*time.Microsecond, 50*time.Millisecond)
	switch r.rand.IntN(4) {
	case 0:
		r.at(t, `when any says "sends snapshot", after %v: crash it`, delay)
	case 1:
		r.at(t, `when any says "sends snapshot", after %v: crash %s`, delay, n)
	case 2:
		r.at(t, `when %s says "restores snapshot", after %v: crash it`, n, delay)
	case 3:
		r.at(t, `when any snapshots, after %v: crash it`, delay)
	}
	r.at(t, "heal")
	r.at(t, "restart all")
	t += r.between(100*time.Millisecond, 2*time.Second)
	r.at(t, "restart all")
	return t
}

// cutOneByOne cuts links one after the other, and heals them in another order.
func (r *randomScenario) cutOneByOne(t time.Duration) time.Duration {
	arrow := pick(r, "", "-> ")
	var pairs []string
	for range 2 + r.rand.IntN(2*r.servers) {
		pairs = append(pairs, fmt.Sprintf("%s %s%s", r.host(), arrow, r.server()))
		r.at(t, "cut %s", pairs[len(pairs)-1])
		t += r.between(10*time.Millisecond, time.Second)
	}
	r.rand.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	for _, p := range pairs {
		r.at(t, "heal %s", p)
		t += r.between(10*time.Millisecond, time.Second)
	}
	r.at(t, "heal")
	return t
}

// membersChange lets servers come and go, while leaders fall in the middle of it.
func (r *randomScenario) membersChange(t time.Duration) time.Duration {
	if r.changes == 0 {
		r.changes = 1
		r.at(t, "server n%d joins all%s", r.servers+1, r.knobs)
	} else if r.changes == 1 {
		r.changes = 2
		r.at(t, "leave %s", r.host())
	}
	for range 1 + r.rand.IntN(3) {
		r.at(t, `when any says "uses the configuration", after %v: %s %s`,
			r.between(50*time.Microsecond, 100*time.Millisecond), pick(r, "crash", "isolate"), pick(r, "it", "leader"))
		t += r.between(300*time.Millisecond, 3*time.Second)
		r.at(t, "heal")
		r.at(t, "restart all")
	}
	return t
}

// officeIsHandedOver lets leaders resign, cut off from some while they do.
func (r *randomScenario) officeIsHandedOver(t time.Duration) time.Duration {
	if r.coin() {
		r.at(t, "cut leader %s%s", pick(r, "", "-> "), r.server())
		t += r.between(time.Millisecond, 300*time.Millisecond)
	}
	r.at(t, "resign leader")
	if r.coin() {
		r.at(t, "when any leads, after %v: %s it", r.between(100*time.Microsecond, 100*time.Millisecond), pick(r, "crash", "isolate"))
	}
	t += r.between(100*time.Millisecond, 2*time.Second)
	r.at(t, "heal")
	r.at(t, "restart all")
	return t + r.between(10*time.Millisecond, time.Second)
}

// heirWrites lets leaders hand over and not learn that it has worked: what others
// say to them is cut off as soon as they have told their heir. All the while
// clients read and write one key.
func (r *randomScenario) heirWrites(t time.Duration) time.Duration {
	r.at(t, "clients 3 keys=1 think=5ms")
	for range 2 + r.rand.IntN(4) {
		r.at(t, `when any says "transfers the leadership", after %v: cut all -> it`, r.between(50*time.Microsecond, 2*time.Millisecond))
		t += r.between(50*time.Millisecond, 500*time.Millisecond)
		r.at(t, "resign leader")
		t += r.between(500*time.Millisecond, 2*time.Second)
		r.at(t, "heal")
		r.at(t, "restart all")
		t += r.between(100*time.Millisecond, time.Second)
	}
	return t
}

// startIsHard lets servers fall again while they come back.
func (r *randomScenario) startIsHard(t time.Duration) time.Duration {
	r.at(t, "crash %s", pick(r, "all", r.host()))
	for range 1 + r.rand.IntN(4) {
		r.at(t, "when any starts, after %v: crash it", r.between(50*time.Microsecond, 300*time.Millisecond))
		t += r.between(time.Millisecond, 500*time.Millisecond)
		r.at(t, "restart all")
	}
	t += r.between(10*time.Millisecond, 2*time.Second)
	r.at(t, "restart all")
	return t
}

// flaps cuts somebody off and lets it come back, faster and slower than the
// others need to give it up.
func (r *randomScenario) flaps(t time.Duration) time.Duration {
	n := pick(r, r.server(), "leader", "all")
	for range 2 + r.rand.IntN(4) {
		r.at(t, pick(r, "isolate %s", "cut %s -> all", "cut all -> %s", "kill %s"), n)
		t += r.between(200*time.Millisecond, 8*time.Second)
		r.at(t, "heal")
		r.at(t, "restart all")
		t += r.between(200*time.Millisecond, 4*time.Second)
	}
	return t
}

// tailsDiffer leaves a leader with a tail that nobody else has, and lets it come
// back to a new leader that has lost touch with it, and so begins to compare
// the logs far in front of where they differ.
func (r *randomScenario) tailsDiffer(t time.Duration) time.Duration {
	r.at(t, "clients 2 keys=2 think=20ms")
	r.at(t, "isolate leader")
	r.at(t, "when any yields, after %v: %s it", r.between(time.Millisecond, 20*time.Millisecond), pick(r, "crash", "kill"))
	t += r.between(800*time.Millisecond, 3*time.Second)
	if r.coin() {
		r.at(t, "network reset=%d%%", 1+r.rand.IntN(20))
	}
	r.at(t, "heal")
	r.at(t, "restart all")
	t += r.between(100*time.Millisecond, 2*time.Second)
	r.at(t, "network reset=0%%")
	return t
}

// leadersPause stops leaders for about as long as they may believe that they
// lead, under clients that read and write one key.
func (r *randomScenario) leadersPause(t time.Duration) time.Duration {
	r.at(t, "clients 3 keys=1 think=10ms")
	for range 2 + r.rand.IntN(6) {
		r.at(t, "pause leader for %v", r.between(100*time.Millisecond, 2*time.Second))
		t += r.between(300*time.Millisecond, 3*time.Second)
	}
	return t
}

// partsComeTwice holds up a snapshot for so long that its parts are sent again,
// and then lets all of them arrive.
func (r *randomScenario) partsComeTwice(t time.Duration) time.Duration {
	n := r.server()
	r.at(t, "clients 1 keys=8 think=20ms size=2000")
	r.at(t, "isolate %s", n)
	r.at(t, `when any says "sends snapshot", after %v: clog it -> %s for %v`,
		r.between(50*time.Microsecond, 5*time.Millisecond), n, r.between(500*time.Millisecond, 3*time.Second))
	t += r.between(time.Second, 4*time.Second)
	r.at(t, "heal")
	return t + r.between(time.Second, 4*time.Second)
}
