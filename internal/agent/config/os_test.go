package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The real machine behaves like the scripted one.
func TestFilesOfTheRealMachine(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.json": `{"node_name": "b", "datacenter": "b"}`,
		"a.json": `{"node_name": "a", "log_level": "warn"}`,
		"c.txt":  `not read`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "d.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, warnings, err := Load([]string{"-dev", "-config-dir", dir}, OS())
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	if c.Node.Name != "b" || c.Node.Datacenter != "b" || c.Log.Level.String() != "WARN" {
		t.Errorf("got %+v %+v, want b.json over a.json", c.Node, c.Log)
	}

	_, _, err = Load([]string{"-dev", "-config-file", dir}, OS())
	if err == nil || !strings.Contains(err.Error(), "give a folder with -config-dir") {
		t.Errorf("a folder as -config-file: got %v", err)
	}
	huge := filepath.Join(dir, "huge.json")
	if err := os.WriteFile(huge, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err = Load([]string{"-dev", "-config-file", huge}, OS())
	if err == nil || !strings.Contains(err.Error(), "more than") {
		t.Errorf("a huge file: got %v", err)
	}
	if _, err := OS().Addresses(); err != nil {
		t.Error(err)
	}
	if _, err := OS().Hostname(); err != nil {
		t.Error(err)
	}
}
