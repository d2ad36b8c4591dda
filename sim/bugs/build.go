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

// build builds the simulator, with the bug in it unless that is nil, and
// returns the program's name.
func (w *workshop) build(ctx context.Context, b *Bug) (string, error) {
	program := filepath.Join(w.dir, "sim")
	args := []string{"build", "-o", program}
	if b != nil {
		planted, err := b.Plant(func(file string) ([]byte, error) {
			return os.ReadFile(filepath.Join(w.root, filepath.FromSlash(file)))
		})
		if err != nil {
			return "", err
		}
		overlay, err := writeOverlay(w.dir, w.root, planted)
		if err != nil {
			return "", err
		}
		program += "-bug"
		args = []string{"build", "-overlay", overlay, "-o", program}
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./cmd/sim")...)
	cmd.Dir = w.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("bugs: build: %w\n%s", err, out)
	}
	return program, nil
}

// patience is how long one search may take. Only a bug that makes the
// simulator run in circles takes so long.
const patience = 30 * time.Minute

// run runs the program and returns what it wrote. That it exits with 1 is no
// error: a rule was broken. The error is anything else.
func (w *workshop) run(ctx context.Context, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = w.root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 1 && stderr.Len() == 0 {
		err = nil
	}
	if err != nil {
		text := stderr.String()
		err = fmt.Errorf("bugs: %s: %w: %s", strings.Join(args, " "), err, text[:min(len(text), 1000)])
	}
	return out, err
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
func (w *workshop) search(ctx context.Context, program, scope string, from, seeds uint64) (finding, error) {
	args := []string{"search", "-json", "-from", fmt.Sprint(from), "-seeds", fmt.Sprint(seeds)}
	if only := onlyOf(scope); only != "" {
		args = append(args, "-only", only)
	}
	var f finding
	out, err := w.run(ctx, program, args...)
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
func (w *workshop) scenarios(ctx context.Context, program string) ([]string, error) {
	out, err := w.run(ctx, program, "list")
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
func (w *workshop) scenario(ctx context.Context, program, name string) (string, error) {
	out, err := w.run(ctx, program, "run", name)
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
