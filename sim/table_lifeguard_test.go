package sim

import (
	"testing"
	"time"
)

// TestLifeguardTakesNearlyAllFalsePositivesAway: the condition of which the table
// has many, once, and each variant of the paper.
func TestLifeguardTakesNearlyAllFalsePositivesAway(t *testing.T) {
	cond := slowCondition{slow: 4, blocked: 8 * time.Second, awake: time.Millisecond}
	var of []slowness
	for _, v := range variants {
		one := v.play(cond, 32, 1)
		t.Logf("%-14s %d false positives, %d at healthy members, %d messages", v.name, one.all, one.healthy, one.messages)
		of = append(of, one)
	}
	plain, full := of[0], of[len(of)-1]
	if plain.all < 100 || full.all*20 > plain.all {
		t.Errorf("false positives: SWIM %d, Lifeguard %d; want less than a twentieth", plain.all, full.all)
	}
}
