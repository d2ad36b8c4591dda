package linear

import (
	"fmt"
	"time"
)

// Kind is what an operation does.
type Kind uint8

// The kinds of operation.
const (
	Get    Kind = iota
	Put         // write the value
	CAS         // write the value if the key's index is Want
	Delete      // remove the key, if it is there
)

// Op is one operation of a client.
type Op struct {
	Kind   Kind
	Key    string
	Client string // who asked, for the picture

	// Call and Return are when it began and when its answer came, on any one
	// clock. Operations that touch at a moment overlap.
	Call, Return time.Duration

	Value string // Put, CAS: what to write. Get: what was read
	// Index is, of a write, its index in the log, or 0 if the client was not
	// told; of a Get, the index under which the value was written, or 0 if the
	// key was absent.
	Index  uint64
	Want   uint64 // CAS: the index that the key must have; 0: it must be absent
	Failed bool   // CAS: the condition did not hold, and nothing was written

	// Unknown: no answer came. Return, Index and Failed mean nothing.
	Unknown bool

	// held: CAS: its condition held, whatever the history tells of it. Such is a
	// part of a history in which it did.
	held bool
}

// String tells what the operation was and what came of it.
func (o Op) String() string {
	switch s := o.request(); {
	case o.Unknown && o.Index > 0:
		return fmt.Sprintf("%s: no answer, but seen at index %d", s, o.Index)
	case o.Unknown:
		return s + ": no answer"
	case o.Kind == Get && o.Index == 0:
		return s + ": nothing"
	case o.Kind == Get:
		return fmt.Sprintf("%s: %q at index %d", s, o.Value, o.Index)
	case o.Failed:
		return s + ": the condition failed"
	case o.Index > 0:
		return fmt.Sprintf("%s: done at index %d", s, o.Index)
	default:
		return s
	}
}

// request tells what was asked for.
func (o Op) request() string {
	switch o.Kind {
	case Put:
		return fmt.Sprintf("put %s=%s", o.Key, o.Value)
	case CAS:
		return fmt.Sprintf("put %s=%s if at index %d", o.Key, o.Value, o.Want)
	case Delete:
		return "delete " + o.Key
	default:
		return "get " + o.Key
	}
}
