package sim

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// TestTables: a table shows what its golden file does, with fewer trials than
// the command makes.
func TestTables(t *testing.T) {
	for _, table := range tables {
		if table.trials < 50 {
			continue // nothing can be taken away from it; it has a test of its own
		}
		t.Run(table.name, func(t *testing.T) {
			t.Parallel()
			var got bytes.Buffer
			table.write(&got, table.trials/50)
			golden(t, "testdata/table-"+table.name+".golden", got.String())
		})
	}
}

// TestTableIsListedAndFound: the command lists the tables, and says so when it
// is asked for another.
func TestTableIsListedAndFound(t *testing.T) {
	var out bytes.Buffer
	if err := Run([]string{"table"}, &out); err != nil || !strings.Contains(out.String(), "raft-election ") {
		t.Errorf("%v, %q", err, out.String())
	}
	if err := Run([]string{"table", "nothing"}, &out); err == nil || !strings.Contains(err.Error(), `no table "nothing"`) {
		t.Errorf("%v", err)
	}
}

// TestMediansAreThosePublished: "the medians within 15 %", where the setting is
// the published one.
func TestMediansAreThosePublished(t *testing.T) {
	wan := election{low: 300 * time.Millisecond, high: 600 * time.Millisecond, wire: delay{30 * time.Millisecond, 40 * time.Millisecond}}
	for _, c := range []struct {
		failed    int
		published float64
	}{{1, 423}, {2, 469}} {
		wan.failed = c.failed
		rnd := stream(1, "medians")
		var times []time.Duration
		for range 1000 {
			times = append(times, wan.run(rnd).won)
		}
		if p50 := percentiles(times, .5)[0]; p50 < .85*c.published || p50 > 1.15*c.published {
			t.Errorf("%d failed: %.0f ms, published are %.0f", c.failed, p50, c.published)
		}
	}
}

// TestCoordinatesAreAsAccurateAsPublished: on every terrain, the medians of the
// mean and of the worst error are within the published bounds.
func TestCoordinatesAreAsAccurateAsPublished(t *testing.T) {
	for _, place := range terrains() {
		ours := place.medians(1000)
		if ours.mean > place.published.mean || ours.worst > place.published.worst {
			t.Errorf("%s: mean %.6f and worst %.6f, published are %.6f and %.6f",
				place.name, ours.mean, ours.worst, place.published.mean, place.published.worst)
		}
	}
}

// TestElectionNeedsAMajority: three of five elect a leader, two never do.
func TestElectionNeedsAMajority(t *testing.T) {
	e := election{low: 100 * time.Millisecond, high: 200 * time.Millisecond, failed: 2, behind: 3}
	if r := e.run(stream(1, "all alike")); r.won == noLeaderFor {
		t.Error("of three that lack the same entry none was elected")
	}
	e.failed, e.behind = 3, 1
	if r := e.run(stream(1, "a minority")); r.won != noLeaderFor {
		t.Errorf("two of five elected a leader after %v", r.won)
	}
}
