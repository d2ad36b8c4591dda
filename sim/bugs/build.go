package bugs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// workshop builds simulators, with a bug or without, and runs them.
type workshop struct {
	root string // of the module
	dir  string // for what is built; removed in the end
}

// openWorkshop finds the module that the command was started in, and makes a
// temporary directory.
func openWorkshop(ctx context.Context) (*workshop, error) {
	if _, err := exec.LookPath("go"); err != nil {
		return nil, fmt.Errorf("bugs: a bug is planted by building the simulator anew, so the go command must be on PATH: %w", err)
	}
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}} {{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("bugs: find the module: %w", err)
	}
	module, root, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	if module != "praetor" {
		return nil, fmt.Errorf("bugs: this is module %q; run it in a checkout of praetor", module)
	}
	dir, err := os.MkdirTemp("", "praetor-bugs-")
	if err != nil {
		return nil, fmt.Errorf("bugs: make room for what is built: %w", err)
	}
	return &workshop{root: root, dir: dir}, nil
}

func (w *workshop) close() { os.RemoveAll(w.dir) }

// read reads a file of the module.
func (w *workshop) read(file string) ([]byte, error) {
	return os.ReadFile(filepath.Join(w.root, filepath.FromSlash(file)))
}

// build builds a simulator with some files in the place of the project's.
func (w *workshop) build(ctx context.Context, name string, files map[string]string) (program, error) {
	return w.buildTo(ctx, filepath.Join(w.dir, name), files)
}

// buildTo is build with a place for the program to stay.
func (w *workshop) buildTo(ctx context.Context, file string, files map[string]string) (program, error) {
	p := program{file: file}
	overlay, err := writeOverlay(w.dir, w.root, files)
	if err != nil {
		return p, err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-overlay", overlay, "-o", p.file, "./cmd/sim")
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return p, fmt.Errorf("bugs: build: %w\n%s", err, out)
	}
	return p, nil
}

// program is a simulator, with the bug that it is to have, or "".
type program struct{ file, bug string }

// patience is how long one search may take. Only a bug that makes the
// simulator run in circles takes so long.
const patience = 30 * time.Minute

// errPanic is that a program came to an end in the way of Go programs with a
// broken invariant. A bug may do that; all else says nothing about the bug.
var errPanic = errors.New("the program panicked")

// panicked reports whether what a program wrote to its standard error is what
// the Go runtime writes when it ends one.
func panicked(stderr string) bool {
	return strings.Contains(stderr, "\ngoroutine ") && (strings.Contains(stderr, "panic: ") || strings.Contains(stderr, "fatal error: "))
}

// run runs the program and returns what it wrote. That it exits with 1 is no
// error: a rule was broken. The error is errPanic, or what kept the program
// from running.
func (w *workshop) run(ctx context.Context, p program, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.file, args...)
	cmd.Dir = w.root
	cmd.Env = append(os.Environ(), switchEnv+"="+p.bug)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && stderr.Len() == 0 {
		err = nil
	}
	if err == nil {
		return out, nil
	}
	if exit != nil && panicked(stderr.String()) {
		err = errPanic
	}
	text := stderr.String()
	return out, fmt.Errorf("bugs: %s: %w: %s", strings.Join(args, " "), err, text[:min(len(text), 1000)])
}

// failure is one of the failures that "sim search -json" lists.
type failure struct {
	Seed    uint64 `json:"seed"`
	Rule    string `json:"rule"`
	Section string `json:"section"`
	Checker string `json:"checker"`
	Detail  string `json:"detail"`
}

// finding is what a search came to, in the words of "sim search -json".
type finding struct {
	Seeds      int       `json:"seeds"`
	Events     int       `json:"events"`
	VirtualS   float64   `json:"virtual_s"`
	WallS      float64   `json:"wall_s"`
	Mismatches int       `json:"mismatches"`
	Failures   []failure `json:"failures"`
}

// first returns the failure of the lowest seed, or nil.
func (f *finding) first() *failure {
	var least *failure
	for i := range f.Failures {
		if least == nil || f.Failures[i].Seed < least.Seed {
			least = &f.Failures[i]
		}
	}
	return least
}

// search plays random scenarios until one fails.
func (w *workshop) search(ctx context.Context, p program, scope string, from, seeds uint64) (finding, error) {
	args := []string{"search", "-json", "-from", fmt.Sprint(from), "-seeds", fmt.Sprint(seeds)}
	if only := onlyOf(scope); only != "" {
		args = append(args, "-only", only)
	}
	var f finding
	out, err := w.run(ctx, p, args...)
	if err != nil {
		return f, err
	}
	if err := json.Unmarshal(out, &f); err != nil {
		return f, fmt.Errorf("bugs: read what the search found: %w", err)
	}
	return f, nil
}

// onlyOf returns what search is told for a scope; "" is everything.
func onlyOf(scope string) string {
	switch scope {
	case "disk":
		return "raft"
	case "sim":
		return ""
	}
	return scope
}

// scenarios returns the names of the scenarios that the simulator comes with.
func (w *workshop) scenarios(ctx context.Context, p program) ([]string, error) {
	out, err := w.run(ctx, p, "list")
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(string(out)) {
		if name, _, _ := strings.Cut(line, " "); strings.TrimSpace(name) != "" {
			names = append(names, name)
		}
	}
	return names, nil
}

// scenario plays a scenario and returns the rule that it broke, or "".
func (w *workshop) scenario(ctx context.Context, p program, name string) (string, error) {
	out, err := w.run(ctx, p, "run", name)
	if err != nil {
		return "", err
	}
	_, rest, ok := strings.Cut(string(out), "\nFAILED ")
	if !ok {
		return "", nil
	}
	rule, _, _ := strings.Cut(rest, ": broken at ")
	return rule, nil
}
