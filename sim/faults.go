package sim

import (
	"math/rand/v2"
)

// fault is a kind of thing that goes wrong in a world. Each is either a rate,
// which strikes with some probability whenever it could, or a deed, which a
// step of a scenario asks for.
type fault uint8

const (
	// Rates of the network.
	faultLoss fault = iota
	faultBurst
	faultDuplicate
	faultReorder
	faultTail
	faultFlip
	faultGarble
	faultReset

	// Rates of disks.
	faultEIO
	faultFull
	faultSyncRate
	faultStall

	// Rates of clients.
	faultGiveUp
	faultRetry
	faultOldIndex
	faultClientCrash

	// Deeds to the network.
	faultDelay
	faultSlowLink
	faultLose
	faultDouble
	faultLate
	faultClog
	faultCut
	faultOneWay
	faultIsolate
	faultHalves
	faultRing
	faultBridge

	// Deeds to agents and the machines under them.
	faultCrash
	faultKill
	faultRestart
	faultBounce
	faultPause
	faultSlowCPU
	faultOffset
	faultDrift
	faultJump
	faultWipe
	faultReplace
	faultMove
	faultOldProgram
	faultNewProgram

	// Deeds to disks.
	faultSlowDisk
	faultSyncFails
	faultRot
	faultCrashOpening
	faultCrashSaving
	faultCrashInstalling
	faultCrashCompacting
	faultUnsyncedLost
	faultUnsyncedTorn
	faultUnsyncedKept

	// Changes of the members.
	faultJoin
	faultLeave
	faultResign
	faultDemote
	faultTransfer

	numFaults
)

// numNetRates is the number of rates of the network, which come first.
const numNetRates = faultReset + 1

// The rates of disks come behind them.
const (
	firstDiskRate = faultEIO
	lastDiskRate  = faultStall
)

// faultKind describes a fault.
type faultKind struct {
	name string
	rate bool // it has a probability; else it is a deed
	sure bool // if it found its target, and of a rate often, but had no effect, it is broken
	what string
}

// faultKinds are all the kinds that there are. What counts as an effect is said
// here, and measured where it happens.
var faultKinds = [numFaults]faultKind{
	faultLoss:      {"loss", true, true, "a packet is lost that would have arrived"},
	faultBurst:     {"burst", true, true, "two packets or more are lost in a row"},
	faultDuplicate: {"duplicate", true, true, "a datagram arrives a second time"},
	faultReorder:   {"reorder", true, false, "a datagram that was held back arrives behind one that was sent later"},
	faultTail:      {"tail", true, true, "a packet takes 20 ms to 2.56 s longer, each doubling half as likely"},
	faultFlip:      {"flip", true, true, "a bit is wrong in a packet: gossip refuses it, TCP sends it again"},
	faultGarble:    {"garble", true, true, "a message is damaged so that TCP does not see it: the server refuses it, and the connection"},
	faultReset:     {"reset", true, true, "a connection is reset"},

	faultEIO:      {"eio", true, true, "an operation on a disk fails, and the server stops"},
	faultFull:     {"full", true, true, "a disk has no room, and the server stops"},
	faultSyncRate: {"fsync", true, true, "a sync fails, and the server stops"},
	faultStall:    {"stall", true, true, "an operation on a disk takes up to 100 ms longer"},

	faultGiveUp:      {"give-up", true, false, "a client that is short of patience does not wait for the answer"},
	faultRetry:       {"retry", true, false, "a client asks once more for a write with no known end"},
	faultOldIndex:    {"old-index", true, false, "a client names an index that is not the last it was told"},
	faultClientCrash: {"client-crash", true, true, "a client forgets all that it knows"},

	faultDelay:    {"delay", false, false, "a packet takes longer than it can on a LAN"},
	faultSlowLink: {"slow-link", false, false, "a packet waits more than a millisecond for a link's bandwidth"},
	faultLose:     {"lose", false, false, "the packet that was named is lost"},
	faultDouble:   {"double", false, false, "the packet that was named arrives twice"},
	faultLate:     {"late", false, false, "the packet that was named takes longer"},
	faultClog:     {"clog", false, false, "something arrives only when a link moves again, with all that came after it"},
	faultCut:      {"cut", false, false, "a cut link stops something"},
	faultOneWay:   {"cut-oneway", false, false, "a link that is cut one way stops something"},
	faultIsolate:  {"isolate", false, false, "the cut around a host stops something"},
	faultHalves:   {"halves", false, false, "the cut between two halves stops something"},
	faultRing:     {"ring", false, false, "a host cannot reach one that is not its neighbour"},
	faultBridge:   {"bridge", false, false, "two halves cannot reach each other, but one host reaches both"},

	faultCrash:      {"crash", false, false, "an agent that ran loses its power"},
	faultKill:       {"kill", false, false, "an agent that ran is killed"},
	faultRestart:    {"restart", false, false, "an agent that was down starts"},
	faultBounce:     {"bounce", false, false, "an agent that ran is killed, and starts again at once"},
	faultPause:      {"pause", false, false, "an event waits for an agent that stands still"},
	faultSlowCPU:    {"slow-cpu", false, false, "an event waits for the CPU"},
	faultOffset:     {"clock-offset", false, true, "a clock shows another time when its agent starts"},
	faultDrift:      {"clock-drift", false, true, "a clock shows another time than has passed"},
	faultJump:       {"clock-jump", false, false, "a running clock leaps ahead"},
	faultWipe:       {"wipe", false, false, "an agent loses a disk that was not empty"},
	faultReplace:    {"replace", false, false, "a server with a new ID and an empty disk takes the place of one"},
	faultMove:       {"move", false, false, "an agent starts at another address"},
	faultOldProgram: {"old-binary", false, false, "gossip is refused because its version is too old"},
	faultNewProgram: {"new-binary", false, false, "gossip has a section that is not known yet, which is skipped"},

	faultSlowDisk:  {"slow-disk", false, false, "a sync takes longer than it would have"},
	faultSyncFails: {"sync-fails", false, false, "a sync fails"},

	faultRot:             {"rot", false, false, "a bit on a disk is wrong: the log names it, and the server stays down"},
	faultCrashOpening:    {"crash-open", false, false, "power fails while a server opens its log"},
	faultCrashSaving:     {"crash-save", false, false, "power fails while a server saves a snapshot"},
	faultCrashInstalling: {"crash-install", false, false, "power fails while a server stores the leader's snapshot"},
	faultCrashCompacting: {"crash-compact", false, false, "power fails while a server shortens its log"},
	faultUnsyncedLost:    {"unsynced-lost", false, true, "a crash takes something that was not synced"},
	faultUnsyncedTorn:    {"unsynced-torn", false, true, "a crash leaves a part of a write that was not synced"},
	faultUnsyncedKept:    {"unsynced-kept", false, true, "a crash leaves something that was not synced, whatever became of what came before"},

	faultJoin:     {"join", false, false, "an agent begins to join"},
	faultLeave:    {"leave", false, false, "an agent that ran leaves"},
	faultResign:   {"resign", false, false, "a server that ran hands over and stops"},
	faultDemote:   {"demote", false, false, "an operator has taken a server out of the cluster"},
	faultTransfer: {"transfer", false, false, "an operator has handed the leadership over"},
}

// String returns the kind's name.
func (f fault) String() string { return faultKinds[f].name }

// ppm is a probability in millionths.
type ppm int64

// chance reports true with probability p. It always draws one number, so that
// a change of p changes nothing else.
func chance(r *rand.Rand, p ppm) bool { return r.Int64N(million) < int64(p) }

// deed is one fault that a step does. It shows in the ledger when it has found
// its target, and once more when it first changes something, which may be much
// later: a cut does nothing until something is sent.
type deed struct {
	world        *world
	kind         fault
	fired, shown bool
}

// deed takes down that a fault is asked for.
func (w *world) deed(f fault) *deed {
	w.ledger.ask(f)
	return &deed{world: w, kind: f}
}

// fire takes down that the fault was done. There may be no deed.
func (d *deed) fire() {
	if d == nil {
		return
	}
	d.world.disturbed = d.world.now
	if !d.fired {
		d.fired = true
		d.world.ledger.fire(d.kind)
	}
}

// effect takes down that the fault changed something. There may be no deed.
func (d *deed) effect() {
	if d == nil {
		return
	}
	d.world.disturbed = d.world.now
	if !d.shown {
		d.shown = true
		d.world.ledger.effect(d.kind)
	}
}

// dice are the random streams of one part of the world, a link or a disk: one
// for each kind of fault, made when the first is thrown. So a kind that is
// switched on or off, or added to the simulator, changes nothing about when the
// others strike.
type dice struct {
	name    string
	streams *[numFaults]*rand.Rand
}

// of returns the stream of a kind.
func (d *dice) of(w *world, f fault) *rand.Rand {
	if d.streams == nil {
		d.streams = new([numFaults]*rand.Rand)
	}
	if d.streams[f] == nil {
		d.streams[f] = stream(w.seed, d.name+" "+f.String())
	}
	return d.streams[f]
}

// roll draws whether a fault strikes now, and takes it down in the ledger.
func (d *dice) roll(w *world, f fault, p ppm) bool {
	if p == 0 {
		return false
	}
	struck := chance(d.of(w, f), p)
	w.ledger.chance(f, p, struck)
	return struck
}
