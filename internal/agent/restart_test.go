package agent

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"praetor/internal/agent/config"
)

// startServer starts a server in this process, on an address of its own.
func startServer(t *testing.T, dir string) (*Agent, error) {
	t.Helper()
	ip := fmt.Sprintf("127.14.%d.1", 1+os.Getpid()%250)
	cfg, _, err := config.Load([]string{"-server", "-bootstrap", "-node=again", "-bind=" + ip, "-client=" + ip, "-data-dir=" + dir}, config.OS())
	if err != nil {
		t.Fatal(err)
	}
	return Start(Options{Config: cfg, Version: "test", Log: slog.New(slog.DiscardHandler)})
}

// Stop gives up everything that Start took, so that the same process can start
// the agent again; and a start that fails leaves nothing behind.
func TestAServerIsStartedAgainInTheSameProcess(t *testing.T) {
	dir := t.TempDir()
	for range 2 {
		a, err := startServer(t, dir)
		if err != nil {
			t.Fatal(err)
		}
		a.Stop()
	}
	segments, _ := filepath.Glob(filepath.Join(dir, "raft", "*.wal"))
	if len(segments) == 0 {
		t.Fatal("there is no log")
	}
	if err := os.Truncate(segments[0], 10); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := startServer(t, dir); err == nil || !strings.Contains(err.Error(), "is damaged") {
			t.Errorf("with a damaged log: %v", err)
		}
	}
}
