package bugs

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"praetor/sim"
)

const root = "../.."

func readModule(file string) ([]byte, error) {
	return os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
}

func mustAll(t *testing.T) []Bug {
	t.Helper()
	all, err := All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryBugStillApplies(t *testing.T) {
	for _, b := range mustAll(t) {
		if _, err := b.Plant(readModule); err != nil {
			t.Error(err)
		}
	}
}

// Each bug is checked by itself, against the packages that the compiler has
// made of the code without it: that takes milliseconds, and a build seconds.
func TestEveryBugCompiles(t *testing.T) {
	all := mustAll(t)
	c := newCompiler(t, all)
	for _, b := range all {
		planted, err := b.Plant(readModule)
		if err != nil {
			continue // TestEveryBugStillApplies tells
		}
		var dirs []string
		for file := range planted {
			dirs = append(dirs, path.Dir(file))
		}
		slices.Sort(dirs)
		for _, dir := range slices.Compact(dirs) {
			if err := c.check(dir, planted); err != nil {
				t.Errorf("%s: %v", b.Name, err)
			}
		}
	}
}

// compiler type-checks packages of the module.
type compiler struct {
	fset  *token.FileSet
	types types.Config
	files map[string][]string  // by package's folder: the names of its files
	ast   map[string]*ast.File // those that have no bug in them, parsed
}

func newCompiler(t *testing.T, all []Bug) *compiler {
	t.Helper()
	var dirs []string
	for _, b := range all {
		for _, e := range b.Edits {
			dirs = append(dirs, "./"+path.Dir(e.File))
		}
	}
	slices.Sort(dirs)
	cmd := exec.Command("go", append([]string{"list", "-export", "-deps", "-json=Dir,ImportPath,GoFiles,Export"}, slices.Compact(dirs)...)...)
	cmd.Dir, cmd.Stderr = root, os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	c := &compiler{fset: token.NewFileSet(), files: map[string][]string{}, ast: map[string]*ast.File{}}
	exports := map[string]string{}
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			Dir, ImportPath, Export string
			GoFiles                 []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if dir, ok := strings.CutPrefix(p.ImportPath, "praetor/"); ok {
			c.files[dir] = p.GoFiles
		}
	}
	c.types.Importer = importer.ForCompiler(c.fset, "gc", func(p string) (io.ReadCloser, error) { return os.Open(exports[p]) })
	return c
}

// check type-checks a package with the planted files in the place of its own.
func (c *compiler) check(dir string, planted map[string]string) error {
	var files []*ast.File
	for _, name := range c.files[dir] {
		file := path.Join(dir, name)
		f, err := c.parse(file, planted[file])
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	_, err := c.types.Check("praetor/"+dir, c.fset, files, nil)
	return err
}

// parse parses the planted text of a file or, if that is empty, the file.
func (c *compiler) parse(file, text string) (*ast.File, error) {
	if text != "" {
		return parser.ParseFile(c.fset, file, text, 0)
	}
	if f := c.ast[file]; f != nil {
		return f, nil
	}
	f, err := parser.ParseFile(c.fset, filepath.Join(root, filepath.FromSlash(file)), nil, 0)
	c.ast[file] = f
	return f, err
}

// All bugs that change no more than the bodies of functions are in one program.
func TestMostBugsCanBeMerged(t *testing.T) {
	all := mustAll(t)
	files, alone, err := merge(all, readModule)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range alone {
		t.Logf("%s is built by itself", b.Name)
	}
	if len(alone) > len(all)/10 {
		t.Errorf("%d of %d bugs must be built by themselves", len(alone), len(all))
	}
	c := newCompiler(t, all)
	for file := range files {
		if path.Base(file) == "planted_bug.go" {
			c.files[path.Dir(file)] = append(c.files[path.Dir(file)], path.Base(file))
		}
	}
	for file := range files {
		if path.Base(file) == "planted_bug.go" {
			if err := c.check(path.Dir(file), files); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestABugThatIsNotWellFormedIsRefused(t *testing.T) {
	const head = "what: a\nrule: b\nsection: c\nchecker: d\nscope: raft\n"
	for text, want := range map[string]string{
		"":                   "must",
		"what: a\nrule: b\n": "ends after",
		"rule: b\n":          "must",
		strings.Replace(head, "raft", "sea", 1) + "edit f.go\n-a\n": "no scope",
		head:                         "ends after",
		head + "-a\n":                "before any edit",
		head + "edit f.go\n":         "changes nothing",
		head + "edit f.go\n-a\n+a\n": "changes nothing",
		head + "edit f.go\na\n":      "neither",
	} {
		if _, err := Parse("x", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

func TestAnEditAppliesOnce(t *testing.T) {
	for src, ok := range map[string]bool{"x\na\ny\n": true, "x\ny\n": false, "a\na\n": false, "xa\n": false, "a\n": true} {
		b := Bug{Name: "b", Edits: []Edit{{File: "f.go", Old: "a\n", New: "b\n"}}}
		got, err := b.Plant(func(string) ([]byte, error) { return []byte(src), nil })
		if (err == nil) != ok || ok && got["f.go"] != strings.Replace(src, "a", "b", 1) {
			t.Errorf("%q: %q, %v", src, got["f.go"], err)
		}
	}
}

func TestTheScoreIsThatOfTheSearch(t *testing.T) {
	m := Matrix{Limit: 10, Kills: []Kill{
		{Bug: Bug{Name: "a"}, Rule: "r", Seeds: 7},
		{Bug: Bug{Name: "b"}, Scenario: "only-a-scenario", ScenarioRule: "r"},
		{Bug: Bug{Name: "c"}, Rule: "r", Seeds: 1},
		{Bug: Bug{Name: "d"}, Rule: "s", Seeds: 3},
	}}
	if got, want := m.Summary(), "killed 3 of 4, median 3 seeds"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := m.Checkers(); !strings.Contains(got, "\nr: a, c\n") || !strings.Contains(got, "\ns: d\n") {
		t.Errorf("the bugs of each rule: %q", got)
	}
}

func TestEveryBugNamesARuleOfTheSimulator(t *testing.T) {
	for _, b := range mustAll(t) {
		if !slices.ContainsFunc(sim.Rules(), func(r sim.Rule) bool { return r.Name == b.Checker }) {
			t.Errorf("%s: the simulator has no rule %q", b.Name, b.Checker)
		}
	}
}

// The page is written by "go run ./cmd/sim bugs -md docs/kill-matrix.md".
func TestTheKillMatrixHasAllBugs(t *testing.T) {
	page, err := readModule("docs/kill-matrix.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows, names []string
	for line := range strings.Lines(string(page)) {
		if rest, ok := strings.CutPrefix(line, "| ["); ok {
			name, _, _ := strings.Cut(rest, "]")
			rows = append(rows, name)
		}
	}
	for _, b := range mustAll(t) {
		names = append(names, b.Name)
	}
	if !slices.Equal(rows, names) {
		t.Errorf("the page has the bugs %v, sim/bugs has %v", rows, names)
	}
}
