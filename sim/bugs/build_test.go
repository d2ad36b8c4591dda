package bugs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A program that cannot run has caught nothing: only a panic is the bug's doing.
func TestOnlyAPanicCountsAsCaught(t *testing.T) {
	w := workshop{root: t.TempDir()}
	for name, c := range map[string]struct {
		script string
		panics bool
	}{
		"is not there": {"", false},
		"panics":       {"echo 'panic: no\n\ngoroutine 1 [running]:' >&2; exit 2", true},
		"is killed":    {"kill -9 $$", false},
		"is misused":   {"echo 'sim: no such flag' >&2; exit 1", false},
	} {
		file := filepath.Join(w.root, strings.ReplaceAll(name, " ", "-"))
		if c.script != "" {
			if err := os.WriteFile(file, []byte("#!/bin/sh\n"+c.script+"\n"), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		var k Kill
		err := (&hunter{workshop: &w}).seek(context.Background(), program{file: file}, 10, &k)
		if caught := k.Rule == crashed; caught != c.panics || (err == nil) != c.panics || errors.Is(err, errPanic) {
			t.Errorf("a program that %s: caught %v, error %v", name, caught, err)
		}
	}
}
