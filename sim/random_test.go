package sim

import (
	"strings"
	"testing"
	"time"
)

// TestEveryPlotAndKindIsDrawn: of some hundred seeds each focus comes to all
// that it is made of.
func TestEveryPlotAndKindIsDrawn(t *testing.T) {
	texts := map[Focus]string{}
	for f := range focuses {
		var all strings.Builder
		for seed := range uint64(300) {
			all.WriteString(RandomOf(Focus(f), seed).Text)
		}
		texts[Focus(f)] = all.String()
	}
	for _, word := range []string{
		"crash", "kill", "isolate", "-> n", "fail=sync", "drift=", "snapshot=", "append=1\n", "loss=", "duplicate=",
		"joins all", "leave", "resign", "any leads", "any votes", "any appends", "any snapshots", "any starts",
		"restart longest", "mark a-learner-catches-up", "mark a-follower-needs-a-snapshot", "restores snapshot", "uses the configuration", "keys=1 think=5ms", "isolate leader,n", "agents ", "services ", "lookups ",
		"partition ring", "clog", "pause leader", "cpu", "bounce", "burst=", "reorder=", "tail=", "flip=", "garble=", "reset=", "bandwidth=",
	} {
		if !strings.Contains(texts[All], word) {
			t.Errorf("no random scenario has %q", word)
		}
	}
	for f, word := range map[Focus]string{SWIM: "agents ", Catalog: "agents ", KV: "think=5ms", Raft: "any votes"} {
		if !strings.Contains(texts[f], word) {
			t.Errorf("no random scenario aimed at %s has %q", f, word)
		}
	}
	if strings.Contains(texts[Raft], "agents") {
		t.Error("a scenario aimed at raft has agents")
	}
}

// TestTimesCountFromTheLastMark: a step behind a mark waits for its time from
// there on.
func TestTimesCountFromTheLastMark(t *testing.T) {
	s, err := Parse("marked", "at 5s mark here\nat 2s mark there\nat 1s wait 1s")
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Play(Options{Seed: 1}); err != nil || r.Virtual != 9*time.Second {
		t.Errorf("the run ends at %v, %v; want 9s", r.Virtual, err)
	}
}

// TestRunsFromAMarkComeToAnEnd: what a scenario leaves at its mark recovers.
func TestRunsFromAMarkComeToAnEnd(t *testing.T) {
	for _, so := range situations() {
		s, err := Parse("marked", strings.Join(so.lines, "\n")+"\nat 1s crash leader\nat 5s recover quorum\nprogress\nrecover all\nprogress\nput last word\nquiet 30s")
		if err != nil {
			t.Fatal(err)
		}
		if r, err := s.Play(Options{Seed: 2}); err != nil || r.Failure != nil {
			t.Errorf("%s: %v %v", so.name, err, r.Failure)
		}
	}
}
