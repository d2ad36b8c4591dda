package tidy

import (
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheModuleKeepsItsRules(t *testing.T) {
	const root = "../.."
	sources, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := Folders(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range append(findings, Check(sources)...) {
		t.Error(f)
	}
}

// check returns the rules that a source breaks as "line: rule". It gives it a
// package comment if it has none.
func check(t *testing.T, name, src string) []string {
	t.Helper()
	s, err := Parse(token.NewFileSet(), name, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range Check([]*Source{s}) {
		if f.Remedy == "" || f.File != name {
			t.Errorf("finding without a remedy or a place: %+v", f)
		}
		out = append(out, fmt.Sprintf("%d: %s", f.Line, f.Rule))
	}
	return out
}

// TestRules breaks each rule once. A line of a source that must be found ends
// in "// want" and a part of the rule; no other line may be.
func TestRules(t *testing.T) {
	files, err := filepath.Glob("testdata/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go.txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range strings.Split(string(text), "-- ")[1:] {
				name, src, ok := strings.Cut(part, " --\n")
				if !ok {
					t.Fatalf("malformed: %.40q", part)
				}
				compare(t, name, src)
			}
		})
	}
}

func compare(t *testing.T, name, src string) {
	t.Helper()
	var wants []string
	for i, line := range strings.Split(src, "\n") {
		if _, want, ok := strings.Cut(line, "// want "); ok {
			wants = append(wants, fmt.Sprintf("%d: %s", i+1, want))
		}
	}
	got := check(t, name, src)
	for i := range max(len(got), len(wants)) {
		var g, w string
		if i < len(got) {
			g = got[i]
		}
		if i < len(wants) {
			w = wants[i]
		}
		if w == "" || !strings.HasPrefix(g, w) {
			t.Errorf("%s:\n got %q\nwant %q", name, got, wants)
			return
		}
	}
}

func TestLengths(t *testing.T) {
	const head = "// Package kv is one.\npackage kv\n"
	lines := func(n int) string { return strings.Repeat("\t_ = 0\n", n) }
	for _, c := range []struct {
		name, src string
		want      int
	}{
		{"a file of 600 lines", head + strings.Repeat("\n", 597) + "var x int\n", 0},
		{"a file of 601 lines", head + strings.Repeat("\n", 598) + "var x int\n", 1},
		{"a function of 80 lines", head + "func f() {\n" + lines(78) + "}\n", 0},
		{"a function of 81 lines", head + "func f() {\n" + lines(79) + "}\n", 1},
	} {
		if got := check(t, "kv/x.go", c.src); len(got) != c.want {
			t.Errorf("%s: got %q, want %d findings", c.name, got, c.want)
		}
	}
}

func TestMarksOfUnfinishedWork(t *testing.T) {
	for _, mark := range []string{"TO" + "DO", "FIX" + "ME", "XX" + "X"} {
		src := "// Package kv is one.\npackage kv\n\n// " + mark + ": more\n"
		if got := check(t, "kv/x.go", src); len(got) != 1 || got[0] != "4: comment says "+mark {
			t.Errorf("%s: got %q", mark, got)
		}
	}
}

func TestFolders(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{"raft", ".git", "utils"} {
		if err := os.Mkdir(filepath.Join(root, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Folders(root)
	if err != nil || len(got) != 1 || got[0].File != "utils" {
		t.Errorf("got %v, %v; want one finding for utils", got, err)
	}
}
