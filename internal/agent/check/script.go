package check

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// killGrace is what remains for those who have left the script's group, where a
// kill does not reach them: a script itself to end after its timeout, a child
// to close the output of a script that has ended.
const killGrace = time.Second

// script runs a command. Its exit code is the status, and the end of what it
// prints the output. What it has started in the background ends with it: a run
// that leaves something behind would leave one more with each interval.
func script(ctx context.Context, p *local.Probe, limit int) (status, output string) {
	out := &tail{limit: limit}
	cmd := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	err := runGroup(cmd, out)

	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return catalog.Critical, out.after(fmt.Sprintf("Timed out (%v) running check", p.Timeout))
	case err == nil:
		return catalog.Passing, out.String()
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return catalog.Warning, out.String()
	case errors.As(err, &exit) && exit.ExitCode() > 1:
		return catalog.Critical, out.String()
	}
	return catalog.Critical, out.after(err.Error()) // killed by a signal, or never started
}

// runGroup runs the command in a process group of its own, with both streams to
// w, and kills what is left of the group when the command has ended. The pipe
// is not os/exec's, because Wait would then wait for all who hold it, and the
// group can be killed only after Wait.
func runGroup(cmd *exec.Cmd, w io.Writer) error {
	ours, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ours.Close()
	cmd.Stdout, cmd.Stderr = theirs, theirs
	cmd.WaitDelay = killGrace
	ownGroup(cmd)
	err = cmd.Start()
	theirs.Close()
	if err != nil {
		return err
	}
	copied := make(chan struct{})
	go func() {
		defer close(copied)
		_, _ = io.Copy(w, ours) // an error is the deadline's
	}()
	err = cmd.Wait()
	killGroup(cmd)
	if ours.SetReadDeadline(time.Now().Add(killGrace)) != nil {
		ours.Close() // this system's pipes know no deadlines
	}
	<-copied
	return err
}

// tail keeps the last bytes that are written to it, from one goroutine.
type tail struct {
	limit int
	buf   []byte
}

// Write takes everything and keeps the end.
func (t *tail) Write(b []byte) (int, error) {
	n := len(b)
	if len(b) > t.limit {
		b = b[len(b)-t.limit:]
	}
	if over := len(t.buf) + len(b) - t.limit; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	t.buf = append(t.buf, b...)
	return n, nil
}

// String returns what is kept.
func (t *tail) String() string { return text(t.buf) }

// after returns a line of ours and, below it, as much of the output's end as
// still fits.
func (t *tail) after(line string) string {
	room := t.limit - len(line) - 1
	if room <= 0 || len(t.buf) == 0 {
		return line
	}
	return line + "\n" + text(t.buf[max(0, len(t.buf)-room):])
}
