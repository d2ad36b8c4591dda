package docs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample returns a page of testdata and a checker for it. Excerpts in samples
// name files from this folder on.
func sample(t *testing.T, name string, rewrite bool) (*page, *checker) {
	t.Helper()
	p, err := readPage(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return p, &checker{t: t, root: ".", rewrite: rewrite, patience: time.Second, bin: programs, tally: map[string][]string{}}
}

func TestSamplesHold(t *testing.T) {
	for name, want := range map[string]map[string]int{
		"excerpts.md": {compared: 5, plain: 2},
		"agent.md":    {compared: 4, saved: 1, shown: 1, named: 1},
		"sim.md":      {compared: 1},
	} {
		t.Run(name, func(t *testing.T) {
			p, c := sample(t, name, false)
			if name == "agent.md" {
				c.root = root // its sh block builds the program
			}
			before := p.text()
			for _, problem := range c.checkPage(p) {
				t.Error(problem)
			}
			got := map[string]int{}
			for what, blocks := range c.tally {
				got[what] = len(blocks)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
			if p.text() != before {
				t.Error("a check changed the page")
			}
		})
	}
}

// broken is one way to break a sample, and a part of the message about it.
type broken struct{ page, old, new, want string }

// TestWhatIsNotSoIsFound breaks each kind of block once.
func TestWhatIsNotSoIsFound(t *testing.T) {
	for _, test := range []broken{
		{"excerpts.md", "return &Log{}", "return new(Log)", "excerpts.md:5: the page differs"},
		{"excerpts.md", "\t// ...\n", "", "excerpts.md:14: the page differs"},
		{"excerpts.md", "sample.go New", "sample.go Old", "has no Old; it has"},
		{"excerpts.md", "sample.go Large", "nowhere.go Large", "no such file"},
		{"excerpts.md", "sample.go Large", "sample.go", "names a file and a definition"},
		{"excerpts.md", "first\n...", "second\n...", "the page differs"},
		{"excerpts.md", "x := 1", "x := = 1", "must still be Go"},
		{"excerpts.md", "```go\nx", "```gogo\nx", `"gogo" is no kind of block`},
		{"excerpts.md", "```go\nx", "```yaml deploy.yaml\nx", "no such file"},
		{"agent.md", "good morning\n$ curl", "good night\n$ curl", "praetor kv get greeting: the page differs"},
		{"agent.md", "1 1 80 n1", "1 1 81 n1", "SRV +short: the page differs"},
		{"agent.md", "127.0.0.1:8301  alive", "127.0.0.1:8301  failed", "praetor members: the page differs"},
		{"agent.md", "$ praetor members", "$ praetor member", "the page differs"},
		{"agent.md", "$ praetor members", "$ make install", `"make" is no program`},
		{"agent.md", "$ rm flag", "$ rm flog", "rm flog"},
		{"agent.md", "$ rm flag", "$ rm ../flag", "have no folders"},
		{"agent.md", "$ kill -9 %1", "$ kill %2", "kill takes"},
		{"agent.md", "praetor kv get -h", "praetor kv got -h", "praetor kv got: there is no such command"},
		{"agent.md", "by `praetor members`", "by `praetor membres`", "agent.md:34: praetor membres"},
		{"agent.md", "./cmd/praetor ", "./cmd/pretor ", "there is no package ./cmd/pretor"},
		{"agent.md", "file=web.json", "file=../web.json", "have no folders"},
		{"sim.md", "...", "something else", "the page differs"},
		{"sim.md", "first-light", "no-such-scenario", "no scenario"},
		{"sim.md", "-seed 1", "-seed 1 fails", "the run shall fail: true"},
		{"sim.md", "-seed 1", "-seed 1 planted=no-such-bug", `there is no bug "no-such-bug" to plant`},
	} {
		t.Run(test.page+"/"+test.new, func(t *testing.T) {
			t.Parallel()
			p, c := sample(t, test.page, false)
			if test.page == "agent.md" {
				c.root = root
			}
			text := strings.Replace(p.text(), test.old, test.new, 1)
			if text == p.text() {
				t.Fatalf("%q is not in the sample", test.old)
			}
			p, err := parsePage(test.page, text)
			if err != nil {
				t.Fatal(err)
			}
			problems := c.checkPage(p)
			if !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, test.want) }) {
				t.Errorf("got %q, want a problem with %q", problems, test.want)
			}
		})
	}
}

// TestRewriteRefreshesWhatItFindsAgain breaks a page, refreshes it, and gets
// the page from before, up to what differs from run to run; a line that is not
// found again, where lines are left out, stays for a person to fix.
func TestRewriteRefreshesWhatItFindsAgain(t *testing.T) {
	for _, test := range []struct {
		broken
		stays bool
	}{
		{broken{"excerpts.md", "return &Log{}", "return new(Log)", ""}, false},
		{broken{"excerpts.md", "\treturn l.last()", "  return  l.last()", ""}, false},
		{broken{"excerpts.md", "return l.last()", "return 1", `"\treturn 1" is not there any more`}, true},
		{broken{"excerpts.md", "first\n...", "  first\n...", ""}, false},
		{broken{"excerpts.md", "first\n...", "second\n...", `"second" is there, but not in its place`}, true},
		{broken{"sim.md", "0.000000", "0.000017", ""}, false},
		{broken{"sim.md", "servers 3", "server 3", "a person must look"}, true},
		{broken{"agent.md", "good morning\n$ curl", "good night\n$ curl", ""}, false},
		{broken{"agent.md", "0\tIN\tA", "5\tIN\tA", ""}, false},
		{broken{"agent.md", "A\t127.0.0.1", "A\t127.0.0.7", `A\t127.0.0.7" is not there any more`}, true},
	} {
		t.Run(test.page+"/"+test.new, func(t *testing.T) {
			t.Parallel()
			good, c := sample(t, test.page, true)
			if test.page == "agent.md" {
				c.root = root
			}
			p, err := parsePage(test.page, strings.Replace(good.text(), test.old, test.new, 1))
			if err != nil {
				t.Fatal(err)
			}
			problems := c.checkPage(p)
			if (len(problems) > 0) != test.stays || test.stays && !strings.Contains(problems[0], test.want) {
				t.Errorf("problems: %q, want some: %v, with %q", problems, test.stays, test.want)
			}
			if refreshed := slices.EqualFunc(lines(p.text()), lines(good.text()), alike); refreshed == test.stays {
				t.Errorf("the page is as before: %v, want %v\n%s", refreshed, !test.stays, cmp.Diff(good.text(), p.text()))
			}
		})
	}
}

func TestUnclosedFenceIsAnError(t *testing.T) {
	for _, text := range []string{"```go\nx", "````\n```\n", "~~~\n```\n", "```\n``` text\n"} {
		if _, err := parsePage("p.md", "\n"+text); err == nil || !strings.Contains(err.Error(), "p.md:2: the fence is never closed") {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if _, err := parsePage("p.md", "- a list\n\n  ```go a.go B\n  ```\n"); err == nil {
		t.Error("a checked block that is indented is accepted")
	}
}

func TestSaveWritesOnlyWhatChanged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "p.md")
	if err := os.WriteFile(file, []byte("a\n```text\nold\n```\nz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := readPage(file)
	if err != nil {
		t.Fatal(err)
	}
	p.blocks[0].body = []string{"new", "newer"}
	if err := p.save(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != "a\n```text\nnew\nnewer\n```\nz\n" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestLinksAreChecked(t *testing.T) {
	p, _ := sample(t, "links.md", false)
	want := []string{
		"testdata/links.md:13: link to nowhere.md: there is no such file",
		"testdata/links.md:14: link to excerpts.md#nowhere: there is no such heading",
		"testdata/links.md:14: link to #twice-2: there is no such heading",
		"testdata/links.md:15: link to src/sample.go#L10: only headings of Markdown pages can be linked to; line numbers go stale",
		"testdata/links.md:21: link to nowhere-either.md: there is no such file",
	}
	if diff := cmp.Diff(want, checkLinks(p)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestContentsAreChecked(t *testing.T) {
	for _, test := range []struct {
		lines    string
		chapters []string
		want     []string
	}{
		{"1. [A](01-a.md) — x\n2. B — y " + unwritten, []string{"01-a.md"}, nil},
		{"1. A — x", nil, []string{"r.md:1: chapter 1 has no file, so its line shall end in " + unwritten}},
		{"1. A — x " + unwritten, []string{"01-a.md"}, []string{"r.md:1: chapter 1 is 01-a.md, but is not linked to as written"}},
		{"1. [A](01-b.md) — x", []string{"01-a.md"}, []string{"r.md:1: chapter 1 is 01-a.md, but is not linked to as written"}},
		{"2. B — y " + unwritten, nil, []string{"r.md:1: chapter 2, expected 1", "r.md:1: chapter 1 has no file, so its line shall end in " + unwritten}},
		{"1. A — x " + unwritten, []string{"09-z.md"}, []string{"09-z.md: the contents do not list this chapter"}},
		{"nothing", nil, []string{"r.md: no chapter is listed"}},
	} {
		p, err := parsePage("r.md", test.lines)
		if err != nil {
			t.Fatal(err)
		}
		got := checkContents(p, test.chapters)
		if strings.HasPrefix(test.lines, "2.") {
			got = got[:1]
			test.want = test.want[:1]
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.lines, diff)
		}
	}
}
