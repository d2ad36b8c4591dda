package sim

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/rand/v2"
	"strings"
	"time"

	"praetor/internal/agent/local"
	"praetor/sim/disk"
)

// kept is the part of a host's data directory that holds what was registered
// with its agent, one file each, as the real agent keeps it (package agent,
// definitions.go): written beside, synced, renamed, and the directory synced.
type kept struct {
	disk *disk.Disk
}

func newKept() kept { return kept{disk.New()} }

const unfinished = ".tmp"

// fileOf returns the name of the file of "service web", or "check mem".
func fileOf(what string) string {
	kind, id, _ := strings.Cut(what, " ")
	return kind + "-" + hex.EncodeToString([]byte(id))
}

// keep writes a definition.
func (k kept) keep(what string, b []byte) error {
	name := fileOf(what)
	if err := k.disk.Remove(name + unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := k.disk.Create(name + unfinished)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(b, 0)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := k.disk.Rename(name+unfinished, name); err != nil {
		return err
	}
	return k.disk.SyncDir()
}

// forget removes a definition, if it is there.
func (k kept) forget(what string) error {
	if err := k.disk.Remove(fileOf(what)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return k.disk.SyncDir()
}

// crash loses what was not synced.
func (k kept) crash(rng *rand.Rand) { k.disk.Crash(rng) }

// restore registers again what is kept: services first, since checks may be of
// one.
func (k kept) restore(now time.Duration, s *local.State) error {
	names, err := k.disk.List()
	if err != nil {
		return err
	}
	return errors.Join(
		k.each(names, "service-", func(b []byte) error {
			d, err := local.DecodeService(b)
			if err != nil {
				return err
			}
			return s.AddService(now, d, false)
		}),
		k.each(names, "check-", func(b []byte) error {
			d, err := local.DecodeCheck(b)
			if err != nil {
				return err
			}
			return s.AddCheck(now, d)
		}))
}

func (k kept) each(names []string, prefix string, do func(b []byte) error) error {
	for _, name := range names {
		if !strings.HasPrefix(name, prefix) || strings.HasSuffix(name, unfinished) {
			continue
		}
		b, err := k.read(name)
		if err == nil {
			err = do(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (k kept) read(name string) ([]byte, error) {
	f, err := k.disk.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	_, err = f.ReadAt(b, 0)
	return bytes.TrimRight(b, "\x00"), err
}
