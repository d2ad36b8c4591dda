package sim

import (
	"errors"
	"strings"
	"testing"
)

func run(c Command, args ...string) (string, error) {
	var out strings.Builder
	c.Out = &out
	err := c.Run(args)
	return out.String(), err
}

func TestTheCommandTeaches(t *testing.T) {
	out, err := run(Command{}, "-h")
	if err != nil || !strings.Contains(out, "sim run NAME|FILE|random[-AIM]") {
		t.Errorf("%v:\n%s", err, out)
	}
	for name, v := range verbs {
		if !strings.Contains(out, "  "+v.usage) || !strings.HasPrefix(v.usage, name) {
			t.Errorf("the step %s is not explained as %q", name, v.usage)
		}
	}
	out, err = run(Command{}, "list")
	if n := strings.Count(out, "\n"); err != nil || n != len(Scenarios()) {
		t.Errorf("list shows %d scenarios of %d, %v", n, len(Scenarios()), err)
	}
}

func TestAMistakeOnTheCommandLineIsNamed(t *testing.T) {
	for args, want := range map[string]string{
		"fly":                   `there is no command "fly"`,
		"run":                   "which scenario?",
		"run no-such-thing":     `no scenario is named "no-such-thing"`,
		"run first-light -fast": "-fast",
	} {
		if _, err := run(Command{}, strings.Fields(args)...); err == nil || errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}

func TestAFileThatFailsSaysHowToSeeItAgain(t *testing.T) {
	c := Command{ReadFile: func(string) ([]byte, error) {
		return []byte("# A leader out of nothing.\nexpect leader\n"), nil
	}}
	out, err := run(c, "run", "dir/mine.txt", "-seed", "7")
	if !errors.Is(err, ErrFailed) {
		t.Errorf("error %v", err)
	}
	for _, want := range []string{"FAILED what the scenario expects", "replay: go run ./cmd/sim run dir/mine.txt -seed 7", "trace hash "} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in:\n%s", want, out)
		}
	}
}

func TestASearchSumsUp(t *testing.T) {
	out, err := run(Command{}, "search", "-seeds", "2", "-twice")
	if err != nil || !strings.Contains(out, "\n2 seeds, ") || !strings.HasSuffix(out, "x), 0 mismatches, 0 failures\n") {
		t.Errorf("%v: %s", err, out)
	}
	sum := search{failures: []*Failure{{Rule: "a rule", Replay: "a command"}}}
	var b strings.Builder
	if err := sum.report(Command{Out: &b}, 0); !errors.Is(err, ErrFailed) || !strings.Contains(b.String(), "a command") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestARandomScenarioIsATextThatCanBeKept(t *testing.T) {
	out, err := run(Command{}, "run", "random", "-seed", "3", "-print")
	if err != nil || out != Random(3).Text {
		t.Fatalf("%v:\n%s", err, out)
	}
	if _, err := Parse("kept", out); err != nil {
		t.Error(err)
	}
}
