package sim

import (
	"strings"
	"testing"
)

func TestARateThatStrikesOftenAndChangesNothingShows(t *testing.T) {
	for _, c := range []struct {
		effective int64
		ok        bool
	}{{0, false}, {1, true}} {
		var l Ledger
		l.counts[faultDuplicate] = count{chances: 1000, expected: 150 * million, fired: 150, effective: c.effective}
		if err := l.Verdict(); (err == nil) != c.ok {
			t.Errorf("150 duplicates of which %d arrived: %v", c.effective, err)
		}
	}
}

// TestARateThatIsOffByMoreThanChanceAllowsShows: a hundredth of the configured
// rate, none at all, or too much.
func TestARateThatIsOffByMoreThanChanceAllowsShows(t *testing.T) {
	for _, c := range []struct {
		fired int64
		ok    bool
	}{{0, false}, {1, false}, {30, false}, {75, true}, {100, true}, {130, true}, {250, false}} {
		var l Ledger
		l.counts[faultLoss] = count{chances: 1000, expected: 100 * million, fired: c.fired, effective: 1}
		if err := l.Verdict(); (err == nil) != c.ok {
			t.Errorf("%d losses where 100 are expected: %v", c.fired, err)
		}
	}
}

func TestARateThatNeverChangesAnythingShows(t *testing.T) {
	var l Ledger
	l.counts[faultDuplicate] = count{chances: 2000, expected: 200 * million, fired: 200}
	if err := l.Verdict(); err == nil || !strings.Contains(err.Error(), "duplicate") {
		t.Errorf("200 datagrams doubled, none of which arrived twice: %v", err)
	}
}

func TestAFewChancesProveNothing(t *testing.T) {
	var l Ledger
	l.counts[faultLoss] = count{chances: 100, expected: 20 * million}
	if err := l.Verdict(); err != nil {
		t.Errorf("nothing lost where 20 are expected: %v", err)
	}
}

func TestADeedThatMustShowAndDoesNotIsFound(t *testing.T) {
	w := newWorld(1, "", nil, false)
	d := w.deed(faultDrift)
	if err := w.ledger.Verdict(); err != nil {
		t.Errorf("a deed that found nobody: %v", err)
	}
	d.fire()
	if err := w.ledger.Verdict(); err == nil || !strings.Contains(err.Error(), "clock-drift") {
		t.Errorf("a clock that does not drift: %v", err)
	}
	d.effect()
	if err := w.ledger.Verdict(); err != nil {
		t.Error(err)
	}
}

func TestADeedCountsOnceHoweverOftenItShows(t *testing.T) {
	w := newWorld(1, "", nil, false)
	d := w.deed(faultCut)
	for range 3 {
		d.fire()
		d.effect()
	}
	(*deed)(nil).effect() // a link that is not cut
	if got := w.ledger.Rows()[faultCut]; got != (FaultCount{"cut", 1, 1, 1}) {
		t.Errorf("row %+v", got)
	}
}

func TestLedgersAddUp(t *testing.T) {
	var a, b Ledger
	a.chance(faultLoss, 250_000, true)
	b.chance(faultLoss, 500_000, false)
	b.effect(faultLoss)
	a.Add(b)
	if got := a.Rows()[faultLoss]; got != (FaultCount{"loss", .75, 1, 1}) {
		t.Errorf("row %+v", got)
	}
	if table := a.String(); !strings.Contains(table, "loss") || strings.Contains(table, "duplicate") {
		t.Errorf("the table shows what was not configured, or not what was:\n%s", table)
	}
}

// TestAFaultAimedAtTheLeaderWaitsForOne: the step is older than the first
// leader.
func TestAFaultAimedAtTheLeaderWaitsForOne(t *testing.T) {
	sc, err := Parse("test", "servers 3 expect=3\nat 1ms crash leader\nwait 20s")
	if err != nil {
		t.Fatal(err)
	}
	r, err := sc.Play(Options{Seed: 1})
	if err != nil || r.Failure != nil {
		t.Fatal(err, r.Failure)
	}
	if got := r.Ledger.Rows()[faultCrash]; got != (FaultCount{"crash", 1, 1, 1}) {
		t.Errorf("row %+v", got)
	}
	sc, _ = Parse("test", "server n1\ncrash leader\nwait 20s") // nobody makes the cluster
	r, err = sc.Play(Options{Seed: 1})
	if got := r.Ledger.Rows()[faultCrash]; err != nil || got != (FaultCount{"crash", 1, 0, 0}) {
		t.Errorf("row %+v, %v", got, err)
	}
}
