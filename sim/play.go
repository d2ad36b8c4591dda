package sim

import (
	"fmt"
	"io"
	"strings"
	"time"

	"praetor/sim/story"
)

// Options say how to play a scenario.
type Options struct {
	Seed    uint64
	Out     io.Writer // takes the trace; nil: none
	Verbose bool      // the trace shows each message between servers
	Record  bool      // keep every event, with its cause

	sabotage sabotage
	requests *[]*operation // takes the requests that clients made; nil: none
	forecast *forecast     // takes what befell packets; nil: nothing
	until    time.Duration // ends the run then, well; 0: it ends with its steps
}

// Result is what came of a run.
type Result struct {
	Hash    string        // of the trace
	Virtual time.Duration // how long the run took, in the world
	Counts  Counts
	Ledger  Ledger          // of the faults
	Failure *Failure        // nil: all rules held
	Marks   []time.Duration // when the marks were passed
	Record  *story.Record
}

// player plays one scenario.
type player struct {
	*world
	scenario *Scenario
	step     step // that is being done
	it       *host
	group    int              // of the servers that come next
	quorum   []*host          // that recovered last
	healed   int              // how often all was healed
	marks    []time.Duration  // that were passed; the times of steps count from the last one
	known    map[string]known // by key: what the steps were told
}

// Play plays the scenario. The error says what is wrong with the scenario
// itself; whether it went well is in Result.Failure.
func (s *Scenario) Play(o Options) (Result, error) {
	replay := fmt.Sprintf("go run ./cmd/sim run %s -seed %d", s.Name, o.Seed)
	p := &player{world: newWorld(o.Seed, replay, o.Out, o.Verbose), scenario: s}
	p.world.sabotage, p.requests = o.sabotage, o.requests
	p.forecast, p.until = o.forecast, o.until
	if o.Record {
		p.record = &recorder{}
	}
	err := p.play()
	p.check.linear()
	p.audit()
	r := Result{Hash: p.trace.sum(), Virtual: p.now, Counts: p.counts, Ledger: p.ledger, Failure: p.failed, Marks: p.marks}
	if o.Record {
		r.Record = &p.record.record
	}
	return r, err
}

func (p *player) play() error {
	for _, st := range p.scenario.steps {
		if st.at > 0 {
			p.run(p.origin() + st.at)
		}
		if p.failed != nil || p.over() {
			return nil
		}
		err := p.do(st)
		if p.record != nil {
			p.record.end(p.world)
		}
		if err != nil {
			return fmt.Errorf("sim: %s, line %d: %q: %w", p.scenario.Name, st.line, st.text, err)
		}
	}
	return nil
}

// A step that is aimed at a role waits until somebody has it: it looks every
// roleLook, for roleWait at the most. The steps behind it do not wait.
const (
	roleLook = 20 * time.Millisecond
	roleWait = 10 * time.Second
)

// do does one step, or puts it off while nobody has the role that it is aimed
// at.
func (p *player) do(st step) error {
	if !verbs[st.verb].waits && p.vacant(st) {
		p.postpone(st, postponed{p.group, p.it, p.now + roleWait, p.healed})
		return nil
	}
	return p.doNow(st)
}

// postponed is what a step that waits has to remember.
type postponed struct {
	group    int
	it       *host
	deadline time.Duration
	healed   int // how often all was healed before
}

// postpone does a step as soon as somebody has the role that it is aimed at.
// At the deadline it is done to nobody; and when all is healed it is called off,
// because the time of its fault is over.
func (p *player) postpone(st step, o postponed) {
	p.after(roleLook, func() {
		if p.healed > o.healed {
			return
		}
		group, it := p.group, p.it
		p.group, p.it = o.group, o.it
		if p.vacant(st) && p.now < o.deadline {
			p.postpone(st, o)
		} else if err := p.doNow(st); err != nil {
			p.fail("the scenario makes sense", nil, "line %d: %q: %v", st.line, st.text, err)
		}
		p.group, p.it = group, it
	})
}

// doNow does one step.
func (p *player) doNow(st step) error {
	v := verbs[st.verb]
	if v.shown {
		p.trace.line(p.now, "--", "%s", strings.TrimSpace(st.text))
	}
	p.step = st
	p.steps(st.text)
	var err error
	func() {
		defer p.catch()
		err = v.do(p, st)
	}()
	return err
}
