package check

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// killGrace is how long a killed script's output may stay open, held by a
// process that has left the script's group.
const killGrace = time.Second

// script runs a command. Its exit code is the status, and the end of what it
// prints the output.
func script(ctx context.Context, p *local.Probe, limit int) (status, output string) {
	out := &tail{limit: limit}
	cmd := exec.CommandContext(ctx, p.Args[0], p.Args[1:]...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = killGrace
	ownGroup(cmd)
	err := cmd.Run()

	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return catalog.Critical, out.after(fmt.Sprintf("Timed out (%v) running check", p.Timeout))
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return catalog.Passing, out.String() // a child in the background kept the output open
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return catalog.Warning, out.String()
	case errors.As(err, &exit) && exit.ExitCode() > 1:
		return catalog.Critical, out.String()
	}
	return catalog.Critical, out.after(err.Error()) // killed by a signal, or never started
}

// tail keeps the last bytes that are written to it. The os/exec package writes
// from one goroutine, since both streams are the same writer.
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
