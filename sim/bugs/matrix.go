package bugs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"praetor/sim"
)

// Kill is what became of one bug.
type Kill struct {
	Bug Bug

	Played                 bool   // the scenarios were played
	Scenario, ScenarioRule string // the first scenario that sees it and the rule it breaks there, or ""

	Rule    string   // that the search saw broken, or ""
	Checker string   // the file of that rule
	Seeds   uint64   // how many the search needed; 0: all were not enough
	Alike   []uint64 // seeds that fail without the bug as well, and do not count
	Virtual float64  // seconds in the world, of the search
	Wall    time.Duration
}

// Matrix is the kill matrix: each bug, and who caught it.
type Matrix struct {
	Limit uint64 // of the seeds of a search
	Kills []Kill
}

// killed returns how many bugs the search caught, and the median of the seeds
// that it needed for those.
func (m Matrix) killed() (n int, median uint64) {
	var seeds []uint64
	for _, k := range m.Kills {
		if k.Seeds > 0 {
			seeds = append(seeds, k.Seeds)
		}
	}
	if len(seeds) == 0 {
		return 0, 0
	}
	slices.Sort(seeds)
	return len(seeds), seeds[(len(seeds)-1)/2]
}

// Summary returns the last line: "killed K of N, median M seeds".
func (m Matrix) Summary() string {
	n, median := m.killed()
	return fmt.Sprintf("killed %d of %d, median %d seeds", n, len(m.Kills), median)
}

const textHead = "bug                               section                       seeds  virtual s  time     caught by; by scenario\n"

// text returns the line of a bug.
func (k Kill) text() string {
	seeds, by := "-", "nobody"
	if k.Seeds > 0 {
		seeds, by = fmt.Sprint(k.Seeds), k.Rule
		if k.Rule != k.Bug.Checker {
			by += fmt.Sprintf(" (expected: %s)", k.Bug.Checker)
		}
	}
	if len(k.Alike) > 0 {
		by += fmt.Sprintf(" (seeds %v fail without it, too)", k.Alike)
	}
	return fmt.Sprintf("%-33s %-29s %5s %10.0f %7.1fs  %s; %s\n", k.Bug.Name, k.Bug.Section, seeds, k.Virtual, k.Wall.Seconds(), by, k.byScenario())
}

// byScenario names the scenario that sees the bug.
func (k Kill) byScenario() string {
	switch {
	case !k.Played:
		return "not played"
	case k.Scenario == "":
		return "none"
	}
	return k.Scenario
}

// bugsOf returns, by rule, the bugs that the search caught with it.
func (m Matrix) bugsOf() map[string][]string {
	by := map[string][]string{}
	for _, k := range m.Kills {
		if k.Seeds > 0 {
			by[k.Rule] = append(by[k.Rule], k.Bug.Name)
		}
	}
	return by
}

// Checkers lists the rules with the bugs that each caught.
func (m Matrix) Checkers() string {
	var b strings.Builder
	b.WriteString("\nrule: the bugs that it caught\n")
	by := m.bugsOf()
	for _, rule := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&b, "%s: %s\n", rule, strings.Join(by[rule], ", "))
	}
	return b.String()
}

// Markdown returns the matrix as a page.
func (m Matrix) Markdown() string {
	var b strings.Builder
	n, median := m.killed()
	fmt.Fprintf(&b, `# The kill matrix

What the simulator is worth: each row is a slip that was planted into the code
on purpose, and what caught it. Of %d bugs, %d were caught by random search
within %d seeds, in a median of %d.

This page is written by %s.
How it works is told in the package comment of %s; each bug is a file there.

| bug | section | expected checker | caught by | seeds | virtual s | time | by scenario |
|---|---|---|---|--:|--:|--:|---|
`, len(m.Kills), n, m.Limit, median, "`go run ./cmd/sim bugs -md docs/kill-matrix.md`", "[sim/bugs](../sim/bugs/doc.go)")
	for _, k := range m.Kills {
		rule, seeds := "**nobody**", "-"
		if k.Seeds > 0 {
			rule, seeds = k.Rule, fmt.Sprint(k.Seeds)
		}
		fmt.Fprintf(&b, "| [%s](../sim/bugs/%s.txt) | %s | %s | %s | %s | %.0f | %.1f s | %s |\n",
			k.Bug.Name, k.Bug.Name, k.Bug.Section, k.Bug.Checker, rule, seeds, k.Virtual, k.Wall.Seconds(), k.byScenario())
	}
	b.WriteString("\n## What each bug is\n\n")
	for _, k := range m.Kills {
		fmt.Fprintf(&b, "- **%s** (%s): %s It breaks: %s.\n", k.Bug.Name, k.Bug.Scope, k.Bug.What, k.Bug.Rule)
	}
	b.WriteString("\n## What each checker caught\n\n| rule | bugs |\n|---|---|\n")
	by := m.bugsOf()
	for _, rule := range slices.Sorted(maps.Keys(by)) {
		fmt.Fprintf(&b, "| %s | %s |\n", rule, strings.Join(by[rule], ", "))
	}
	b.WriteString("\nThese caught nothing in this run, so it does not show what they are worth:\n\n")
	for _, r := range sim.Rules() {
		if by[r.Name] == nil {
			fmt.Fprintf(&b, "- %s (%s)\n", r.Name, r.File)
		}
	}
	return b.String()
}

// jsonKill is a Kill as "sim bugs -json" prints it.
type jsonKill struct {
	Bug      string  `json:"bug"`
	Section  string  `json:"section"`
	Expected string  `json:"expected"`
	Rule     string  `json:"rule"`
	Seeds    uint64  `json:"seeds"`
	VirtualS float64 `json:"virtual_s"`
	WallS    float64 `json:"wall_s"`
	Scenario string  `json:"scenario"`
}

// jsonMatrix is a Matrix as "sim bugs -json" prints it.
type jsonMatrix struct {
	Killed int        `json:"killed"`
	Of     int        `json:"of"`
	Median uint64     `json:"median_seeds"`
	Limit  uint64     `json:"limit"`
	Bugs   []jsonKill `json:"bugs"`
}

func (m Matrix) report() jsonMatrix {
	n, median := m.killed()
	r := jsonMatrix{Killed: n, Of: len(m.Kills), Median: median, Limit: m.Limit}
	for _, k := range m.Kills {
		r.Bugs = append(r.Bugs, jsonKill{
			Bug: k.Bug.Name, Section: k.Bug.Section, Expected: k.Bug.Checker, Rule: k.Rule,
			Seeds: k.Seeds, VirtualS: k.Virtual, WallS: k.Wall.Seconds(), Scenario: k.Scenario,
		})
	}
	return r
}
