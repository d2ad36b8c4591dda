package docs

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"praetor/internal/script"
)

// root is the folder of the repository, seen from this one.
const root = ".."

var builtIn string // the folder of the programs, "" while there are none

// programs builds the programs when the first page needs them.
var programs = sync.OnceValues(func() (map[string]string, error) {
	var err error
	if builtIn, err = os.MkdirTemp("", "praetor-docs-"); err != nil {
		return nil, err
	}
	return build(root, builtIn)
})

func TestMain(m *testing.M) {
	code := m.Run()
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}

// pages returns the files of the book and the README of the repository.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.md")
	if err != nil || len(files) == 0 {
		t.Fatalf("no pages: %v", err)
	}
	if readme := filepath.Join(root, "README.md"); fileExists(readme) {
		files = append(files, readme)
	}
	return files
}

func fileExists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// TestBook checks that what the pages show is so: excerpts are the source,
// consoles print what they show, scenarios play as shown, links lead somewhere.
func TestBook(t *testing.T) {
	tally := map[string][]string{}
	for _, file := range pages(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".md"), func(t *testing.T) {
			p, err := readPage(file)
			if err != nil {
				t.Fatal(err)
			}
			c := &checker{t: t, root: root, rewrite: script.Rewriting(), patience: 5 * time.Second, bin: programs, tally: tally}
			for _, problem := range c.checkPage(p) {
				t.Error(problem)
			}
			if script.Rewriting() {
				if err := p.save(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for _, what := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%d blocks: %s", len(tally[what]), what)
	}
	// What is not run may be wrong, so there is little of it, and it is known.
	for _, pos := range tally[shown] {
		t.Logf("%s: %s", pos, shown)
	}
	if n, most := len(tally[shown]), 5+len(tally[compared])/10; n > most {
		t.Errorf("%d blocks are shown but never run, at most %d may be", n, most)
	}
}

// TestEveryFigureIsShown finds pictures that no page shows any more: nothing
// would notice that they are stale.
func TestEveryFigureIsShown(t *testing.T) {
	files, err := filepath.Glob("figures/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range pages(t) {
		p, err := readPage(file)
		if err != nil {
			t.Fatal(err)
		}
		shown, _ := figures(p)
		files = slices.DeleteFunc(files, func(name string) bool {
			return slices.ContainsFunc(shown, func(f figure) bool { return f.name == name })
		})
	}
	for _, name := range files {
		t.Errorf("%s: no page shows this figure", name)
	}
}

// chapterLine is a line of the contents, with or without a link.
var chapterLine = regexp.MustCompile(`^(\d+)\. (?:\[([^\]]+)\]\(([^)]+)\)|([^—(]+?)) — (.+)$`)

const unwritten = "*(not written yet)*"

// TestContentsListTheChapters compares the contents with the files: chapter N
// is the file NN-name.md, and one that has no file says so.
func TestContentsListTheChapters(t *testing.T) {
	p, err := readPage("README.md")
	if err != nil {
		t.Fatal(err)
	}
	chapters, err := filepath.Glob("[0-9][0-9]-*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range checkContents(p, chapters) {
		t.Error(problem)
	}
}

// checkContents returns what is wrong with the contents, given the files of
// the chapters.
func checkContents(p *page, chapters []string) (problems []string) {
	left := slices.Clone(chapters)
	next := 1
	for i, line := range p.prose() {
		m := chapterLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		fail := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%s:%d: ", p.file, i+1)+fmt.Sprintf(format, args...))
		}
		if m[1] != fmt.Sprint(next) {
			fail("chapter %s, expected %d", m[1], next)
		}
		at := slices.IndexFunc(left, func(f string) bool { return strings.HasPrefix(f, fmt.Sprintf("%02d-", next)) })
		says := strings.HasSuffix(line, unwritten)
		switch {
		case at < 0 && !says:
			fail("chapter %d has no file, so its line shall end in %s", next, unwritten)
		case at >= 0 && (says || m[3] != left[at]):
			fail("chapter %d is %s, but is not linked to as written", next, left[at])
		}
		if at >= 0 {
			left = slices.Delete(left, at, at+1)
		}
		next++
	}
	if next == 1 {
		problems = append(problems, p.file+": no chapter is listed")
	}
	for _, f := range left {
		problems = append(problems, f+": the contents do not list this chapter")
	}
	return problems
}
