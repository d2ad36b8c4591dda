//go:build unix

package check

import (
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

func sh(command string) *local.Probe {
	return &local.Probe{Kind: local.KindScript, Args: []string{"/bin/sh", "-c", command}, Timeout: 50 * time.Millisecond}
}

func TestTheExitCodeIsTheStatus(t *testing.T) {
	for _, c := range []struct{ command, status, output string }{
		{"echo fine", catalog.Passing, "fine\n"},
		{"echo fine >&2; exit 0", catalog.Passing, "fine\n"},
		{"echo hm; exit 1", catalog.Warning, "hm\n"},
		{"echo bad; exit 2", catalog.Critical, "bad\n"},
		{"echo bad; exit 255", catalog.Critical, "bad\n"},
		{"echo hit; kill -9 $$", catalog.Critical, "signal: killed\nhit\n"},
		{"printf 'a\\377b'", catalog.Passing, "ab"},
		{"cat", catalog.Passing, ""}, // nothing to read
	} {
		status, output := script(t.Context(), sh(c.command), 100)
		if status != c.status || output != c.output {
			t.Errorf("%s: got %s %q, want %s %q", c.command, status, output, c.status, c.output)
		}
	}
}

func TestArgsAreNoShellCommand(t *testing.T) {
	p := &local.Probe{Args: []string{"/bin/echo", "$HOME; exit 2"}}
	if status, output := script(t.Context(), p, 100); status != catalog.Passing || output != "$HOME; exit 2\n" {
		t.Errorf("got %s %q", status, output)
	}
}

func TestAMissingProgramIsCritical(t *testing.T) {
	p := &local.Probe{Args: []string{"/no/such/program"}}
	if status, output := script(t.Context(), p, 100); status != catalog.Critical || !strings.Contains(output, "no such file") {
		t.Errorf("got %s %q", status, output)
	}
}

func TestOutputKeepsItsEnd(t *testing.T) {
	status, output := script(t.Context(), sh("i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 2"), 20)
	if want := "ine 1998\nline 1999\n"; status != catalog.Critical || output != "l"+want {
		t.Errorf("got %s %q", status, output)
	}
}

func TestATimeoutIsCriticalAndSaysSo(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	status, output := script(ctx, sh("echo begun; sleep 1000"), 100)
	if status != catalog.Critical || !strings.HasPrefix(output, "Timed out (50ms) running check") {
		t.Errorf("got %s %q", status, output)
	}
}

// The script's child holds a pipe open. Only when the child is dead too does
// the reader see its end.
func TestAKilledScriptTakesItsChildrenAlong(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan string)
	go func() {
		status, _ := script(ctx, sh("sleep 1000 >"+fifo+" & wait"), 100)
		done <- status
	}()
	pipe, err := os.Open(fifo) // returns when the child has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	cancel()
	if status := <-done; status != catalog.Critical {
		t.Errorf("got %s", status)
	}
	waitForEnd(t, pipe)
}

// The child holds the script's output open, and the pipe, which only then ends
// when the child is dead.
func TestAScriptThatEndsTakesItsChildrenAlong(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	go func() {
		status, output := script(t.Context(), sh("exec 3>"+fifo+"; sleep 777 & echo started"), 100)
		done <- status + " " + output
	}()
	pipe, err := os.Open(fifo) // returns when the script has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if got := <-done; got != "passing started\n" {
		t.Errorf("got %q", got)
	}
	waitForEnd(t, pipe)
}

// waitForEnd fails unless whoever holds the pipe's other end dies soon.
func waitForEnd(t *testing.T, pipe io.Reader) {
	t.Helper()
	end := make(chan error, 1)
	go func() {
		_, err := io.ReadAll(pipe)
		end <- err
	}()
	select {
	case err := <-end:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the script's child still lives")
	}
}

func TestTailKeepsTheLastBytes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		limit := 1 + rng.IntN(20)
		w, all := &tail{limit: limit}, ""
		for range rng.IntN(20) {
			s := strings.Repeat(string(rune('a'+rng.IntN(26))), rng.IntN(30))
			if n, err := io.WriteString(w, s); n != len(s) || err != nil {
				t.Fatal(n, err)
			}
			all += s
		}
		if want := all[max(0, len(all)-limit):]; w.String() != want {
			t.Fatalf("got %q, want %q", w.String(), want)
		}
	}
}
