package check

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// Disabled is the output of a script check that may not run.
const Disabled = "script checks are disabled on this agent: start it with -enable-local-script-checks (definitions from files) or -enable-script-checks (also over HTTP)"

// The spread of first runs, and how many scripts run at the same time. Those
// beyond wait for their turn.
const (
	firstWithin = time.Second
	maxScripts  = 128
)

// Options is what a Runner is made with.
type Options struct {
	Scripts      bool // run script checks from anywhere
	LocalScripts bool // run script checks from files
	// Report takes each result. It is called from many goroutines, and it may
	// block: the check waits with its next run.
	Report func(id, status, output string)
}

// Runner runs checks. Its methods may be called from any goroutine, but not
// from within Report.
type Runner struct {
	opt     Options
	probe   func(context.Context, local.Check) (status, output string) // a test replaces it
	scripts chan struct{}                                              // holds a token for each running script
	wg      sync.WaitGroup

	mu   sync.Mutex
	runs map[string]context.CancelFunc // by check ID; nil after Close
}

// New returns a Runner with no checks.
func New(opt Options) *Runner {
	return &Runner{opt: opt, probe: probe, scripts: make(chan struct{}, maxScripts), runs: map[string]context.CancelFunc{}}
}

// Start runs the check from now on, in place of one that has the same ID. Only
// checks of an active kind can be run (see [local.Kind.Active]). If it is a
// script that may not run here, its status is reported once (see unrun), and
// Start returns a warning; otherwise "".
func (r *Runner) Start(def local.Check) (warning string) {
	if !def.Probe.Kind.Active() {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.runs == nil {
		return "" // closed
	}
	if cancel := r.runs[def.ID]; cancel != nil {
		cancel()
	}
	ctx, cancel := context.WithCancel(context.Background())
	r.runs[def.ID] = cancel
	if !r.allowed(def) {
		status := unrun(def)
		r.wg.Go(func() { r.opt.Report(def.ID, status, Disabled) })
		return "check " + def.ID + ": " + Disabled
	}
	r.wg.Go(func() { r.loop(ctx, def) })
	return ""
}

// unrun is the status of a script check that may not run. Nobody vouches for
// its service, so that is critical. A check of the node counts for every
// service on it; that nobody allowed it to run must not take them all out.
func unrun(def local.Check) string {
	if def.ServiceID == "" {
		return catalog.Warning
	}
	return catalog.Critical
}

func (r *Runner) allowed(def local.Check) bool {
	return def.Probe.Kind != local.KindScript || r.opt.Scripts || r.opt.LocalScripts && def.Source == local.FromFile
}

// Stop ends the check with the ID, if it runs, and whatever its run under way
// has started. It does not wait: a result that is on its way already may still
// be reported.
func (r *Runner) Stop(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if cancel := r.runs[id]; cancel != nil {
		cancel()
		delete(r.runs, id)
	}
}

// Close ends all checks and waits until no run is under way. Report must not
// block for ever meanwhile.
func (r *Runner) Close() {
	r.mu.Lock()
	for _, cancel := range r.runs {
		cancel()
	}
	r.runs = nil
	r.mu.Unlock()
	r.wg.Wait()
}

// loop runs one check until the context ends.
func (r *Runner) loop(ctx context.Context, def local.Check) {
	timer := time.NewTimer(rand.N(min(def.Probe.Interval, firstWithin)))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		status, output := r.run(ctx, def)
		if ctx.Err() != nil {
			return
		}
		r.opt.Report(def.ID, status, output)
		timer.Reset(max(0, def.Probe.Interval-time.Since(began)))
	}
}

// run runs the check once, within its timeout.
func (r *Runner) run(ctx context.Context, def local.Check) (status, output string) {
	if def.Probe.Kind == local.KindScript {
		select {
		case r.scripts <- struct{}{}:
			defer func() { <-r.scripts }()
		case <-ctx.Done():
			return "", ""
		}
	}
	ctx, cancel := context.WithTimeout(ctx, def.Probe.Timeout)
	defer cancel()
	return r.probe(ctx, def)
}

// probe runs a check of any active kind.
func probe(ctx context.Context, def local.Check) (status, output string) {
	p, limit := &def.Probe, def.Policy.OutputMax
	switch p.Kind {
	case local.KindScript:
		return script(ctx, p, limit)
	case local.KindHTTP:
		return httpCheck(ctx, p, limit)
	case local.KindTCP:
		return tcpCheck(ctx, p)
	case local.KindUDP:
		return udpCheck(ctx, p)
	case local.KindGRPC:
		return grpcCheck(ctx, p)
	}
	return catalog.Critical, "this agent cannot run checks of kind " + string(p.Kind)
}
