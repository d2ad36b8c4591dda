package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"praetor/internal/agent"
	"praetor/internal/agent/config"
)

// leaveTimeout bounds how long an agent that leaves says good-bye.
const leaveTimeout = 10 * time.Second

// runAgent runs an agent until it is told to stop.
func runAgent(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, warnings, err := config.Load(args, config.OS())
	if errors.Is(err, flag.ErrHelp) {
		config.Usage(stdout)
		return exitOK
	}
	if err != nil {
		fmt.Fprintf(stderr, "praetor agent: %v\n", err)
		return exitFailed
	}
	log, level, err := newLog(cfg.Log, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "praetor agent: %v\n", err)
		return exitFailed
	}
	for _, w := range warnings {
		log.Warn("agent: " + w)
	}
	a, err := agent.Start(agent.Options{
		Config: cfg, Version: version, Log: log,
		Reload: func() (*config.Config, []string, error) {
			next, warnings, err := config.Load(args, config.OS())
			if err == nil {
				level.Set(next.Log.Level)
			}
			return next, warnings, err
		},
	})
	if err != nil {
		fmt.Fprintf(stderr, "praetor agent: %v\n", err)
		return exitFailed
	}
	defer writePID(cfg.Storage.PIDFile, log)()
	banner(stdout, cfg, a)
	return supervise(ctx, cfg, a, log, stderr)
}

// supervise waits for signals and for the agent's own end.
func supervise(ctx context.Context, cfg *config.Config, a *agent.Agent, log *slog.Logger, stderr io.Writer) int {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	for {
		select {
		case s := <-signals:
			if s == syscall.SIGHUP {
				a.Reload(ctx) // reports its own failure
				continue
			}
			log.Info("agent: signal received", "signal", s.String())
			leave := cfg.Leave.OnInterrupt
			if s == syscall.SIGTERM {
				leave = cfg.Leave.OnTerminate
			}
			return end(a, leave, log, signals)
		case <-ctx.Done():
			return end(a, false, log, signals)
		case <-a.Leaving():
			log.Info("agent: has left, as it was asked to, and stops")
			a.Stop()
			return exitOK
		case err := <-a.Failed():
			log.Error("agent: cannot go on", "error", err)
			fmt.Fprintf(stderr, "praetor agent: %v\n", err)
			a.Stop()
			return exitFailed
		}
	}
}

// end stops the agent, after a good-bye if it is to leave. Another signal cuts
// the good-bye short.
func end(a *agent.Agent, leave bool, log *slog.Logger, signals <-chan os.Signal) int {
	if leave {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTimeout)
		go func() {
			select {
			case <-signals:
				cancel()
			case <-ctx.Done():
			}
		}()
		if err := a.Leave(ctx); err != nil {
			log.Warn("agent: stops without having left", "error", err)
		} else {
			log.Info("agent: has left the cluster")
		}
		cancel()
	}
	a.Stop()
	log.Info("agent: stopped")
	return exitOK
}

// newLog makes the agent's log, and the level that a reload may change.
func newLog(c config.Log, stderr io.Writer) (*slog.Logger, *slog.LevelVar, error) {
	w := stderr
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return nil, nil, fmt.Errorf("log file: %w", err)
		}
		w = f
	}
	level := new(slog.LevelVar)
	level.Set(c.Level)
	opts := &slog.HandlerOptions{Level: level}
	if c.JSON {
		return slog.New(slog.NewJSONHandler(w, opts)), level, nil
	}
	return slog.New(slog.NewTextHandler(w, opts)), level, nil
}

// writePID writes the process's number to a file, if one is configured, and
// returns the function that removes it.
func writePID(path string, log *slog.Logger) (remove func()) {
	if path == "" {
		return func() {}
	}
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o644); err != nil {
		log.Warn("agent: cannot write the PID file", "error", err)
		return func() {}
	}
	return func() { os.Remove(path) }
}

// banner says what runs where, in one write: the log must not come between.
func banner(out io.Writer, cfg *config.Config, a *agent.Agent) {
	w := new(bytes.Buffer)
	defer func() { out.Write(w.Bytes()) }()
	mode := "client"
	if cfg.Server.Enabled {
		mode = "server"
	}
	if cfg.Storage.Memory {
		mode += " (all in memory: for development only)"
	}
	fmt.Fprintf(w, "==> Praetor agent running!\n")
	row := func(k string, v any) { fmt.Fprintf(w, "%14s: %v\n", k, v) }
	row("Version", version)
	row("Node name", cfg.Node.Name)
	row("Node ID", a.ID())
	row("Datacenter", cfg.Node.Datacenter)
	row("Mode", mode)
	row("HTTP", cfg.HTTPListen())
	row("DNS", cfg.DNSListen())
	row("Gossip", fmt.Sprintf("%v:%d", cfg.Addresses.Advertise, cfg.Ports.SerfLAN))
	row("Encrypted", a.Encrypted())
	if cfg.Server.Enabled {
		row("Server port", fmt.Sprintf("%v:%d", cfg.Addresses.Advertise, cfg.Ports.Server))
	}
	fmt.Fprintln(w)
}
