package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"praetor/internal/server"
	"praetor/raft"
)

// TestNamedPacketsAreThoseThatWereStruck: the run in which each lost, doubled
// and late packet has a line of its own is the one with the rates.
func TestNamedPacketsAreThoseThatWereStruck(t *testing.T) {
	s := &shrinker{seed: 1, lines: []string{
		"servers 3 expect=3", "agents 1", "network loss=5% duplicate=10% reorder=5% tail=3%",
		"at 5s clients 2 keys=2 think=100ms", "at 7s crash leader", "at 9s restart all", "at 12s wait 1s",
	}}
	messages := func(lines []string) (out []string) {
		sc, err := Parse("test", strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		var trace strings.Builder
		r, err := sc.Play(Options{Seed: 1, Verbose: true, Out: &trace})
		if err != nil || r.Failure != nil {
			t.Fatal(err, r.Failure)
		}
		for line := range strings.Lines(trace.String()) {
			if strings.Contains(line, "->") && !strings.Contains(line, " -- ") {
				out = append(out, line)
			}
		}
		return out
	}
	named := s.forecast()
	want, got := messages(s.lines), messages(named)
	if n := strokes(named); n < 100 || slices.ContainsFunc(named, hasRate) || !slices.Equal(got, want) {
		for i := range want {
			if i < len(got) && want[i] != got[i] {
				t.Logf("%s%s", want[i], got[i])
				break
			}
		}
		t.Errorf("%d packets are named, and %d messages became %d", n, len(want), len(got))
	}
}

// TestAFailureUnderLossShrinksToTheLoss: a server that forgets itself when two
// heartbeats come at once, as they do behind a packet that TCP had to send
// again, breaks a rule only under loss, and the scenario that is left names the
// packet.
func TestAFailureUnderLossShrinksToTheLoss(t *testing.T) {
	last, confused := map[*host]time.Duration{}, map[*host]bool{}
	bug := sabotage{tamper: func(to *host, b *server.PeerBody) {
		if b.Raft == nil {
			return
		}
		switch m := b.Raft.Body.(type) {
		case raft.Heartbeat:
			confused[to] = confused[to] || last[to] == to.world.now
			last[to] = to.world.now
		case raft.AppendRequest:
			if confused[to] && len(m.Entries) > 0 && m.Entries[0].Kind == raft.EntryCommand {
				m.Entries[0].Data[len(m.Entries[0].Data)-1] ^= 1
			}
		}
	}}
	sc, err := Parse("test", "servers 3 expect=3\nnetwork loss=5% duplicate=5%\nwait 3s\nclients 1 keys=1 think=100ms\nwait 3s\n")
	if err != nil {
		t.Fatal(err)
	}
	s := &shrinker{seed: 1, sabotage: bug}
	if err := s.begin(sc); err != nil {
		t.Fatal(err)
	}
	s.shrink()
	if n := strokes(s.lines); n == 0 || n > 2 || slices.ContainsFunc(s.lines, hasRate) {
		t.Errorf("%d packets are named after %d runs:\n%s", n, s.tries, strings.Join(s.lines, "\n"))
	}
}

// TestAPacketIsCountedFromTheStepOn: and among those of its kind on its link.
func TestAPacketIsCountedFromTheStepOn(t *testing.T) {
	w := newWorld(1, "", nil, false)
	l := newLink(w.addHost("a", spec{}), w.addHost("b", spec{}))
	d := w.deed(faultLose)
	l.orders = []*order{{kind: "append", nth: 2, stroke: stroke{lost: true}, deed: d}}
	var lost []string
	for _, kind := range []string{"append", "match", "append", "append"} {
		lost = append(lost, map[bool]string{true: "lost ", false: ""}[l.befalls(kind).lost]+kind)
	}
	if want := []string{"append", "match", "lost append", "append"}; !slices.Equal(lost, want) {
		t.Errorf("%q, want %q", lost, want)
	}
}
