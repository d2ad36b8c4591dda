package sim

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"praetor/internal/script"
)

// TestMain lets garbage wait: a world is small, and soon gone.
func TestMain(m *testing.M) {
	debug.SetGCPercent(800)
	os.Exit(m.Run())
}

// TestScenarios: each story ends well, and its trace is the golden one in
// testdata. Refresh them with -rewrite.
func TestScenarios(t *testing.T) {
	for _, name := range Scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got, again bytes.Buffer
			if err := Run([]string{"run", name}, &got); err != nil {
				t.Fatalf("%v\n%s", err, lastLines(got.String(), 20))
			}
			if err := Run([]string{"run", name, "-seed", "1"}, &again); err != nil || got.String() != again.String() {
				t.Fatalf("two runs of seed 1 differ (%v)", err)
			}
			golden(t, filepath.Join("testdata", name+".golden"), withoutSum(got.String()))
		})
	}
}

// TestScenariosHoldWithOtherSeeds: a story is about what happens, not about
// when, so it must end well with any seed.
func TestScenariosHoldWithOtherSeeds(t *testing.T) {
	for _, name := range Scenarios() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := Load(name)
			if err != nil {
				t.Fatal(err)
			}
			for seed := uint64(2); seed <= 4; seed++ {
				r, err := s.Play(Options{Seed: seed})
				if err != nil || r.Failure != nil {
					t.Errorf("seed %d: %v %v", seed, err, r.Failure)
				}
			}
		})
	}
}

// withoutSum returns what a run shows but for the counts and the hash at its end,
// which any change of any message changes.
func withoutSum(trace string) string {
	lines := strings.SplitAfter(trace, "\n")
	end := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, " virtual s, ") })
	return strings.Join(lines[:max(end, 0)], "")
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if script.Rewriting() {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is out of date (refresh it with -rewrite); %s", file, firstDifference(got, string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "first difference:\ngot:  " + g[i] + "\nwant: " + w[i]
		}
	}
	return "one is the beginning of the other"
}

func lastLines(s string, n int) string {
	lines := strings.Split(s, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

func TestEveryScenarioOpensWithATitleAndAReason(t *testing.T) {
	for _, name := range Scenarios() {
		s, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if title := s.Title(); !strings.HasSuffix(title, ".") || len(title) > 120 {
			t.Errorf("%s: the title %q is no sentence", name, title)
		}
	}
}

func TestAMalformedStepIsRefusedByLineAndReason(t *testing.T) {
	for text, want := range map[string]string{
		"servers 3\nfly n1":                       `line 2: "fly n1": there is no step "fly"`,
		"servers":                                 `line 1: "servers": 0 arguments; it is: servers N`,
		"at noon crash n1":                        `line 1: "at noon crash n1": time: invalid duration "noon"`,
		`when n1 says "x`:                         "a quote is not closed",
		"servers many":                            `"many" is not a number from 1 to 100`,
		"crash n9":                                "there is no server n9",
		"servers 1\nexpect the moon":              "it is: expect WHAT",
		"network loss=300%":                       `"300%" is no percentage`,
		"servers 1\nwait 1s\nput a 1 via nobody":  "there is no server nobody",
		"servers 1\nwhen n1 says start expect it": "expect cannot be done by a trap",
	} {
		s, err := Parse("test", text)
		if err == nil {
			_, err = s.Play(Options{})
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range Scenarios() {
		s, err := Load(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(s.Text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := Parse("fuzz", text); err == nil {
			s.Title()
		}
	})
}
