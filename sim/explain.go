package sim

import (
	"fmt"
	"slices"

	"praetor/sim/story"
)

// Explain plays a scenario again, which with these options breaks a rule, and
// finds out how that came about. The result is of that run, with its record.
func (s *Scenario) Explain(o Options) (*story.Explanation, Result, error) {
	o.Record = true
	r, err := s.Play(o)
	if err != nil {
		return nil, r, err
	}
	return s.explained(o, r)
}

// explained finds out how the failure of a run came about; if the run was not
// recorded, it is played again.
func (s *Scenario) explained(o Options, r Result) (*story.Explanation, Result, error) {
	switch {
	case r.Failure == nil:
		return nil, r, fmt.Errorf("sim: %s with seed %d broke no rule this time", s.Name, o.Seed)
	case r.Record == nil:
		return s.Explain(o)
	}
	return story.Explain(r.Record, r.Failure.breach(r.Record)), r, nil
}

// whyShort returns the end of what led to a failure, for the report of a search.
func (s *Scenario) whyShort(o Options) string {
	x, _, err := s.Explain(o)
	if err != nil {
		return ""
	}
	return x.Short(shortStory)
}

// shortStory is how many lines of an explanation a search shows.
const shortStory = 8

// breach tells a failure in the terms of a record.
func (f *Failure) breach(r *story.Record) story.Breach {
	law := f.Law()
	b := story.Breach{
		Rule: f.Rule, Section: law.Section, Says: law.Says, Detail: f.Detail,
		Where: "sim/" + f.Where(), Replay: f.Replay, At: f.At, Event: f.event,
	}
	for _, name := range f.Hosts {
		if h := slices.Index(r.Hosts, name); h >= 0 {
			b.Hosts = append(b.Hosts, h)
		}
	}
	for _, t := range f.subject.terms {
		b.Terms = append(b.Terms, uint64(t))
	}
	for _, i := range f.subject.indexes {
		b.Indexes = append(b.Indexes, uint64(i))
	}
	for _, op := range f.subject.ops {
		b.Keys, b.Asked = append(b.Keys, op.key), append(b.Asked, op.event)
		for _, i := range []uint64{op.index, op.at, op.newest()} {
			if i > 0 && !slices.Contains(b.Indexes, i) {
				b.Indexes = append(b.Indexes, i)
			}
		}
	}
	return b
}
