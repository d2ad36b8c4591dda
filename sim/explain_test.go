package sim

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// volatile matches what an edit elsewhere changes: places in the source, times
// and numbers of events. A golden explanation has an N in their place.
var volatile = regexp.MustCompile(`(\.go:|forward |reply | of |at |-seed )[0-9.]+|( +)[0-9]+\.[0-9]{6}( )`)

// explained are the sizes of the explanations so far, in lines.
var explained []int

// mustExplain looks at the explanation of a failing run: it is short, ends with
// the breach, and says where to go on reading. Those that an edit elsewhere
// seldom changes have golden texts; refresh them with -rewrite.
func mustExplain(t *testing.T, s *Scenario, o Options) {
	t.Helper()
	x, _, err := s.Explain(o)
	if err != nil {
		t.Fatal(err)
	}
	text := x.String()
	last := x.Lines[len(x.Lines)-1]
	if len(x.Lines) > 31 || last.Text != "here it breaks: "+x.Breach.Rule || !strings.Contains(text, x.Breach.Says) || !strings.Contains(text, "(sim/") {
		t.Errorf("the explanation has %d lines:\n%s", len(x.Lines), text)
	}
	explained = append(explained, len(x.Lines))
	file := filepath.Join("testdata", "explain", t.Name()+".golden")
	if _, err := os.Stat(file); err == nil {
		golden(t, file, volatile.ReplaceAllString(text, "${1}${2}N${3}"))
	}
}
