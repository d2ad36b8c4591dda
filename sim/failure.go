package sim

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"praetor/raft"
	"praetor/sim/story"
)

// A Failure is a rule that was broken.
type Failure struct {
	Rule   string        // its name, in the table of rules
	At     time.Duration // of virtual time
	Seed   uint64
	Hosts  []string // that were involved
	Detail string
	Replay string // the command that gives this run again

	where   string // the file and line of the checker that found it
	subject subject
	event   int // its number in the record, if there is one
}

// subject is what a failure is about, as far as its checker said: the types of
// what it tells in the detail have the meaning in them.
type subject struct {
	terms   []raft.Term
	indexes []raft.Index
	ops     []*operation
}

// Law returns the rule that was broken, with where it is promised and checked.
func (f *Failure) Law() Rule { return ruleNamed(f.Rule) }

// Where returns the file and line that found it: "check_leader.go:30".
func (f *Failure) Where() string { return f.where }

// Error tells all of it.
func (f *Failure) Error() string {
	rule, who := f.Rule, ""
	if s := f.Law().Section; s != "" {
		rule += " (" + s + ")"
	}
	if len(f.Hosts) > 0 {
		who = " on " + strings.Join(f.Hosts, ", ")
	}
	return fmt.Sprintf("%s: broken at %.6fs%s with seed %d: %s\n\treplay: %s", rule, f.At.Seconds(), who, f.Seed, f.Detail, f.Replay)
}

// fail ends the run, unless it has failed already. The rule is a name of the
// table of rules; what is among the arguments as a term, an index or an
// operation is what an explanation of the failure will look for.
func (w *world) fail(rule string, hosts []string, format string, args ...any) {
	if w.failed != nil || w.over() {
		return
	}
	f := &Failure{
		Rule: rule, At: w.now, Seed: w.seed, Hosts: slices.Compact(hosts),
		Detail: fmt.Sprintf(format, args...), Replay: w.replay,
		subject: subjectOf(args),
	}
	if _, file, line, ok := runtime.Caller(1); ok {
		f.where = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	if w.record != nil {
		f.event = w.record.add(w, story.Event{Host: story.World, Peer: story.World, Kind: story.Broken, Text: rule})
	}
	w.failed = f
}

// subjectOf finds in what a checker tells what it is about.
func subjectOf(args []any) (s subject) {
	for _, a := range args {
		switch v := a.(type) {
		case raft.Term:
			s.terms = append(s.terms, v)
		case raft.Index:
			s.indexes = append(s.indexes, v)
		case *operation:
			s.ops = append(s.ops, v)
		}
	}
	return s
}
