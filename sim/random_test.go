package sim

import (
	"strings"
	"testing"
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
		"restart longest", "restores snapshot", "uses the configuration", "keys=1 think=5ms", "isolate leader,n", "agents ",
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
