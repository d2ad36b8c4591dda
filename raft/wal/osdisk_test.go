package wal_test

import (
	"path/filepath"
	"runtime"
	"testing"

	"praetor/raft/wal"
	"praetor/raft/wal/disktest"
)

func osDisk(t testing.TB) *wal.Directory {
	t.Helper()
	d, err := wal.OSDisk(filepath.Join(t.TempDir(), "raft"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestOSDiskConforms(t *testing.T) {
	disktest.Test(t, func(t *testing.T) wal.Disk { return osDisk(t) })
}

func TestADirectoryIsUsedOnce(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a lock")
	}
	path := t.TempDir()
	d, err := wal.OSDisk(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := wal.OSDisk(path); err == nil {
		t.Error("opened a second time")
	}
	d.Close()
	if d, err = wal.OSDisk(path); err != nil {
		t.Error(err)
	} else {
		d.Close()
	}
}
