package sim

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"praetor/internal/reach"
)

// report writes what failed and the sum.
func (s *search) report(c Command, wall time.Duration) error {
	if err := s.ledger.Verdict(); err != nil && len(s.failures) == 0 {
		s.failures = append(s.failures, &Failure{Rule: "faults fire as configured", Detail: "in all runs together: " + err.Error()})
	}
	if s.json {
		return s.reportJSON(c, wall)
	}
	for i, f := range s.failures {
		fmt.Fprintf(c.Out, "FAILED %v\n", f)
		if i == 0 {
			fmt.Fprint(c.Out, RandomOf(s.focus, f.Seed).whyShort(Options{Seed: f.Seed}))
		}
	}
	fmt.Fprint(c.Out, &s.ledger)
	if missed := reach.Missed(); len(missed) > 0 {
		fmt.Fprintf(c.Out, "never reached: %s\n", strings.Join(missed, " "))
	}
	virtual := s.virtual.Seconds()
	fmt.Fprintf(c.Out, "%d seeds, %d events, %.0f virtual s in %.1f wall s (%.0fx), %d mismatches, %d failures\n",
		s.seen, s.counts.Events, virtual, wall.Seconds(), virtual/max(wall.Seconds(), 1e-9), s.mismatches, len(s.failures))
	return s.verdict()
}

// verdict is the error that the search ends with.
func (s *search) verdict() error {
	if len(s.failures) > 0 || s.mismatches > 0 {
		return ErrFailed
	}
	return nil
}

// searchReport is the outcome of a search as a program reads it.
type searchReport struct {
	Seeds      int             `json:"seeds"`
	Events     int             `json:"events"`
	Virtual    float64         `json:"virtual_s"`
	Wall       float64         `json:"wall_s"`
	Mismatches int             `json:"mismatches"`
	Failures   []failureReport `json:"failures"`
	Faults     []FaultCount    `json:"faults"`
	Missed     []string        `json:"missed"` // reach marks that no run came to
}

// failureReport is one rule that was broken.
type failureReport struct {
	Seed    uint64   `json:"seed"`
	Rule    string   `json:"rule"`
	Section string   `json:"section"` // of the paper that states the rule
	Checker string   `json:"checker"` // the file of the checker that saw it
	At      float64  `json:"at_s"`
	Hosts   []string `json:"hosts"`
	Detail  string   `json:"detail"`
	Replay  string   `json:"replay"`
}

// reportJSON writes the outcome as one object on a line.
func (s *search) reportJSON(c Command, wall time.Duration) error {
	r := searchReport{
		Seeds: s.seen, Events: s.counts.Events, Virtual: s.virtual.Seconds(), Wall: wall.Seconds(),
		Mismatches: s.mismatches, Failures: []failureReport{}, Faults: s.ledger.Rows(), Missed: append([]string{}, reach.Missed()...),
	}
	for _, f := range s.failures {
		r.Failures = append(r.Failures, failureReport{
			Seed: f.Seed, Rule: f.Rule, Section: f.Law().Section, Checker: f.Law().File, At: f.At.Seconds(),
			Hosts: f.Hosts, Detail: f.Detail, Replay: f.Replay,
		})
	}
	if err := json.NewEncoder(c.Out).Encode(r); err != nil {
		return err
	}
	return s.verdict()
}
