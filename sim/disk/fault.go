package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// The errors of faults, wrapped in an *fs.PathError.
var (
	ErrIO   = errors.New("input/output error")
	ErrFull = errors.New("no space left on device")
)

// OpKind is a kind of operation.
type OpKind uint8

// The operations. Size and Close never fail and are not counted.
const (
	OpCreate OpKind = iota
	OpOpen
	OpRead
	OpWrite
	OpPreallocate
	OpSync
	OpRename
	OpRemove
	OpList
	OpSyncDir
	OpClose
	opKinds
)

var opNames = [opKinds]string{
	"create", "open", "read", "write", "preallocate", "sync", "rename", "remove", "list", "sync", "close",
}

// String returns the operation's name.
func (k OpKind) String() string { return opNames[k] }

// Op is one operation on a disk.
type Op struct {
	Kind           OpKind
	File           string // or "" for the directory
	To             string // new name of a rename
	Offset, Length int64  // in bytes, of reads, writes and preallocations
}

// String returns the operation as a line of a trace.
func (o Op) String() string {
	switch o.Kind {
	case OpRead, OpWrite:
		return fmt.Sprintf("%s %s: %d bytes at %d", o.Kind, o.File, o.Length, o.Offset)
	case OpPreallocate:
		return fmt.Sprintf("%s %s: %d bytes", o.Kind, o.File, o.Length)
	case OpRename:
		return fmt.Sprintf("%s %s -> %s", o.Kind, o.File, o.To)
	case OpList, OpSyncDir:
		return o.Kind.String() + " directory"
	}
	return fmt.Sprintf("%s %s", o.Kind, o.File)
}

// FaultKind is a kind of fault.
type FaultKind uint8

// The faults. One that does not apply to an operation does nothing to it and
// is not counted.
const (
	NoFault    FaultKind = iota
	EIO                  // any operation but a sync fails
	Full                 // whatever takes room fails: create, write, preallocate, rename
	FailedSync           // a sync fails, and the writes that it should have made durable are lost
	Rot                  // a read finds one bit flipped, which stays so
	Slow                 // the operation takes Delay, which is added to Stats
	faultKinds
)

var faultNames = [faultKinds]string{"none", "EIO", "full", "failed sync", "rot", "slow"}

// String returns the fault's name.
func (k FaultKind) String() string { return faultNames[k] }

// Fault says what goes wrong. The zero Fault is that nothing does.
type Fault struct {
	Kind  FaultKind
	Bit   uint64        // for Rot: which bit of those that are read, modulo their number
	Delay time.Duration // for Slow
}

// AppliesTo reports whether a fault can strike an operation.
func (k FaultKind) AppliesTo(op OpKind) bool {
	isSync := op == OpSync || op == OpSyncDir
	switch k {
	case EIO:
		return !isSync
	case Full:
		return op == OpCreate || op == OpWrite || op == OpPreallocate || op == OpRename
	case FailedSync:
		return isSync
	case Rot:
		return op == OpRead
	case Slow:
		return true
	}
	return false
}

// Stats counts what happened on a disk.
type Stats struct {
	Ops     [opKinds]int    // by OpKind, those that failed too
	Faults  [faultKinds]int // by FaultKind
	Delay   time.Duration   // the sum of all Slow faults; a driver takes the difference
	Crashes int
	Lost    int // unsynced writes and changes of names that crashes dropped
	Torn    int // unsynced writes that crashes kept in part
	Kept    int // unsynced writes and changes of names that crashes kept
}

// Rates are probabilities of faults, each for an operation that it applies to.
type Rates struct {
	EIO, Full, FailedSync, Rot, Slow float64

	Delay time.Duration // the longest of a Slow fault
}

// Random returns a hook for [Disk.Fault] that draws faults from rng. Every
// operation draws as often as every other, so that one more fault of one kind
// does not move those that follow.
func Random(rng *rand.Rand, r Rates) func(Op) Fault {
	rates := [faultKinds]float64{EIO: r.EIO, Full: r.Full, FailedSync: r.FailedSync, Rot: r.Rot, Slow: r.Slow}
	return func(op Op) Fault {
		f := Fault{Bit: rng.Uint64(), Delay: time.Duration(rng.Float64() * float64(r.Delay))}
		for k := EIO; k < faultKinds; k++ {
			if rng.Float64() < rates[k] && f.Kind == NoFault && k.AppliesTo(op.Kind) {
				f.Kind = k
			}
		}
		return f
	}
}
