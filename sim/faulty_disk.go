package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"praetor/raft/wal"
	"praetor/sim/disk"
)

// diskFaults are what is to go wrong on the disk of a host.
type diskFaults struct {
	rates  [lastDiskRate + 1]ppm // for each operation that it applies to
	sync   *deed                 // the next sync fails, or nil
	dooms  map[point]*doom       // crashes that wait
	at     point                 // what the server is doing with its disk
	dead   bool                  // power has failed, though nobody has noticed
	rotten *deed                 // that flipped a bit, or nil
	dice   dice
}

// point is a time at which a crash hurts more than at others.
type point string

const (
	opening    point = "open"
	saving     point = "save"
	installing point = "install"
	compacting point = "compact"
)

// doom is a crash that waits for its point. From then on no operation succeeds,
// which is all that anybody can see of a power failure from the inside.
type doom struct {
	deed   *deed
	spared int // operations at the point that still succeed
}

// longestStall is how much longer an operation takes at the most.
const longestStall = 100 * time.Millisecond

// kindOn says what each rate does to a disk.
var kindOn = map[fault]disk.FaultKind{
	faultEIO: disk.EIO, faultFull: disk.Full, faultSyncRate: disk.FailedSync, faultStall: disk.Slow,
}

// strike says what goes wrong with an operation on the host's disk.
func (h *host) strike(op disk.Op) disk.Fault {
	f := &h.faults
	isSync := disk.FailedSync.AppliesTo(op.Kind)
	if f.fails() {
		if isSync {
			return disk.Fault{Kind: disk.FailedSync}
		}
		return disk.Fault{Kind: disk.EIO}
	}
	if f.sync != nil && op.Kind == disk.OpSync {
		f.sync.fire()
		f.sync.effect()
		f.sync = nil
		return disk.Fault{Kind: disk.FailedSync}
	}
	for k := firstDiskRate; k <= lastDiskRate; k++ {
		if kindOn[k].AppliesTo(op.Kind) && f.dice.roll(h.world, k, f.rates[k]) {
			h.world.ledger.effect(k)
			return disk.Fault{Kind: kindOn[k], Delay: spread(f.dice.of(h.world, k), 0, longestStall)}
		}
	}
	return disk.Fault{}
}

// fails reports whether power has failed, or does so before this operation.
func (f *diskFaults) fails() bool {
	d := f.dooms[f.at]
	if d == nil || f.dead {
		return f.dead
	}
	if d.spared > 0 {
		d.spared--
		return false
	}
	d.deed.fire()
	d.deed.effect()
	delete(f.dooms, f.at)
	f.dead = true
	return true
}

// dead reports whether the host has no power, though nobody has noticed.
func (h *host) dead() bool { return h.faults.dead }

// loseUnsynced is what a crash does to the disk.
func (h *host) loseUnsynced() {
	h.faults.dead = false
	before := h.disk.Stats()
	h.disk.Crash(stream(h.world.seed, fmt.Sprintf("crash %s %d", h.name, h.life)))
	after := h.disk.Stats()
	for k, n := range map[fault]int{ // unordered: each counts by itself
		faultUnsyncedLost: after.Lost - before.Lost,
		faultUnsyncedTorn: after.Torn - before.Torn,
		faultUnsyncedKept: after.Kept - before.Kept,
	} {
		if n > 0 {
			h.world.deedIf(true, k).effect()
		}
	}
}

// mayRefuse reports whether a server may refuse to start with what is on its
// disk: a bit of it is wrong, and the log says so.
func (h *host) mayRefuse(err error) bool {
	var damage *wal.CorruptError
	return h.faults.rotten != nil && errors.As(err, &damage)
}

// rot flips a bit on the disk of a server that is down.
func (h *host) rot(d *deed, flip func(*disk.Disk, *rand.Rand) string) {
	if h.proc != nil {
		return
	}
	if name := flip(h.disk, h.faults.dice.of(h.world, faultRot)); name != "" {
		d.fire()
		h.faults.rotten = d
		h.world.say(h.name, "disk: %s is not as it was written", name)
	}
}

// doomed lets power fail at a point, after a few operations drawn from the seed.
func (h *host) doomed(at point, d *deed) {
	n := map[point]int{opening: 12, saving: 8, installing: 8, compacting: 4}[at]
	r := h.faults.dice.of(h.world, d.kind)
	if h.faults.dooms == nil {
		h.faults.dooms = map[point]*doom{}
	}
	h.faults.dooms[at] = &doom{deed: d, spared: r.IntN(n)}
}
