package sim

import (
	"flag"
	"fmt"
)

// underLoad is three servers and three clients without faults.
const underLoad = "servers 3 expect=3\nexpect leader within 5s\nclients 3 think=10ms\nwait 60s\nquiet 10s\n"

// bench plays servers and clients under load, with all rules, and then groups
// of gossip members.
func (c Command) bench(args []string) error {
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(c.Out)
	members := fs.Int("members", 1000, "the largest group of gossip members; 10000 need 14 GB of memory")
	if err := fs.Parse(args); err != nil {
		return err
	}
	s, err := Parse("bench", underLoad)
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
	var sizes []int
	for n := 10; n <= *members; n *= 10 {
		sizes = append(sizes, n)
	}
	c.benchGossip(sizes)
	return nil
}
