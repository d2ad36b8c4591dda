package sim

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestTraps: a trap springs after its conditions, in their order, and not before.
func TestTraps(t *testing.T) {
	const three = "\nservers 3 expect=3\nexpect leader within 5s\nexpect members 3 alive within 5s\n"
	for _, c := range []struct{ name, text, want string }{
		{"a moment of whoever has it", "when any leads: crash it" + three, `leader\n(.*\n)*.* crash: power fails`},
		{"a moment of one", "when n1 starts, n2 votes: kill it" + three, `n2 +raft: votes for n1\n(.*\n)* .* n2 +stops: killed`},
		{"one after the other", "when n1 leads, after it appends 2: crash it" + three + "put a 1 outcome=any\n", `becomes leader\n(.*\n)*.* n1 +crash`},
		{"what is said, the second time", `when any says "votes for n1" #2: crash it` + three, `votes for n1\n.*\n?.* votes for n1\n.* crash`},
		{"after a time", "when n1 leads, after 20ms: kill n1" + three + "wait 1s\n", `n1 +stops: killed`},
		{"the old form", `when any says "becomes leader" crash it` + three, `becomes leader\n.*\n?.* crash`},
		{"a colon in a text", `when any says "raft: becomes leader": crash it` + three, `becomes leader\n.*\n?.* crash`},
		{"the log", three + "when n3 commits 4: isolate it\nput a 1\nput b 2\nput c 3\nput d 4\nput e 5\n", `put a=1 .*\n(.*\n)*.* isolate it`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Parse("trap", c.text)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if r, err := s.Play(Options{Seed: 1, Out: &out}); err != nil || r.Failure != nil {
				t.Logf("%v %v", err, r.Failure) // without a leader there is none to be expected
			}
			if !regexp.MustCompile(c.want).MatchString(out.String()) {
				t.Errorf("%s did not come to %q:\n%s", c.text, c.want, &out)
			}
		})
	}
}

func TestATrapThatMakesNoSenseIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"when n1 leads:":                            "there is no step after the colon",
		"when n1 leads: wait 1s":                    "wait cannot be done by a trap",
		"when n1 leads: fly":                        `there is no step "fly"`,
		"when n1 dances: crash it":                  `a server never "dances"`,
		"when n1 says: crash it":                    "what does it say?",
		"when n1 leads 7: crash it":                 "leads takes no number",
		"when n1 appends x: crash it":               "invalid syntax",
		"when n1 appends 7 #0: crash it":            "#0 is not a number from #1",
		"when n1 leads, after soon: crash it":       "invalid duration",
		"when after 3ms: crash it":                  "it is: when",
		"when n1 leads and votes: crash it":         "it is: when",
		`when n1 says "x": when n1 leads: crash it`: "when cannot be done by a trap",
	} {
		if _, err := Parse("trap", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

// TestACutOfOneDirectionHasTwoSpellings: both cut the same link.
func TestACutOfOneDirectionHasTwoSpellings(t *testing.T) {
	for _, cut := range []string{"cut n1 -> n2", "cut n1 n2 oneway=1"} {
		s, err := Parse("cut", "servers 3 expect=3\n"+cut)
		if err != nil {
			t.Fatal(err)
		}
		p := &player{world: newWorld(1, "", nil, false), scenario: s}
		if err := p.play(); err != nil {
			t.Fatal(err)
		}
		a, b := p.hosts[0], p.hosts[1]
		if a.link(b).cut == nil || b.link(a).cut != nil {
			t.Errorf("%s: there %v, back %v", cut, a.link(b).cut, b.link(a).cut)
		}
	}
}

// TestMomentsCostNothingThatNobodyWaitsFor: an event that changes nothing is not
// looked into, nor is one that changes something when nobody listens.
func TestMomentsCostNothingThatNobodyWaitsFor(t *testing.T) {
	p := running(t)
	proc := p.hosts[0].proc
	if n := testing.AllocsPerRun(100, func() {
		proc.told = nil
		proc.moments(nil)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
	p.run(p.now + time.Second)
}
