package check

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"praetor/catalog"
	"praetor/internal/agent/local"
)

// recorder collects the reports of a Runner with the time of each.
type recorder struct {
	began time.Time
	mu    sync.Mutex
	times []time.Duration
	last  string
}

func (r *recorder) report(id, status, output string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.times = append(r.times, time.Since(r.began))
	r.last = id + " " + status + " " + output
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.times)
}

// newTestRunner returns a Runner whose checks take the given time and pass.
func newTestRunner(took time.Duration) (*Runner, *recorder) {
	rec := &recorder{began: time.Now()}
	r := New(Options{Scripts: true, Report: rec.report})
	r.probe = func(ctx context.Context, def local.Check) (string, string) {
		select {
		case <-time.After(took):
			return catalog.Passing, "ok"
		case <-ctx.Done():
			return catalog.Critical, "cut short"
		}
	}
	return r, rec
}

func every(id string, interval time.Duration) local.Check {
	return local.Check{ID: id, Probe: local.Probe{Kind: local.KindTCP, Interval: interval, Timeout: time.Minute}}
}

func TestFirstRunIsWithinASecondAndThenEveryInterval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(2 * time.Second)
		r.Start(every("c", 10*time.Second))
		time.Sleep(61 * time.Second) // virtual time
		r.Close()
		if len(rec.times) != 6 {
			t.Fatalf("%d results in 61 s, want 6: %v", len(rec.times), rec.times)
		}
		if first := rec.times[0]; first < 2*time.Second || first >= 3*time.Second {
			t.Errorf("first result after %v, want 2 s and up to 1 s more", first)
		}
		for i := 1; i < len(rec.times); i++ {
			if d := rec.times[i] - rec.times[i-1]; d != 10*time.Second {
				t.Errorf("result %d came %v after the one before, want 10 s, from start to start", i, d)
			}
		}
	})
}

func TestChecksOfOneAgentSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(0)
		for i := range 50 {
			r.Start(every(fmt.Sprint(i), time.Hour))
		}
		time.Sleep(time.Minute)
		r.Close()
		seen := map[time.Duration]bool{}
		for _, at := range rec.times {
			seen[at.Round(100*time.Millisecond)] = true
		}
		if len(rec.times) != 50 || len(seen) < 5 {
			t.Errorf("%d first runs at only %d tenths of a second", len(rec.times), len(seen))
		}
	})
}

func TestARunNeverOverlapsTheOneBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(0)
		running := 0
		r.probe = func(ctx context.Context, _ local.Check) (string, string) {
			if running++; running > 1 {
				t.Error("two runs at the same time")
			}
			time.Sleep(25 * time.Second)
			running--
			return catalog.Passing, ""
		}
		r.Start(every("slow", 10*time.Second))
		time.Sleep(101 * time.Second)
		r.Stop("slow")
		r.Close()
		if rec.count() != 4 { // back to back
			t.Errorf("%d runs of 25 s in 101 s, want 4", rec.count())
		}
	})
}

func TestStopEndsTheRunUnderWayAndReportsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(30 * time.Second)
		r.Start(every("c", 10*time.Second))
		time.Sleep(5 * time.Second)
		r.Stop("c")
		r.Stop("c")
		r.Stop("unknown")
		synctest.Wait()
		before := time.Now()
		r.Close()
		if rec.count() != 0 || time.Since(before) != 0 {
			t.Errorf("%d reports, and Close took %v", rec.count(), time.Since(before))
		}
	})
}

func TestStartReplacesTheRunOfTheSameID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(0)
		r.Start(every("c", 10*time.Second))
		r.Start(every("c", time.Hour))
		time.Sleep(10 * time.Minute)
		r.Close()
		if rec.count() != 1 {
			t.Errorf("%d runs, want the one of the new definition", rec.count())
		}
	})
}

func TestARunEndsAtItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(time.Hour)
		def := every("c", time.Hour)
		def.Probe.Timeout = 5 * time.Second
		r.Start(def)
		time.Sleep(10 * time.Second)
		r.Close()
		if rec.last != "c critical cut short" || rec.times[0] < 5*time.Second || rec.times[0] > 6*time.Second {
			t.Errorf("got %q at %v", rec.last, rec.times)
		}
	})
}

func TestOnlySoManyScriptsRunAtTheSameTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(10 * time.Second)
		for i := range maxScripts + 5 {
			def := every(fmt.Sprint(i), time.Hour)
			def.Probe.Kind = local.KindScript
			r.Start(def)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if n := rec.count(); n != maxScripts {
			t.Errorf("%d scripts have run in the time of one, want %d", n, maxScripts)
		}
		time.Sleep(12 * time.Second)
		r.Close()
		if n := rec.count(); n != maxScripts+5 {
			t.Errorf("%d scripts have run, want all", n)
		}
	})
}

func TestScriptsRunOnlyIfTheyMay(t *testing.T) {
	file := local.Check{ID: "c", Source: local.FromFile, Probe: local.Probe{Kind: local.KindScript, Interval: time.Hour, Timeout: time.Minute}}
	api := file
	api.Source = local.FromAPI
	for _, c := range []struct {
		opt  Options
		def  local.Check
		runs bool
	}{
		{Options{}, file, false},
		{Options{}, api, false},
		{Options{LocalScripts: true}, file, true},
		{Options{LocalScripts: true}, api, false},
		{Options{Scripts: true}, file, true},
		{Options{Scripts: true}, api, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			r, rec := newTestRunner(0)
			r.opt.Scripts, r.opt.LocalScripts = c.opt.Scripts, c.opt.LocalScripts
			warning := r.Start(c.def)
			time.Sleep(time.Minute)
			r.Close()
			want := "c passing ok"
			if !c.runs {
				want = "c warning " + Disabled // a check of the node: see unrun
			}
			if rec.last != want || rec.count() != 1 || (warning == "") != c.runs {
				t.Errorf("%+v, from %v: got %q and warning %q, want %q", c.opt, c.def.Source, rec.last, warning, want)
			}
		})
	}
}

func TestAScriptThatMayNotRunKeepsItsServiceCritical(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(0)
		r.opt.Scripts, r.opt.LocalScripts = false, false
		r.Start(local.Check{ID: "c", ServiceID: "web", Probe: local.Probe{Kind: local.KindScript, Interval: time.Second}})
		synctest.Wait()
		r.Close()
		if want := "c critical " + Disabled; rec.last != want {
			t.Errorf("got %q, want %q", rec.last, want)
		}
	})
}

func TestNothingStartsAfterClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, rec := newTestRunner(0)
		r.Close()
		r.Start(every("c", time.Second))
		r.Stop("c")
		time.Sleep(time.Minute)
		if rec.count() != 0 {
			t.Errorf("%d runs after Close", rec.count())
		}
	})
}
