package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"praetor/catalog"
	"praetor/swim"
)

// Environment is what Load asks of the machine. A test gives its own.
type Environment struct {
	Hostname  func() (string, error)
	Addresses func() ([]netip.Addr, error)        // of the interfaces that are up
	ReadFile  func(name string) ([]byte, error)   // a file's text, cut after maxFile+1 bytes
	ReadDir   func(name string) ([]string, error) // the names of the files in a folder, in order
}

// OS is the machine that this program runs on.
func OS() Environment {
	return Environment{Hostname: os.Hostname, Addresses: interfaceAddrs, ReadFile: readFile, ReadDir: readDir}
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

func readDir(name string) ([]string, error) {
	entries, err := os.ReadDir(name)
	var names []string
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

func interfaceAddrs() ([]netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	var out []netip.Addr
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			out = append(out, p.Addr().Unmap())
		}
	}
	return out, err
}

// Load returns the configuration that the command line's arguments (without
// the program's and the command's name) and the files that they name make up.
// Warnings are one line each; they tell of what has no effect, and of what is
// unwise. The error is flag.ErrHelp for -h, and otherwise says what is wrong
// and where; several problems of one file come together.
func Load(args []string, env Environment) (*Config, []string, error) {
	a, err := readArgs(args)
	if err != nil {
		return nil, nil, err
	}
	c := defaults()
	if a.dev {
		c.dev()
	}
	warnings, err := c.readFiles(a.files, env)
	if err != nil {
		return nil, warnings, err
	}
	for _, set := range a.apply {
		if err := set(c); err != nil {
			return nil, warnings, fmt.Errorf("command line: %w", err)
		}
	}
	more, err := c.finish(env)
	return &c.Config, append(warnings, more...), err
}

// defaults returns what holds if nothing is said.
func defaults() *draft {
	return &draft{
		Config: Config{
			Node:      Node{Datacenter: "dc1"},
			Ports:     Ports{Server: 8300, SerfLAN: 8301, SerfWAN: 8302, HTTP: 8500, HTTPS: -1, DNS: 8600},
			Join:      Join{Interval: 30 * time.Second},
			Encrypt:   Encrypt{Incoming: true, Outgoing: true},
			GossipLAN: gossipOf(swim.DefaultLAN()), GossipWAN: gossipOf(swim.DefaultWAN()),
			Raft:   Raft{Heartbeat: 50 * time.Millisecond, ElectionMin: 250 * time.Millisecond, ElectionMax: 500 * time.Millisecond, LeaderWait: 7 * time.Second},
			Limits: Limits{HTTPConns: 200, KVValue: 512 << 10, TxnBody: 512 << 10},
			Checks: Checks{OutputDelay: 5 * time.Minute, OutputMax: catalog.MaxOutput},
			Log:    Log{Level: slog.LevelInfo},
			DNS: DNS{
				Domain: "consul", AllowStale: true, MaxStale: 10 * 365 * 24 * time.Hour, UDPLimit: 3, Truncate: true,
				SOA: SOA{Refresh: 3600, Retry: 600, Expire: 86400}, Recursors: Recursors{Timeout: 2 * time.Second},
			},
		},
		bind: "0.0.0.0", client: "127.0.0.1", multiplier: 1, checkIDs: map[string]bool{},
	}
}

// dev presets an agent to try things out with; files and flags still win.
func (c *draft) dev() {
	c.Storage.Memory = true
	c.Server.Enabled, c.bootstrap = true, true
	c.bind, c.client = "127.0.0.1", "127.0.0.1"
	c.Log.Level = slog.LevelDebug
}

// readFiles merges the files in the order of the command line.
func (c *draft) readFiles(paths []path, env Environment) ([]string, error) {
	var warnings []string
	for _, p := range paths {
		names := []string{p.name}
		if p.dir {
			var err error
			if names, err = configNames(p.name, env); err != nil {
				return warnings, err
			}
		}
		for _, name := range names {
			w, err := c.readFile(name, env)
			warnings = append(warnings, w...)
			if err != nil {
				return warnings, err
			}
		}
	}
	return warnings, nil
}

// configNames lists the files of a -config-dir that are read.
func configNames(dir string, env Environment) ([]string, error) {
	all, err := env.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("-config-dir: %w", err)
	}
	slices.Sort(all)
	var names []string
	for _, name := range all {
		switch filepath.Ext(name) {
		case ".json":
			names = append(names, filepath.Join(dir, name))
		case ".hcl":
			return nil, noHCL(filepath.Join(dir, name))
		}
	}
	return names, nil
}

func noHCL(name string) error {
	return fmt.Errorf("%s: HCL is not read here; write the same keys as JSON into a file that ends in .json", name)
}

func (c *draft) readFile(name string, env Environment) ([]string, error) {
	if strings.HasSuffix(name, ".hcl") {
		return nil, noHCL(name)
	}
	text, err := env.ReadFile(name)
	if err != nil {
		var pe *fs.PathError
		if errors.As(err, &pe) && pe.Op == "read" {
			return nil, fmt.Errorf("-config-file %s: %w; give a folder with -config-dir", name, pe.Err)
		}
		return nil, fmt.Errorf("-config-file: %w", err)
	}
	return c.merge(name, text)
}

// merge reads one file's text over what is there.
func (c *draft) merge(name string, text []byte) ([]string, error) {
	src := source{name, text}
	v, err := src.parse()
	if err != nil {
		return nil, err
	}
	d := decoder{source: src}
	d.object(v, c.keys())
	return d.warnings, errors.Join(d.errs...)
}
