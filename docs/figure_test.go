package docs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

var (
	figureLine    = regexp.MustCompile(`^!\[[^\]]+\]\((figures/[a-z0-9-]+\.svg)\)$`)
	figureCommand = regexp.MustCompile(`^<!-- (?:go run \./cmd/sim|PRAETOR_PLANTED=([a-z0-9-]+) ./planted) run (.+) -svg docs/(figures/[a-z0-9-]+\.svg) -->$`)
)

// A figure is a picture on a page, and what draws it:
//
//	<!-- go run ./cmd/sim run first-light -seed 1 -svg docs/figures/first-light.svg -->
//	![What the picture shows.](figures/first-light.svg)
type figure struct {
	pos  string   // "file:line" of the picture
	name string   // its file, seen from the page
	bug  string   // that the simulator has; "" for none
	args []string // of sim run, without -svg
}

// figures returns the figures of a page. A picture whose command is missing, or
// draws something else, and a command whose picture is missing, are errors.
func figures(p *page) (fs []figure, problems []string) {
	prose := p.prose()
	drawn, bug := "", "" // the picture of the command on the line before, and the bug
	var args []string
	for i, line := range prose {
		fail := func(format string, args ...any) {
			problems = append(problems, fmt.Sprintf("%s:%d: ", p.file, i+1)+fmt.Sprintf(format, args...))
		}
		m := figureLine.FindStringSubmatch(line)
		switch {
		case m == nil && drawn != "":
			fail("the picture %s does not stand below the command that draws it", drawn)
		case m == nil && strings.Contains(inlineCode.ReplaceAllString(line, ""), "](figures/"):
			fail("a figure is a line ![what it shows](figures/NAME.svg) below the command that draws it")
		case m != nil && m[1] != drawn:
			fail("above %s shall stand <!-- go run ./cmd/sim run ... -svg docs/%s -->", m[1], m[1])
		case m != nil:
			fs = append(fs, figure{fmt.Sprintf("%s:%d", p.file, i+1), m[1], bug, args})
		}
		drawn = ""
		if m := figureCommand.FindStringSubmatch(line); m != nil {
			bug, args, drawn = m[1], strings.Fields(m[2]), m[3]
		}
	}
	return fs, problems
}

// checkFigure draws a figure and compares it with the file, or refreshes that.
// A run that fails is drawn as well, up to where it failed.
func (c *checker) checkFigure(p *page, f figure, sh *shell) error {
	if err := plant(f.bug); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxRun)
	defer cancel()
	const drawing = "figure.svg"
	cmd, err := sh.simulator(ctx, f.bug, slices.Concat(f.args, []string{"-svg", drawing}))
	if err != nil {
		return err
	}
	var problem strings.Builder
	cmd.Stderr = &problem
	runs := cmd.Run()
	path := filepath.Join(sh.dir, drawing)
	now, err := os.ReadFile(path)
	if err != nil || problem.Len() > 0 {
		return fmt.Errorf("figure %s: sim run %s: %v %s", f.name, strings.Join(f.args, " "), errors.Join(runs, err), problem.String())
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	file := filepath.Join(filepath.Dir(p.file), f.name)
	have, err := os.ReadFile(file)
	switch {
	case err == nil && bytes.Equal(have, now):
		return nil
	case c.rewrite:
		return os.WriteFile(file, now, 0o644)
	case err != nil:
		return fmt.Errorf("figure: %w; -rewrite draws it", err)
	}
	return fmt.Errorf("figure %s is stale: %d bytes, and drawn now %d, which differ from line %d on; -rewrite draws it again",
		f.name, len(have), len(now), firstDifference(lines(string(have)), lines(string(now))))
}

// firstDifference returns the number of the first line that differs.
func firstDifference(a, b []string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n + 1
}
