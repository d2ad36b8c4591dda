package sim

import "fmt"

// bench plays three servers and three clients without faults.
func (c Command) bench() error {
	s, err := Parse("bench", "servers 3 expect=3\nexpect leader within 5s\nclients 3 think=10ms\nwait 60s\nquiet 10s\n")
	if err != nil {
		return err
	}
	start := c.now()
	r, err := s.Play(Options{Seed: 1})
	if err != nil {
		return err
	}
	if r.Failure != nil {
		return r.Failure
	}
	fmt.Fprintf(c.Out, "%d events, %.0f virtual s, %s\n", r.Counts.Events, r.Virtual.Seconds(), speed(r.Counts.Events, r.Virtual, c.now()-start))
	return nil
}
