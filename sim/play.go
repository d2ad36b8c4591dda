package sim

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Options say how to play a scenario.
type Options struct {
	Seed    uint64
	Out     io.Writer // takes the trace; nil: none
	Verbose bool      // the trace shows each message between servers

	sabotage sabotage
}

// Result is what came of a run.
type Result struct {
	Hash    string        // of the trace
	Virtual time.Duration // how long the run took, in the world
	Counts  Counts
	Failure *Failure // nil: all rules held
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
	err := p.play()
	return Result{Hash: p.trace.sum(), Virtual: p.now, Counts: p.counts, Failure: p.failed}, err
}

func (p *player) play() error {
	for _, st := range p.scenario.steps {
		if st.at > p.now {
			p.run(st.at)
		}
		if p.failed != nil {
			return nil
		}
		if err := p.do(st); err != nil {
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
	var err error
	func() {
		defer p.catch()
		err = v.do(p, st)
	}()
	return err
}

// trigger is a trap that a "when" step set.
type trigger struct {
	who, text string // who: a host's name or "any"
	do        func(it *host)
	sprung    bool
}

// fire springs the traps that wait for what was said. Their steps are done
// after the event that is under way.
func (w *world) fire(who, text string) {
	it := w.hostNamed(who)
	for _, t := range w.triggers {
		if t.sprung || it == nil || t.who != "any" && t.who != who || !strings.Contains(text, t.text) {
			continue
		}
		t.sprung = true
		w.after(0, func() { t.do(it) })
	}
}
