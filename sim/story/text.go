package story

import (
	"fmt"
	"strconv"
	"strings"
)

// text tells what a host did in one go.
func (s *slice) text(events []int) string {
	var parts []string
	for _, id := range events {
		parts = append(parts, eventText(s.record, s.record.Event(id)))
	}
	return strings.Join(parts, "; ")
}

// eventText tells one event, without its time and its host.
func eventText(r *Record, e *Event) string {
	switch e.Kind {
	case Send:
		return fmt.Sprintf("sends %q to %s", brief(r, e), r.HostName(e.Peer))
	case Receive:
		return fmt.Sprintf("receives %q from %s", brief(r, e), r.HostName(e.Peer))
	case Drop, Stall:
		return fmt.Sprintf("%q to %s does not arrive: %s", brief(r, r.Event(e.Cause)), r.HostName(e.Peer), e.Text)
	case Broken:
		return "here it breaks: " + e.Text
	case Ask:
		return "is asked to " + e.Text
	case Answer:
		return "answers " + e.Text
	}
	return e.Text
}

// brief returns the front of what a message says, without who says it to whom.
func brief(r *Record, e *Event) string {
	from, to := r.HostName(e.Host), r.HostName(e.Peer)
	if e.Kind == Receive {
		from, to = to, from
	}
	s := strings.TrimPrefix(e.Text, from+"->"+to+" ")
	if len(s) > 60 {
		s = s[:60] + "..."
	}
	return s
}

// Short tells only its last lines, at most so many.
func (x *Explanation) Short(lines int) string {
	var t strings.Builder
	from := max(0, len(x.Lines)-lines)
	fmt.Fprintf(&t, "what led to it, the last %d of %d lines:\n", len(x.Lines)-from, len(x.Lines))
	x.list(&t, from)
	return t.String()
}

// String tells the whole explanation:
//
//	election safety (raft 5.2): broken at 3.021077s on n1, n4
//	    At most one leader can be elected in a term, because ...
//	found: both lead in term 3 (check_leader.go:30)
//	what led to it, 12 of 340 events:
//	 1   5.000000       crash leader
//	 2   5.000000  n1   crashes: the power fails  <- 1
//	 ...
//	replay: go run ./cmd/sim run NAME -seed 1
func (x *Explanation) String() string {
	var t strings.Builder
	b := &x.Breach
	on, told := "", 0
	if len(x.Hosts) > 0 {
		on = " on " + strings.Join(x.Hosts, ", ")
	}
	for _, l := range x.Lines {
		told += len(l.Events)
	}
	fmt.Fprintf(&t, "%s (%s): broken at %.6fs%s\n", b.Rule, b.Section, b.At.Seconds(), on)
	fmt.Fprintf(&t, "    %s\nfound: %s (%s)\n", b.Says, b.Detail, b.Where)
	fmt.Fprintf(&t, "what led to it, %d of %d events:\n", told, x.Past)
	x.list(&t, 0)
	fmt.Fprintf(&t, "replay: %s (with -html FILE it is drawn)\n", b.Replay)
	return t.String()
}

// list writes the lines from one on.
func (x *Explanation) list(t *strings.Builder, from int) {
	for i, l := range x.Lines[from:] {
		fmt.Fprintf(t, "%3d %11.6f  %-5s%s%s\n", from+i+1, l.At.Seconds(), l.Host, l.Text, arrows(l.Follows))
	}
}

// arrows names the lines from which a line follows.
func arrows(follows []int) string {
	s := ""
	for i, n := range follows {
		s += []string{"  <- ", ", "}[min(i, 1)] + strconv.Itoa(n+1)
	}
	return s
}
