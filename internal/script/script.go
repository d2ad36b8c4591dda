// Package script runs golden text scripts: files of commands, each followed by
// the output that the code under test gave for it. A script is a test and its
// own documentation; go test -run NAME -rewrite refreshes the outputs, and the
// diff shows what a change did.
//
//	# A comment: the picture and the reason stand at the top.
//
//	add-nodes 3 timeout=150ms
//	propose n1
//	first line of input
//	second line of input
//	----
//	n1 leads in term 1
//
// A command is a line of a verb, positional arguments and key=value pairs
// (double quotes keep spaces together). Lines between it and the next blank
// line or "----" are its input. What follows "----" up to a blank line is the
// expected output; output that itself holds blank lines stands between
// "----" doubled and "----" doubled. A command without "----" has no output.
package script

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "rewrite golden files with the output of this run")

// Rewriting reports whether golden files shall be refreshed, for tests that
// keep golden output in another form than a script.
func Rewriting() bool { return *rewrite }

// A Command is one command of a script.
type Command struct {
	Pos   string // "file:line", for messages
	Verb  string
	Args  []string          // positional arguments
	Named map[string]string // key=value arguments
	Input string            // the lines below the command, without the last newline
}

// Arg returns positional argument i, or "" if there are fewer.
func (c Command) Arg(i int) string {
	if i < len(c.Args) {
		return c.Args[i]
	}
	return ""
}

// Has reports whether the named argument was given.
func (c Command) Has(key string) bool { _, ok := c.Named[key]; return ok }

// Int returns the named argument as an integer, or def if it was not given.
// It panics with the position on a malformed one: a script is a test's source.
func (c Command) Int(key string, def int) int {
	s, ok := c.Named[key]
	if !ok {
		return def
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("%s: %s: %v", c.Pos, key, err))
	}
	return n
}

// Duration returns the named argument as a duration, or def if it was not given.
func (c Command) Duration(key string, def time.Duration) time.Duration {
	s, ok := c.Named[key]
	if !ok {
		return def
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		panic(fmt.Sprintf("%s: %s: %v", c.Pos, key, err))
	}
	return d
}

// RunDir runs each file of dir that matches pattern as a subtest. start is
// called once a file and returns the function that runs its commands.
func RunDir(t *testing.T, dir, pattern string, start func(t *testing.T) func(Command) string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no script matches %s in %s (%v)", pattern, dir, err)
	}
	for _, f := range files {
		t.Run(strings.TrimSuffix(filepath.Base(f), ".txt"), func(t *testing.T) { Run(t, f, start(t)) })
	}
}

// Run runs the script in the file through run, which returns a command's
// output, and compares, or rewrites the file under -rewrite.
func Run(t *testing.T, file string, run func(Command) string) {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	got, failures, err := Execute(filepath.Base(file), string(src), run)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if got != string(src) {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for _, f := range failures {
		t.Error(f)
	}
}

// Execute runs the script src through run. It returns the script with its
// outputs refreshed and one message for each output that differs. The error
// is a malformed script.
func Execute(name, src string, run func(Command) string) (refreshed string, failures []string, err error) {
	p := &parser{name: name, lines: strings.Split(src, "\n")}
	var out strings.Builder
	for !p.done() {
		if line := p.peek(); line == "" || strings.HasPrefix(line, "#") {
			p.next()
			if !p.done() || line != "" {
				out.WriteString(line + "\n")
			}
			continue
		}
		first := p.at
		cmd, err := p.command()
		if err != nil {
			return "", nil, err
		}
		head := strings.Join(p.lines[first:p.at], "\n")
		want, err := p.output()
		if err != nil {
			return "", nil, err
		}
		got := strings.TrimRight(run(cmd), "\n")
		if got != want {
			failures = append(failures, fmt.Sprintf("%s: %s\ngot:\n%s\nwant:\n%s", cmd.Pos, cmd.Verb, got, want))
		}
		out.WriteString(head + "\n" + block(got))
	}
	return out.String(), failures, nil
}

// block renders an output with its separators; it is empty for no output.
func block(output string) string {
	switch {
	case output == "":
		return ""
	case strings.Contains(output, "\n\n") || strings.HasPrefix(output, "\n"):
		return "----\n----\n" + output + "\n----\n----\n"
	}
	return "----\n" + output + "\n"
}

type parser struct {
	name  string
	lines []string
	at    int
}

func (p *parser) done() bool   { return p.at >= len(p.lines) }
func (p *parser) peek() string { return p.lines[p.at] }
func (p *parser) next() string { p.at++; return p.lines[p.at-1] }

// command reads a command line and its input.
func (p *parser) command() (Command, error) {
	c := Command{Pos: fmt.Sprintf("%s:%d", p.name, p.at+1), Named: map[string]string{}}
	words, err := split(p.next())
	if err != nil {
		return c, fmt.Errorf("%s: %w", c.Pos, err)
	}
	c.Verb = words[0]
	for _, w := range words[1:] {
		if k, v, ok := strings.Cut(w, "="); ok && k != "" {
			c.Named[k] = v
		} else {
			c.Args = append(c.Args, w)
		}
	}
	var input []string
	for !p.done() && p.peek() != "" && p.peek() != "----" {
		input = append(input, p.next())
	}
	c.Input = strings.Join(input, "\n")
	return c, nil
}

// output reads the expected output of the command before.
func (p *parser) output() (string, error) {
	if p.done() || p.peek() != "----" {
		return "", nil
	}
	p.next()
	doubled := !p.done() && p.peek() == "----"
	if doubled {
		p.next()
	}
	var lines []string
	for !p.done() {
		if !doubled && p.peek() == "" {
			break
		}
		if doubled && p.peek() == "----" && p.at+1 < len(p.lines) && p.lines[p.at+1] == "----" {
			p.at += 2
			return strings.Join(lines, "\n"), nil
		}
		lines = append(lines, p.next())
	}
	if doubled {
		return "", fmt.Errorf("%s: no closing ---- ---- before the end of the file", p.name)
	}
	return strings.Join(lines, "\n"), nil
}

// split cuts a line into words at spaces outside of double quotes.
func split(line string) ([]string, error) {
	var words []string
	var w strings.Builder
	quoted, started := false, false
	for _, c := range line {
		switch {
		case c == '"':
			quoted, started = !quoted, true
		case c == ' ' && !quoted:
			if started {
				words = append(words, w.String())
				w.Reset()
				started = false
			}
		default:
			w.WriteRune(c)
			started = true
		}
	}
	if quoted {
		return nil, fmt.Errorf("unclosed quote in %q", line)
	}
	if started {
		words = append(words, w.String())
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("no command in %q", line)
	}
	return words, nil
}
