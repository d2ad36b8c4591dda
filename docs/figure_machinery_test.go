package docs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	figureOnPage = `# A page with a figure

<!-- go run ./cmd/sim run first-light -seed 2 -to 100ms -svg docs/figures/first-light.svg -->
![A write](figures/first-light.svg)
`
	figureFile = "figures/first-light.svg"
)

// TestAStaleFigureIsFoundAndDrawnAgain follows a figure from when it is missing
// to when the scenario behind it changes.
func TestAStaleFigureIsFoundAndDrawnAgain(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, figureFile)
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	check := func(text string, rewrite bool) string {
		t.Helper()
		p, err := parsePage(filepath.Join(dir, "p.md"), text)
		if err != nil {
			t.Fatal(err)
		}
		figs, problems := figures(p)
		if len(figs) != 1 || len(problems) > 0 {
			t.Fatalf("figures %v, problems %q", figs, problems)
		}
		c := &checker{t: t, root: root, rewrite: rewrite, patience: time.Second, bin: programs, tally: map[string][]string{}}
		return strings.Join(c.checkPage(p), "\n")
	}
	if got := check(figureOnPage, false); !strings.Contains(got, "-rewrite draws it") {
		t.Errorf("a figure that is missing: %q", got)
	}
	if got := check(figureOnPage, true); got != "" {
		t.Errorf("a figure that is to be drawn: %q", got)
	}
	drawn, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(drawn), "<svg") {
		t.Fatalf("%q, %v", drawn, err)
	}
	if got := check(figureOnPage, false); got != "" {
		t.Errorf("a figure that was just drawn: %q", got)
	}
	for what, text := range map[string]string{
		"p.md:4: figure " + figureFile + " is stale": strings.Replace(figureOnPage, "-seed 2", "-seed 3", 1),
		"no scenario":            strings.Replace(figureOnPage, "run first-light", "run no-such-scenario", 1),
		`no bug "no-such-thing"`: strings.Replace(figureOnPage, "go run ./cmd/sim", "PRAETOR_PLANTED=no-such-thing ./planted", 1),
	} {
		if got := check(text, false); !strings.Contains(got, what) {
			t.Errorf("got %q, want %q", got, what)
		}
	}
	if err := os.WriteFile(file, append(drawn, '\n', '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := check(figureOnPage, false); !strings.Contains(got, "is stale") {
		t.Errorf("a figure that was edited: %q", got)
	}
}

// TestAFigureStandsBelowItsCommand: neither goes without the other, nor in
// another form, since it would not be checked.
func TestAFigureStandsBelowItsCommand(t *testing.T) {
	for _, test := range []struct{ old, new, want string }{
		{"first-light.svg -->", "other.svg -->", "p.md:4: above figures/first-light.svg shall stand"},
		{"-->\n!", "-->\n\n!", "p.md:4: the picture figures/first-light.svg does not stand below the command"},
		{"![A write](", "", "p.md:4: the picture figures/first-light.svg does not stand below the command"},
		{"\n![A write]", "\n\n![A](figures/a.svg) ![A write]", "p.md:5: a figure is a line"},
		{"<!-- go run ./cmd/sim run", "<!-- sim", "p.md:4: above figures/first-light.svg shall stand"},
	} {
		p, err := parsePage("p.md", strings.Replace(figureOnPage, test.old, test.new, 1))
		if err != nil {
			t.Fatal(err)
		}
		_, problems := figures(p)
		if !slices.ContainsFunc(problems, func(s string) bool { return strings.HasPrefix(s, test.want) }) {
			t.Errorf("%q for %q: got %q, want %q", test.new, test.old, problems, test.want)
		}
	}
}
