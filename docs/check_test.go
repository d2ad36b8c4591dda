package docs

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A checker checks the pages below one root folder.
type checker struct {
	t        testing.TB
	root     string                            // of the source that excerpts name
	rewrite  bool                              // refresh the pages instead of complaining
	patience time.Duration                     // for an answer to become what the page shows
	bin      func() (map[string]string, error) // builds the programs that pages run
	tally    map[string][]string               // the blocks by what was done with them
}

// What is done with a block; the keys of a tally.
const (
	compared = "compared with what it shows"
	saved    = "saved as a file for the commands"
	drawn    = "figures, drawn again"
	named    = "commands that are not run, but exist"
	shown    = "shown but never run"
	plain    = "plain text"
)

// plainKinds are the words that may stand alone behind a fence; they only tell
// a viewer how to colour the block.
var plainKinds = []string{"", "text", "json", "markdown", "go"}

// checkPage checks every block, figure and link of a page, refreshes the page's
// blocks and figures if asked to, and returns what is wrong.
func (c *checker) checkPage(p *page) (problems []string) {
	c.t.Helper()
	figs, problems := figures(p)
	var sh *shell
	if len(figs) > 0 || slices.ContainsFunc(p.blocks, needsShell) {
		bin, err := c.bin()
		if err != nil {
			return append(problems, err.Error())
		}
		sh = newShell(c.t, bin, c.patience)
	}
	for _, b := range p.blocks {
		what, err := c.checkBlock(b, sh)
		if err != nil {
			problems = append(problems, b.pos+": "+err.Error())
		}
		c.tally[what] = append(c.tally[what], b.pos)
	}
	for _, f := range figs {
		if err := c.checkFigure(p, f, sh); err != nil {
			problems = append(problems, f.pos+": "+err.Error())
		}
		c.tally[drawn] = append(c.tally[drawn], f.pos)
	}
	for i, line := range inProse(p) {
		for _, err := range c.checkNames(fmt.Sprintf("%s:%d", p.file, i+1), []string{line}) {
			problems = append(problems, err.Error())
		}
	}
	return append(problems, checkLinks(p)...)
}

func needsShell(b *block) bool {
	return b.kind == "console" || b.kind == "sim" || b.option("file") != ""
}

// checkBlock checks one block by its kind.
func (c *checker) checkBlock(b *block, sh *shell) (what string, err error) {
	switch {
	case b.kind == "console" && b.has("show"):
		return shown, nil
	case b.kind == "console":
		return compared, c.checkConsole(b, sh)
	case b.kind == "sim":
		return compared, c.checkSim(b, sh)
	case b.option("file") != "":
		return saved, sh.saveFile(b.option("file"), b.body)
	case b.kind == "sh", b.kind == "" && hasNames(b.body):
		return named, errors.Join(c.checkNames("commands", b.body)...)
	case len(b.args) > 0:
		body, err := checkExcerpt(c.root, b, c.rewrite)
		if err == nil {
			b.body = body
		}
		return compared, err
	case b.kind == "go":
		return plain, checkSnippet(b)
	case !slices.Contains(plainKinds, b.kind):
		return plain, fmt.Errorf("%q is no kind of block", b.kind)
	}
	return plain, nil
}

// checkConsole plays the commands of a block in order.
func (c *checker) checkConsole(b *block, sh *shell) error {
	cmds, err := parseConsole(b.body)
	if err != nil {
		return err
	}
	var failed []error
	for i := range cmds {
		out, err := sh.play(cmds[i], c.rewrite)
		if err == nil {
			cmds[i].output, err = consoleStyle.refreshed(cmds[i].output, out, c.rewrite)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", cmds[i].line, err))
		}
	}
	b.body = formatConsole(cmds)
	return errors.Join(failed...)
}

// checkSim plays a scenario. Its output is the same in every run. A page that
// shows how a rule breaks says so by the word "fails", since the line that
// tells may be left out, and names the bug that breaks it if it is planted.
func (c *checker) checkSim(b *block, sh *shell) error {
	bug := b.option("planted")
	if err := plant(bug); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), maxRun)
	defer cancel()
	args := slices.DeleteFunc(slices.Clone(b.args), func(a string) bool { return a == "fails" || a == "planted="+bug })
	cmd, err := sh.simulator(ctx, bug, args)
	if err != nil {
		return err
	}
	var trace, problem strings.Builder
	cmd.Stdout, cmd.Stderr = &trace, &problem
	err = cmd.Run()
	if problem.Len() > 0 {
		return errors.New(strings.TrimSpace(problem.String()))
	}
	if b.has("fails") != (err != nil) {
		return fmt.Errorf("the run shall fail: %v; it ended with %v:\n%s", b.has("fails"), err, trace.String())
	}
	b.body, err = simStyle.refreshed(b.body, lines(trace.String()), c.rewrite)
	return err
}

// build builds the programs that pages run, into dir.
func build(root, dir string) (map[string]string, error) {
	bin := map[string]string{}
	for _, name := range []string{"praetor", "sim"} {
		bin[name] = filepath.Join(dir, name)
		cmd := exec.Command("go", "build", "-o", bin[name], "./cmd/"+name)
		cmd.Dir = root
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cannot build cmd/%s for the pages that run it: %w\n%s", name, err, out)
		}
	}
	return bin, nil
}
