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
}

// Result is what came of a run.
type Result struct {
	Hash    string        // of the trace
	Virtual time.Duration // how long the run took, in the world
	Counts  Counts
	Failure *Failure // nil: all rules held
	Record  *story.Record
}

// player plays one scenario.
type player struct {
	*world
	scenario *Scenario
	step     step // that is being done
	it       *host
	group    int     // of the servers that come next
	quorum   []*host // that recovered last
}

// Play plays the scenario. The error says what is wrong with the scenario
// itself; whether it went well is in Result.Failure.
func (s *Scenario) Play(o Options) (Result, error) {
	replay := fmt.Sprintf("go run ./cmd/sim run %s -seed %d", s.Name, o.Seed)
	p := &player{world: newWorld(o.Seed, replay, o.Out, o.Verbose), scenario: s}
	p.world.sabotage = o.sabotage
	if o.Record {
		p.record = &recorder{}
	}
	err := p.play()
	r := Result{Hash: p.trace.sum(), Virtual: p.now, Counts: p.counts, Failure: p.failed}
	if o.Record {
		r.Record = &p.record.record
	}
	return r, err
}

func (p *player) play() error {
	for _, st := range p.scenario.steps {
		if st.at > p.now {
			p.run(st.at)
		}
		if p.failed != nil {
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

// do does one step.
func (p *player) do(st step) error {
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
