package sim

import (
	"fmt"
	"math"
	"strings"
)

// Ledger holds, for each kind of fault, what a run was told to do against what
// it did. A fault that is configured and never fires is a hole in every
// conclusion that is drawn from the run, and nothing else shows it.
type Ledger struct {
	counts [numFaults]count
}

// count is one row of a ledger.
type count struct {
	chances   int64 // of a rate: how often it could have struck
	expected  int64 // of a rate: the sum of the probabilities, in millionths; of a deed: how often it was asked for
	fired     int64
	effective int64
}

// A FaultCount is one row of a ledger, to be shown.
type FaultCount struct {
	Kind       string  `json:"kind"`
	Configured float64 `json:"configured"` // how often it should have fired: of a rate the expected number
	Fired      int64   `json:"fired"`      // how often it did
	Effective  int64   `json:"effective"`  // how often that changed something
}

// chance takes down one draw of a rate.
func (l *Ledger) chance(f fault, p ppm, struck bool) {
	c := &l.counts[f]
	c.chances++
	c.expected += int64(p)
	if struck {
		c.fired++
	}
}

// ask takes down that a deed is to be done.
func (l *Ledger) ask(f fault) { l.counts[f].expected++ }

// fire takes down that a deed was done.
func (l *Ledger) fire(f fault) { l.counts[f].fired++ }

// effect takes down that a fault changed something.
func (l *Ledger) effect(f fault) { l.counts[f].effective++ }

// Add adds the counts of another run.
func (l *Ledger) Add(o Ledger) {
	for f := range l.counts {
		c, d := &l.counts[f], o.counts[f]
		c.chances += d.chances
		c.expected += d.expected
		c.fired += d.fired
		c.effective += d.effective
	}
}

// configured returns how often a fault should have fired.
func (l *Ledger) configured(f fault) float64 {
	if faultKinds[f].rate {
		return float64(l.counts[f].expected) / million
	}
	return float64(l.counts[f].expected)
}

// Rows returns a row for each kind that there is, configured or not.
func (l *Ledger) Rows() []FaultCount {
	rows := make([]FaultCount, numFaults)
	for f := range numFaults {
		c := l.counts[f]
		rows[f] = FaultCount{f.String(), l.configured(f), c.fired, c.effective}
	}
	return rows
}

// String returns the rows of the kinds that were configured as a table.
func (l *Ledger) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-16s %12s %9s %9s\n", "fault", "configured", "fired", "effective")
	for f := range numFaults {
		if c := l.counts[f]; c != (count{}) {
			fmt.Fprintf(&b, "%-16s %12.1f %9d %9d\n", f, l.configured(f), c.fired, c.effective)
		}
	}
	return b.String()
}

// unlikely is the negative logarithm of the probability below which a count is
// no accident: e^-30 is one in 10^13.
const unlikely = 30

// many is so often that a fault which strikes at a rate cannot have been idle
// each time.
const many = 100

// Verdict returns an error if the faults did not come as configured: a rate is
// off by more than chance allows, or a deed that must show did not. The bound is
// Chernoff's: n draws of which m are expected to strike strike k times or
// fewer (or more, if k > m) with a probability of at most
// exp(-(k ln(k/m) - k + m)).
func (l *Ledger) Verdict() error {
	for f := range numFaults {
		c, want := l.counts[f], l.configured(f)
		switch kind := faultKinds[f]; {
		case kind.rate && surprise(float64(c.fired), want) > unlikely:
			return fmt.Errorf("%s: %d times in %d chances, want about %.0f", f, c.fired, c.chances, want)
		case kind.sure && c.effective == 0 && (c.fired > many || c.fired > 0 && !kind.rate):
			return fmt.Errorf("%s: fired %d times, and never changed anything", f, c.fired)
		}
	}
	return nil
}

// surprise is Chernoff's exponent for k where m are expected.
func surprise(k, m float64) float64 {
	switch {
	case m == 0 && k == 0:
		return 0
	case m == 0:
		return math.Inf(1)
	case k == 0:
		return m
	}
	return k*math.Log(k/m) - k + m
}

// audit holds, at the end of a run, what its faults did against what they were
// told to do.
func (w *world) audit() {
	for _, h := range w.live() {
		h.proc.checkDrift()
	}
	if err := w.ledger.Verdict(); err != nil {
		w.fail("faults fire as configured", nil, "%v", err)
	}
}
