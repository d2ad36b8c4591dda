package raft

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// form returns a text that is the same for two states of a server exactly if
// they are the same but for what the search leaves out.
func (a *actor) form() string { return a.write().text.String() }

func (a *actor) write() *former {
	f := &former{durable: a.raft.disk.durable, out: map[string]bool{}}
	for _, part := range []any{a.raft, a.disk, a.writes, a.history, a.led, a.counts} {
		f.write(reflect.ValueOf(part))
	}
	return f
}

// leftOut are the fields that tell two states apart which behave alike, with
// the reason. All other fields count, also those that somebody adds later.
var leftOut = map[string]string{
	"Raft.cfg":               "never changes",
	"Raft.now":               "follows from counts.Beats",
	"election.due":           "the search fires the timer",
	"election.heard":         "CheckQuorum is off",
	"leadership.heartbeat":   "the search fires the timer",
	"progress.heard":         "CheckQuorum is off",
	"progress.ackedSince":    "there are no leases without CheckQuorum",
	"outbox.givenMessages":   "memory to be used again",
	"outbox.givenReads":      "memory to be used again",
	"askedReads.next":        "no reads are asked for",
	"membership.provisional": "all have a configuration",
	"log.base":               "nothing is compacted",
	"log.baseTerm":           "nothing is compacted",
	"SnapshotMeta.Config":    "never changes",
	"placedConfig.config":    "never changes",
	"quorum.voters":          "never changes",
	"leadership.unsettled":   "follows from the log, as Check makes sure",
}

// former writes values as text: everything that a value refers to, but for the
// fields left out. Writes are numbered from the newest durable one, since a
// number itself means nothing.
type former struct {
	text    strings.Builder
	durable WriteID
	out     map[string]bool // the fields that it left out
}

func (f *former) write(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			f.text.WriteByte('-')
			return
		}
		if v.Kind() == reflect.Interface {
			f.text.WriteString(v.Elem().Type().Name())
		}
		f.write(v.Elem())
	case reflect.Struct:
		f.text.WriteByte('{')
		for i := range v.NumField() {
			name := v.Type().Name() + "." + v.Type().Field(i).Name
			if _, out := leftOut[name]; out {
				f.out[name] = true
				continue
			}
			f.write(v.Field(i))
		}
		f.text.WriteByte('}')
	case reflect.Slice:
		f.text.WriteByte('[')
		for i := range v.Len() {
			f.write(v.Index(i))
		}
		f.text.WriteByte(']')
	case reflect.Map:
		f.writeMap(v)
	case reflect.Func:
		panic("a state holds a func")
	default:
		if v.Type() == reflect.TypeFor[WriteID]() {
			fmt.Fprintf(&f.text, "%d ", max(v.Uint(), uint64(f.durable))-uint64(f.durable))
			return
		}
		fmt.Fprintf(&f.text, "%v ", v)
	}
}

// writeMap writes a map whose keys are strings, in their order.
func (f *former) writeMap(v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	f.text.WriteByte('<')
	for _, k := range keys {
		f.write(k)
		f.write(v.MapIndex(k))
	}
	f.text.WriteByte('>')
}
