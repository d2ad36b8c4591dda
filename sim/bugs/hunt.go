package bugs

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// hunter looks for bugs, with the simulator without one at hand.
type hunter struct {
	*workshop
	clean  program
	merged program  // with a switch for each bug
	alone  []Bug    // those that it cannot have
	skip   bool     // the scenarios
	plays  []string // those that the simulator comes with
}

// prepare builds the simulator without a bug, which must pass: its scenarios,
// and some seeds of each scope of the bugs.
func (h *hunter) prepare(ctx context.Context, all []Bug) (err error) {
	if h.clean, err = h.build(ctx, "sim", nil); err != nil {
		return err
	}
	files, alone, err := merge(all, h.read)
	if err != nil {
		return err
	}
	h.alone = alone
	if h.merged, err = h.build(ctx, "sim-merged", files); err != nil {
		return err
	}
	if !h.skip {
		if h.plays, err = h.scenarios(ctx, h.clean); err != nil {
			return err
		}
	}
	for _, name := range h.plays {
		if rule, err := h.scenario(ctx, h.clean, name); err != nil || rule != "" {
			return fmt.Errorf("bugs: the code without a bug breaks %q in scenario %s: %w", rule, name, err)
		}
	}
	done := map[string]bool{}
	for _, b := range all {
		if only := onlyOf(b.Scope); !done[only] {
			done[only] = true
			if err := h.passes(ctx, b.Scope, 1, cleanSeeds); err != nil {
				return err
			}
		}
	}
	return nil
}

// passes returns an error unless the code without a bug plays the seeds well.
func (h *hunter) passes(ctx context.Context, scope string, from, seeds uint64) error {
	f, err := h.search(ctx, h.clean, scope, from, seeds)
	if err != nil {
		return err
	}
	if bad := f.first(); bad != nil {
		return fmt.Errorf("bugs: the code without a bug breaks %q with seed %d of scope %s: %s", bad.Rule, bad.Seed, scope, bad.Detail)
	}
	return nil
}

// kill plants a bug and looks who catches it.
func (h *hunter) kill(ctx context.Context, b Bug, limit uint64) (Kill, error) {
	k := Kill{Bug: b, Played: !h.skip}
	program, err := h.with(ctx, b)
	if err != nil {
		return k, err
	}
	for _, name := range h.plays {
		rule, err := h.scenario(ctx, program, name)
		switch {
		case errors.Is(err, errPanic):
			rule = crashed
		case err != nil:
			return k, err
		}
		if rule != "" {
			k.Scenario, k.ScenarioRule = name, rule
			break
		}
	}
	err = h.seek(ctx, program, limit, &k)
	return k, err
}

// seek plays seeds until one fails that the code without the bug plays well.
func (h *hunter) seek(ctx context.Context, program program, limit uint64, k *Kill) error {
	for from := uint64(1); from <= limit; {
		f, err := h.search(ctx, program, k.Bug.Scope, from, limit-from+1)
		if err != nil && !errors.Is(err, errPanic) {
			return err
		}
		if err != nil {
			k.Rule, k.Seeds = crashed, from // the least that it can be: the program took the seed with it
			return nil
		}
		k.Virtual += f.VirtualS
		bad := f.first()
		if bad == nil {
			return nil
		}
		clean, err := h.search(ctx, h.clean, k.Bug.Scope, bad.Seed, 1)
		if err != nil {
			return err
		}
		if clean.first() == nil {
			k.Rule, k.Checker, k.Seeds = bad.Rule, bad.Checker, bad.Seed
			return nil
		}
		k.Alike = append(k.Alike, bad.Seed)
		from = bad.Seed + 1
	}
	return nil
}

// with returns a simulator that has the bug.
func (h *hunter) with(ctx context.Context, b Bug) (program, error) {
	if !slices.ContainsFunc(h.alone, func(a Bug) bool { return a.Name == b.Name }) {
		return program{h.merged.file, b.Name}, nil
	}
	files, err := b.Plant(h.read)
	if err != nil {
		return program{}, err
	}
	return h.build(ctx, "sim-"+b.Name, files)
}

// crashed stands for a rule where the simulator itself did not end.
const crashed = "the simulator ends"
