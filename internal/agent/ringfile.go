package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"praetor/swim/keyring"
)

// The files that keep the rings, in the data directory. Their form is Consul's:
// a JSON list of keys in base64, of which the first is the primary.
const (
	ringLAN = "serf/local.keyring"
	ringWAN = "serf/remote.keyring"
)

// maxRingFile bounds what is read of such a file.
const maxRingFile = 4096

// newRing gives the guard its ring: that of the file if there is one, because
// the cluster may have changed its keys since the agent was configured; else one
// of the configured key, which is kept from then on. With neither, gossip is in
// the clear. path "" keeps nothing.
func (g *guard) newRing(path string, configured keyring.Key) error {
	if path != "" {
		g.save = func(r *keyring.Ring) error { return writeRing(path, r) }
		r, err := readRing(path, g.log)
		if err != nil {
			return err
		}
		if r != nil {
			if !configured.IsZero() && configured != r.Primary() {
				g.log.Info("agent: the keyring's file has another primary key than the configuration; the file counts", "file", path)
			}
			g.ring.Store(r)
			return nil
		}
	}
	if configured.IsZero() {
		return nil
	}
	r, err := keyring.New(configured)
	if err != nil {
		return err
	}
	if g.save != nil {
		if err := g.save(r); err != nil {
			return fmt.Errorf("keyring: %w", err)
		}
	}
	g.ring.Store(r)
	return nil
}

// readRing returns the ring of a file, or nil if there is no file. No error
// repeats what is in it.
func readRing(path string, log *slog.Logger) (*keyring.Ring, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("keyring: %w", err)
	case info.Size() > maxRingFile:
		return nil, fmt.Errorf("keyring: %s has %d bytes, a keyring has at most %d; remove the file to begin anew with -encrypt", path, info.Size(), maxRingFile)
	case info.Mode().Perm()&0o077 != 0:
		log.Warn("agent: others on this host may read the keyring's file: chmod 600 it, and change the keys", "file", path, "mode", info.Mode().Perm().String())
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("keyring: %w", err)
	}
	var encoded []string
	if json.Unmarshal(b, &encoded) != nil {
		return nil, fmt.Errorf("keyring: %s is no JSON list of keys; restore it, or remove it to begin anew with -encrypt", path)
	}
	var keys []keyring.Key
	for i, s := range encoded {
		k, err := keyring.ParseKey(s)
		if err != nil {
			return nil, fmt.Errorf("keyring: %s, key %d: %w", path, i+1, err)
		}
		keys = append(keys, k)
	}
	r, err := keyring.New(keys...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// writeRing replaces the file in one step; only the owner may read it.
func writeRing(path string, r *keyring.Ring) error {
	var encoded []string
	for _, k := range r.Keys() {
		encoded = append(encoded, k.Encode())
	}
	b, err := json.Marshal(encoded)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return replaceFile(path, b)
}
