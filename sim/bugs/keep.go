package bugs

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
)

// Build builds the simulator with all bugs in it, each switched off, to the
// file out. The module is that of the working directory. What is played with it
// has the bug that the environment names:
//
//	PRAETOR_PLANTED=commits-an-old-term ./planted run story.txt -seed 7
//
// It returns the names of the bugs that are not in it: those that change more
// than the bodies of functions, and those that no longer apply.
func Build(ctx context.Context, out string) (missing []string, err error) {
	all, err := All()
	if err != nil {
		return nil, err
	}
	w, err := openWorkshop(ctx)
	if err != nil {
		return nil, err
	}
	defer w.close()
	all = slices.DeleteFunc(all, func(b Bug) bool {
		_, err := b.Plant(w.read)
		if err != nil {
			missing = append(missing, b.Name)
		}
		return err != nil
	})
	files, alone, err := merge(all, w.read)
	if err != nil {
		return nil, err
	}
	for _, b := range alone {
		missing = append(missing, b.Name)
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, fmt.Errorf("bugs: %w", err)
	}
	_, err = w.buildTo(ctx, out, files)
	return missing, err
}
