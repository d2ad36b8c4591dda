package sim

import (
	"fmt"
	"strings"
	"time"

	"praetor/internal/server"
	"praetor/kv"
)

// opKind says what a client asked for.
type opKind uint8

const (
	opPut        opKind = iota
	opCAS               // put, if the key's index is the one that is named
	opDelete            // of a key
	opDeleteCAS         // of a key, if its index is the one that is named or it is absent
	opDeleteTree        // of all keys that begin with the key
	opGet               // of a key
	opList              // of all keys that begin with the key
)

// kindNames are how a step calls the kinds.
var kindNames = [...]string{
	opPut: "put", opCAS: "cas", opDelete: "delete",
	opDeleteCAS: "delete-cas", opDeleteTree: "delete-tree", opGet: "get", opList: "list",
}

// writes reports whether an operation of the kind goes into the log.
func (k opKind) writes() bool { return k < opGet }

// conditional reports whether an operation of the kind depends on the key's index.
func (k opKind) conditional() bool { return k == opCAS || k == opDeleteCAS }

// outcome says what a client knows of an operation.
type outcome uint8

const (
	pending outcome = iota
	acked           // it was done
	unmet           // its condition did not hold, so it changed nothing
	refused         // it was not done and never will be
	unknown         // it may or may not have been done, or may be yet
)

// String returns the outcome in one word.
func (o outcome) String() string {
	return [...]string{"pending", "ok", "unmet", "refused", "unknown"}[o]
}

// ask is what a client asks for.
type ask struct {
	kind  opKind
	key   string
	value string          // of a write: no other writes it
	want  uint64          // of a conditional kind: the index that the key must have; 0: it must be absent
	mode  server.ReadMode // of a read
	past  uint64          // of a read: wait until its index is past this one; 0: do not
	wait  time.Duration   // how long, then
}

// reply is what the client is told.
type reply struct {
	outcome outcome
	index   uint64        // of a write: where the log has it. Of a read: X-Consul-Index
	found   []row         // by a read, in key order
	known   bool          // of a read: X-Consul-Knownleader
	age     time.Duration // of a read: X-Consul-Lastcontact, on the server's clock
	err     error
}

// row is a key that a read found.
type row struct {
	key, value string
	index      uint64 // when it was written
	id         int    // of the write
}

// operation is one request of a client, from its first attempt to its end.
type operation struct {
	ask
	reply
	id     int    // from 1
	client string // who asked
	via    string // the server that was asked
	group  int    // of that server
	begin  time.Duration
	end    time.Duration
	floor  []floor // what was known of the keys when it began

	at      uint64 // of a write: where it is in the committed log, 0 if it is not
	changed bool   // of a write in the log: it changed something
	met     bool   // of a conditional write in the log: its condition held
	repeats int    // of a write that was acknowledged: how often the same command is still to come
	cmd     []byte
	event   int // the number of its beginning in the record
}

// floor is the highest index of a key that anybody was told.
type floor struct {
	key   string
	index uint64
}

// newest returns the highest index of its keys that anybody was told before.
func (o *operation) newest() (index uint64) {
	for _, f := range o.floor {
		index = max(index, f.index)
	}
	return index
}

// command returns what goes into the log. A key's flags are for its clients,
// and these use them to know a write again.
func (o *operation) command() []byte {
	c := kv.Command{Op: kv.OpSet, Key: o.key, Value: []byte(o.value), Flags: uint64(o.id), CAS: o.want}
	switch o.kind {
	case opCAS:
		c.Op = kv.OpCAS
	case opDelete:
		c.Op = kv.OpDelete
	case opDeleteCAS:
		c.Op = kv.OpDeleteCAS
	case opDeleteTree:
		c.Op = kv.OpDeleteTree
	}
	return server.KVCommand(c)
}

// mix adds to the hash of a trace how the operation ended.
func (o *operation) mix(t *trace) {
	t.mix(uint64(o.id)<<16 | uint64(o.kind)<<8 | uint64(o.outcome))
	t.mix(o.index)
	for _, f := range o.found {
		t.mix(f.index)
		t.mix(uint64(f.id))
	}
}

// String tells what the operation was and how it ended.
func (o *operation) String() string {
	what := o.request()
	switch {
	case o.outcome == unmet:
		return fmt.Sprintf("%s: unmet at index %d", what, o.index)
	case o.outcome != acked:
		return fmt.Sprintf("%s: %s: %v", what, o.outcome, o.err)
	case o.kind.writes():
		return fmt.Sprintf("%s: ok at index %d", what, o.index)
	case o.kind == opList:
		return fmt.Sprintf("%s: %s at index %d", what, foundText(o.found), o.index)
	case len(o.found) == 0:
		return fmt.Sprintf("%s: %q at index %d", what, "", o.index)
	}
	return fmt.Sprintf("%s: %q at index %d", what, short(o.found[0].value), o.found[0].index)
}

func foundText(list []row) string {
	if len(list) == 0 {
		return "nothing"
	}
	var words []string
	for _, f := range list {
		words = append(words, fmt.Sprintf("%s=%s@%d", f.key, short(f.value), f.index))
	}
	return strings.Join(words, " ")
}

// request tells what was asked for.
func (o *operation) request() string {
	what := kindNames[o.kind] + " " + o.key
	if o.kind == opPut || o.kind == opCAS {
		what += "=" + short(o.value)
	}
	if o.kind.conditional() {
		what += fmt.Sprintf(" if at %d", o.want)
	}
	if o.past > 0 {
		what += fmt.Sprintf(" past %d", o.past)
	}
	if !o.kind.writes() && o.mode == server.Stale {
		what += " stale"
	}
	return what + " via " + o.via
}

// short returns the front of a long value.
func short(v string) string {
	if len(v) > 32 {
		return v[:32] + "..."
	}
	return v
}
