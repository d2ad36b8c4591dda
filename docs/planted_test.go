package docs

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"

	"praetor/sim/bugs"
)

// lacking are the bugs that the simulator which planted builds does not have.
var lacking []string

// planted builds the simulator with the bugs in it when the first page needs
// it, and returns its file. It takes its time, and few pages do.
var planted = sync.OnceValues(func() (string, error) {
	if _, err := programs(); err != nil { // they make the folder
		return "", err
	}
	out := filepath.Join(builtIn, "planted")
	var err error
	lacking, err = bugs.Build(context.Background(), out)
	return out, err
})

// plant makes the simulator with the bug ready, if there is to be one. It comes
// before the clock of a run starts, since it may take longer than a run.
func plant(bug string) error {
	if bug == "" {
		return nil
	}
	all, err := bugs.All()
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(b bugs.Bug) bool { return b.Name == bug }) {
		return fmt.Errorf("there is no bug %q to plant", bug)
	}
	_, err = planted()
	if err == nil && slices.Contains(lacking, bug) {
		err = fmt.Errorf("the bug %q no longer applies, or cannot be switched on", bug)
	}
	return err
}

// simulator returns a "sim run" with these arguments, of the code with the bug,
// which was planted, or of that without if bug is "".
func (s *shell) simulator(ctx context.Context, bug string, args []string) (*exec.Cmd, error) {
	cmd, err := s.command(ctx, append([]string{"sim", "run"}, args...))
	if err != nil || bug == "" {
		return cmd, err
	}
	cmd.Path, err = planted()
	cmd.Env = append(cmd.Env, "PRAETOR_PLANTED="+bug)
	return cmd, err
}
