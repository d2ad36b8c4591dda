package agent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/config"
	"praetor/internal/agent/local"
)

// Definitions registered over HTTP are kept in the data directory, one file
// each, named by a hash of the ID, and registered again when the agent starts.
const (
	serviceFiles = "services"
	checkFiles   = "checks"
)

// catalogNode is this node, as the catalog shall have it.
func (a *Agent) catalogNode() catalog.Node {
	ip := a.cfg.Addresses.Advertise.String()
	wide := ip
	if a.cfg.Addresses.Wide.IsValid() {
		wide = a.cfg.Addresses.Wide.String()
	}
	return catalog.Node{
		ID: a.id, Node: a.cfg.Node.Name, Address: ip, Datacenter: a.cfg.Node.Datacenter,
		TaggedAddresses: map[string]string{"lan": ip, "wan": wide},
		Meta:            a.cfg.Node.Meta,
	}
}

// define makes the definitions from files those of the agent. A definition
// that is wrong is reported and left out; the others hold.
func (a *Agent) define(now time.Duration, d config.Definitions) {
	for _, err := range a.keeper.state.Replace(now, d.Services, d.Checks) {
		a.log.Error("agent: a definition from the configuration files is left out", "error", err)
	}
}

// Reload reads the configuration again: definitions and the node's metadata
// follow, and so does the log level, which belongs to who made the log; what
// needs a restart is said in the log.
func (a *Agent) Reload(ctx context.Context) error {
	if a.opts.Reload == nil {
		return errors.New("this agent was started without configuration files, so there is nothing to reload")
	}
	next, warnings, err := a.opts.Reload()
	if err != nil {
		a.log.Error("agent: reload failed, all stays as it was", "error", err)
		return err
	}
	return a.keeper.ask(ctx, func(now time.Duration) error {
		merged, more := config.Reload(a.cfg, next)
		for _, w := range append(warnings, more...) {
			a.log.Warn("agent: " + w)
		}
		a.cfg.Node.Meta, a.cfg.Definitions = merged.Node.Meta, merged.Definitions
		a.keeper.state.SetNode(a.catalogNode())
		a.define(now, next.Definitions)
		a.log.Info("agent: configuration reloaded", "services", len(next.Definitions.Services), "checks", len(next.Definitions.Checks))
		return nil
	})
}

// restoreDefinitions registers again what was registered over HTTP.
func (a *Agent) restoreDefinitions(now time.Duration) error {
	err := a.eachFile(serviceFiles, func(b []byte) error {
		d, err := local.DecodeService(b)
		if err != nil {
			return err
		}
		return a.keeper.state.AddService(now, d, false)
	})
	if err != nil {
		return err
	}
	return a.eachFile(checkFiles, func(b []byte) error {
		d, err := local.DecodeCheck(b)
		if err != nil {
			return err
		}
		return a.keeper.state.AddCheck(now, d)
	})
}

// eachFile calls f with each kept definition. One that cannot be used is
// reported and left where it is.
func (a *Agent) eachFile(dir string, f func(b []byte) error) error {
	if a.data == nil {
		return nil
	}
	files, err := os.ReadDir(a.data.file(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("read the kept definitions: %w", err)
	}
	for _, file := range files {
		if filepath.Ext(file.Name()) == ".tmp" {
			continue // a crash left it
		}
		path := a.data.file(dir, file.Name())
		b, err := os.ReadFile(path)
		if err == nil {
			err = f(b)
		}
		if err != nil {
			a.log.Error("agent: a kept definition cannot be used; remove the file or register it again", "file", path, "error", err)
		}
	}
	return nil
}

// keep writes a definition that came over HTTP to the data directory.
func (a *Agent) keep(dir, id string, b []byte) error {
	if a.data == nil {
		return nil
	}
	if err := os.MkdirAll(a.data.file(dir), 0o700); err != nil {
		return fmt.Errorf("keep the definition: %w", err)
	}
	if err := replaceFile(a.data.file(dir, fileName(id)), b); err != nil {
		return fmt.Errorf("keep the definition: %w", err)
	}
	return nil
}

func fileName(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// forget removes a kept definition, if it is there, for good: what was
// deregistered does not come back after a power failure.
func (a *Agent) forget(dir, id string) {
	if a.data == nil {
		return
	}
	err := os.Remove(a.data.file(dir, fileName(id)))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err = errors.Join(err, syncDir(a.data.file(dir))); err != nil {
		a.log.Warn("agent: a kept definition cannot be removed and will be back after a restart", "error", err)
	}
}

func (a *Agent) forgetService(id string) { a.forget(serviceFiles, id) }
