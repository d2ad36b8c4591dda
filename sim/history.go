package sim

import (
	"fmt"
	"time"

	"praetor/internal/server"
)

// opKind says what a client asked for.
type opKind uint8

const (
	opWrite opKind = iota
	opRead
)

// outcome says what a client knows of an operation.
type outcome uint8

const (
	pending outcome = iota
	acked           // it was done
	refused         // it was not done and never will be
	unknown         // it may or may not have been done, or may be yet
)

// String returns the outcome in one word.
func (o outcome) String() string {
	return [...]string{"pending", "ok", "refused", "unknown"}[o]
}

// operation is one request of a client, from its first attempt to its end.
type operation struct {
	kind    opKind
	via     string          // the server that was asked
	mode    server.ReadMode // of a read
	key     string
	value   string // unique for each write; of a read: what was read
	begin   time.Duration
	end     time.Duration
	floor   uint64 // the newest index of the key that anybody knew at begin
	index   uint64 // of the write; of a read: of what was read
	outcome outcome
	at      uint64 // of a write: where it is in the committed log, 0 if it is not
	cmd     []byte
	event   int // the number of its beginning in the record
	err     error
}

// String tells what the operation was and how it ended.
func (o *operation) String() string {
	what := o.request()
	switch {
	case o.outcome != acked:
		return fmt.Sprintf("%s: %s: %v", what, o.outcome, o.err)
	case o.kind == opRead:
		return fmt.Sprintf("%s: %q at index %d", what, short(o.value), o.index)
	}
	return fmt.Sprintf("%s: ok at index %d", what, o.index)
}

// request tells what was asked for.
func (o *operation) request() string {
	if o.kind == opWrite {
		return fmt.Sprintf("put %s=%s via %s", o.key, short(o.value), o.via)
	}
	return fmt.Sprintf("get %s via %s", o.key, o.via)
}

// short returns the front of a long value.
func short(v string) string {
	if len(v) > 32 {
		return v[:32] + "..."
	}
	return v
}
