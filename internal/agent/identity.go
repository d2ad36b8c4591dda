package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// dataDir is the agent's directory, held by this process alone. Its files are
// node-id, lock, gossip.json (members known before), raft/ on servers, serf/
// (the keys that encrypt gossip), services/ and checks/ (what was registered
// over HTTP).
type dataDir struct {
	path string
	lock *os.File
}

// openDataDir makes the directory if need be and locks it.
func openDataDir(path string) (*dataDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data directory %s is in use by another process: stop that agent, or choose another directory with -data-dir", path)
		}
		return nil, fmt.Errorf("data directory: lock %s: %w", path, err)
	}
	return &dataDir{path: path, lock: f}, nil
}

// file returns the path of a file in the directory; it is "" in memory.
func (d *dataDir) file(elem ...string) string {
	if d == nil {
		return ""
	}
	return filepath.Join(append([]string{d.path}, elem...)...)
}

func (d *dataDir) close() {
	if d != nil {
		d.lock.Close() // which unlocks it
	}
}

// hasLog reports whether a server has written a log here.
func (d *dataDir) hasLog() bool {
	files, _ := filepath.Glob(d.file("raft", "*.wal"))
	return len(files) > 0
}

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$`)

// nodeID returns this node's ID: the configured one, else the one that is kept
// in the data directory, else a new one, which is kept from then on. A server
// that has a log keeps the ID that the log was written under: its votes and its
// place among the voters are that ID's.
func (d *dataDir) nodeID(configured string, server bool) (string, error) {
	id := strings.ToLower(configured)
	if d == nil {
		if id == "" {
			id = newUUID()
		}
		return id, nil
	}
	kept, err := os.ReadFile(d.file("node-id"))
	switch {
	case err == nil && id == "":
		if id = strings.TrimSpace(string(kept)); !uuidForm.MatchString(id) {
			return "", fmt.Errorf("node ID: %s holds %q, which is not a UUID; restore the file (the other agents know the ID: praetor members -detailed), or wipe the data directory to become a new node", d.file("node-id"), id)
		}
		return id, nil
	case server && d.hasLog() && (id == "" || id != strings.TrimSpace(string(kept))):
		return "", fmt.Errorf("node ID: the log in %s was written under another ID than %s says; restore that file (the other agents know the ID: praetor members -detailed), or wipe the data directory to become a new node", d.file("raft"), d.file("node-id"))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("node ID: %w", err)
	case id == "":
		id = newUUID()
	}
	return id, replaceFile(d.file("node-id"), []byte(id+"\n"))
}

// newUUID returns a random UUID (RFC 9562, version 4).
func newUUID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// replaceFile puts a file in place in one step, durably.
func replaceFile(path string, b []byte) error {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
