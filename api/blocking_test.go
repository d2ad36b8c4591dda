package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/internal/server"
	"praetor/kv"
)

// watch is a blocking query that runs in the background.
type watch struct {
	*httptest.ResponseRecorder
	done   bool
	took   time.Duration
	cancel context.CancelFunc
}

// start begins a request under a context of its own.
func start(a *api.API, target string) *watch {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watch{ResponseRecorder: httptest.NewRecorder(), cancel: cancel}
	r := httptest.NewRequest("GET", target, nil).WithContext(ctx)
	begun := time.Now()
	go func() {
		a.ServeHTTP(w, r)
		w.done, w.took = true, time.Since(begun)
	}()
	return w
}

// get returns the body of an answer.
func get(h http.Handler, target string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
	return w.Body.String()
}

// waits fails the test if the query has been answered.
func (w *watch) waits(t *testing.T) {
	t.Helper()
	synctest.Wait()
	if w.done {
		t.Fatalf("answered after %v with %d %s, want it to wait", w.took, w.Code, w.Body)
	}
}

// answered fails the test unless the query has been answered after took, with
// index in its header.
func (w *watch) answered(t *testing.T, took time.Duration, index string) {
	t.Helper()
	synctest.Wait()
	if !w.done {
		t.Fatal("no answer yet")
	}
	if w.took != took || w.Header().Get("X-Consul-Index") != index {
		t.Fatalf("answered after %v with index %q, want after %v with index %q",
			w.took, w.Header().Get("X-Consul-Index"), took, index)
	}
}

// blocking runs a test with virtual time over a store that has key a at index
// 11. When it ends, no query may still count as waiting.
func blocking(t *testing.T, cfg api.Config, test func(t *testing.T, a *api.API, s *apitest.Store)) {
	synctest.Test(t, func(t *testing.T) {
		s := apitest.NewStore()
		cfg.Datacenter, cfg.Store, cfg.Agent = "dc1", s, &apitest.Agent{}
		if cfg.Jitter == nil {
			cfg.Jitter = func(time.Duration) time.Duration { return 0 }
		}
		a := api.New(cfg)
		s.Put("a", "x")
		test(t, a, s)
		synctest.Wait()
		const none = "\nconsul_http_blocking_queries 0\n"
		if m := get(a, "/v1/agent/metrics?format=prometheus"); !strings.Contains(m, none) {
			t.Errorf("queries still count as waiting:\n%s", m)
		}
	})
}

func TestABlockingQueryWakesOnAWriteOfWhatItRead(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		w := start(a, "/v1/kv/a?raw&index=11")
		w.waits(t)
		time.Sleep(time.Second)
		s.Put("a", "y")
		w.answered(t, time.Second, "12")
		if got := w.Body.String(); got != "y" {
			t.Errorf("got %q, want the new value", got)
		}
	})
}

func TestABlockingQuerySleepsThroughUnrelatedWrites(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		key, tree := start(a, "/v1/kv/a?index=11"), start(a, "/v1/kv/a?recurse&index=11")
		s.Put("b", "1")
		key.waits(t)
		tree.waits(t)
		s.Put("a/below", "1") // under the prefix, but another key
		key.waits(t)
		tree.answered(t, 0, "13")
		key.cancel()
	})
}

func TestABlockingQueryOnAMissingKeyWakesWhenItComes(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		w := start(a, "/v1/kv/new?raw&index=1")
		w.waits(t)
		s.Put("new", "here")
		w.answered(t, 0, "12")
	})
}

func TestABlockingQueryWakesOnADeletionUnderItsPrefix(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		w := start(a, "/v1/kv/?recurse&index=11")
		w.waits(t)
		_, err := s.Write(t.Context(), server.KVCommand(kv.Command{Op: kv.OpDelete, Key: "a"}))
		if err != nil {
			t.Fatal(err)
		}
		w.answered(t, 0, "12")
		if w.Code != http.StatusNotFound {
			t.Errorf("got %d, want 404: nothing is left", w.Code)
		}
	})
}

func TestABlockingQueryAnswersAtOnceWhenItsIndexIsPast(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		start(a, "/v1/kv/a?index=10").answered(t, 0, "11")
		start(a, "/v1/kv/a?index=12").answered(t, 0, "11") // from another life of the cluster
	})
}

// wait defaults to 5 minutes, at most 10, plus a random 0..wait/16.
func TestWaitIsBoundedAndSpread(t *testing.T) {
	for _, test := range []struct {
		query string
		want  time.Duration
	}{
		{"", 5*time.Minute + 5*time.Minute/16},
		{"&wait=0s", 5*time.Minute + 5*time.Minute/16},
		{"&wait=16s", 17 * time.Second},
		{"&wait=24h", 10*time.Minute + 10*time.Minute/16},
		{"&wait=1ns", time.Nanosecond},
	} {
		most := func(max time.Duration) time.Duration { return max }
		blocking(t, api.Config{Jitter: most}, func(t *testing.T, a *api.API, s *apitest.Store) {
			w := start(a, "/v1/kv/a?index=11"+test.query)
			time.Sleep(test.want)
			w.answered(t, test.want, "11")
		})
	}
}

func TestABlockingQueryEndsWithItsClient(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		w := start(a, "/v1/kv/a?index=11")
		w.waits(t)
		w.cancel()
		synctest.Wait()
		if !w.done || w.Code != http.StatusServiceUnavailable {
			t.Fatalf("done=%v status %d, want an end with 503", w.done, w.Code)
		}
	})
}

func TestBlockingQueriesBeyondTheBoundAreRefused(t *testing.T) {
	blocking(t, api.Config{MaxWaiting: 2}, func(t *testing.T, a *api.API, s *apitest.Store) {
		first, second := start(a, "/v1/kv/a?index=11"), start(a, "/v1/kv/a?index=11")
		first.waits(t)
		second.waits(t)
		third := start(a, "/v1/kv/a?index=11")
		synctest.Wait()
		if third.Code != http.StatusTooManyRequests {
			t.Errorf("got %d, want 429", third.Code)
		}
		// A read that does not wait is not counted, and a place comes free.
		start(a, "/v1/kv/a").answered(t, 0, "11")
		first.cancel()
		synctest.Wait()
		fourth := start(a, "/v1/kv/a?index=11")
		fourth.waits(t)
		second.cancel()
		fourth.cancel()
	})
}

func TestABlockingQueryOnServiceHealthWakesOnACheck(t *testing.T) {
	blocking(t, api.Config{}, func(t *testing.T, a *api.API, s *apitest.Store) {
		register := func(body string) {
			t.Helper()
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequest("PUT", "/v1/catalog/register", strings.NewReader(body)))
			if w.Code != http.StatusOK {
				t.Fatal(w.Code, w.Body)
			}
		}
		register(`{"Node":"n1","Address":"10.0.0.1","Service":{"Service":"web"},"Check":{"Name":"up","ServiceID":"web","Status":"passing"}}`)
		w := start(a, "/v1/health/service/web?passing&index=12")
		w.waits(t)
		register(`{"Node":"n1","Address":"10.0.0.1","Service":{"Service":"db"}}`)
		w.waits(t)
		register(`{"Node":"n1","Address":"10.0.0.1","Check":{"Name":"up","ServiceID":"web","Status":"critical"}}`)
		w.answered(t, 0, "14")
		if got := w.Body.String(); got != "[]" {
			t.Errorf("got %s, want no passing instance", got)
		}
	})
}
