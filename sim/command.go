package sim

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// Run does what the command sim does with these arguments, but for what needs
// a real clock: list and run. It writes to w what the command writes, so that
// a page of the book shows what its reader will see.
func Run(args []string, w io.Writer) error {
	return Command{Out: w}.Run(args)
}

// Command is the command line of the simulator, with all that it needs of the
// world outside.
type Command struct {
	Out      io.Writer
	Progress io.Writer                         // shows how far a search is; nil: nobody looks
	Now      func() time.Duration              // the real clock; nil: there is none
	ReadFile func(name string) ([]byte, error) // nil: scenarios come from the program only

	// WriteFile makes a file, or replaces it; nil: nothing can be written, and what
	// should have been is shown where that is possible.
	WriteFile func(name string, b []byte) error

	// Spread calls play with 0, 1 and so on, several at once on so many
	// goroutines (0: one for each core), and what each call returns in that same
	// order, on the caller's. It ends when play returns nil, or what it returned
	// returns false. nil: all is done in turn.
	Spread func(workers int, play func(i int) func() bool)
}

// ErrFailed is the error of a run that broke a rule. What broke is in the
// output already.
var ErrFailed = errors.New("sim: a rule was broken")

const usage = `sim plays whole clusters in one thread, under a virtual clock.

  sim list                          the scenarios that come with it
  sim run NAME|FILE|random[-AIM]    play one, and show what happens
      -seed N   which of the possible runs (default 1)
      -v        show each message, and the speed
      -print    show the text of the scenario instead
      -html FILE  write it as a page to step through, with a diagram
      -svg FILE   write the diagram alone
      -from D, -to D  of this time only (default: what matters)
  sim search                        play random faults until a rule breaks
      -seeds N  how many runs (default 100)
      -from N   the first seed (default 1)
      -seconds S  stop after so much real time (default: none)
      -only AIM   what the faults aim at: raft, swim, kv, catalog or all
      -keep-going go on after a failure, and count them
      -twice    play each one twice: the runs must be the same
      -workers N  how many runs at once (default: one for each core)
      -json     write the outcome as one JSON object
  sim bugs                          plant known bugs, and see who catches them
      -seeds N  how many runs to look for each in (default 1000)
      -only B   only this bug, or those of this scope
      -scenarios=false  do not look which scenarios catch it
      -md FILE  write the kill matrix as a page, too
      -json     write it as one JSON object
      -o FILE   only build the simulator with the bugs; PRAETOR_PLANTED names the one it has
  sim shrink -seed N [-only AIM]    make of a run that fails a scenario that tells why
      -o FILE   write it there (default: show it)
      -f FILE   shrink this scenario instead of the random one
      -seconds S  stop after so much real time (default 60)
  sim table [NAME]                  measure what was published, and compare
  sim bench                         how fast it is, with servers and with gossip only
      -members N  up to how many gossip members (default 1000; 10000 work)

The same scenario and seed give the same run, always: the trace ends with a
hash to compare. A failure names the rule that broke and the command that
plays it again. A scenario is a text of steps, one a line. "at 5s" in front of a
step lets it wait for that time. HOSTS is a name, names with commas between, or
all, servers, agents, leader, follower (one), followers, it (who sprang a trap).
The steps:

`

// Run does what the arguments say.
func (c Command) Run(args []string) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch args[0] {
	case "list":
		return c.list()
	case "run":
		return c.run(args[1:])
	case "search":
		return c.search(args[1:])
	case "shrink":
		return c.shrink(args[1:])
	case "table":
		return c.table(args[1:])
	case "bench":
		return c.bench(args[1:])
	case "help", "-h", "-help", "--help":
		fmt.Fprint(c.Out, usage+verbUsage())
		return nil
	}
	return fmt.Errorf("sim: there is no command %q; sim -h shows them", args[0])
}

// list shows the scenarios.
func (c Command) list() error {
	for _, name := range Scenarios() {
		s, err := Load(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(c.Out, "%-20s %s\n", name, s.Title())
	}
	return nil
}

// load finds a scenario by its name, or in a file; "random" is made up from
// the seed.
func (c Command) load(name string, seed uint64) (*Scenario, error) {
	if f, ok := randomNamed(name); ok {
		return RandomOf(f, seed), nil
	}
	s, err := Load(name)
	if err == nil || c.ReadFile == nil {
		return s, err
	}
	b, readErr := c.ReadFile(name)
	if readErr != nil {
		return nil, fmt.Errorf("%w, and %w", err, readErr)
	}
	return Parse(name, string(b))
}

func (c Command) now() time.Duration {
	if c.Now == nil {
		return 0
	}
	return c.Now()
}

func speed(events int, virtual, wall time.Duration) string {
	return fmt.Sprintf("%.1f s of real time: %.0f events/s, %.0f virtual s a second",
		wall.Seconds(), float64(events)/wall.Seconds(), virtual.Seconds()/wall.Seconds())
}

// verbUsage lists the steps.
func verbUsage() string {
	var s string
	for _, name := range verbOrder() {
		s += "  " + verbs[name].usage + "\n"
	}
	return s
}
