package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// volatile matches what an edit elsewhere changes: places in the source, times
// and numbers of events. A golden explanation has an N in their place.
var volatile = regexp.MustCompile(`(\.go:|forward |reply | of |at |-seed )[0-9.]+|( +)[0-9]+\.[0-9]{6}( )`)

// mustExplain compares the explanation of a failing run with the golden one of
// the test. Refresh them with -rewrite.
func mustExplain(t *testing.T, s *Scenario, o Options) {
	t.Helper()
	x, _, err := s.Explain(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join("testdata", "explain"), 0o755); err != nil {
		t.Fatal(err)
	}
	golden(t, filepath.Join("testdata", "explain", t.Name()+".golden"), volatile.ReplaceAllString(x.String(), "${1}${2}N${3}"))
}

// TestExplanationsAreShort: the median of the explanations of planted bugs, in
// lines of which each is one thing that happened on a host.
func TestExplanationsAreShort(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "explain", "*.golden"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%d explanations: %v", len(files), err)
	}
	var sizes []int
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		_, lines, _ := strings.Cut(string(b), "events:\n")
		sizes = append(sizes, strings.Count(lines, "\n")-1)
	}
	slices.Sort(sizes)
	t.Logf("lines of %d explanations: median %d, all %v", len(sizes), sizes[len(sizes)/2], sizes)
	if m := sizes[len(sizes)/2]; m > 30 {
		t.Errorf("the median of the explanations has %d lines", m)
	}
}
