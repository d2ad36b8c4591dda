package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/internal/server"
)

// discard is a ResponseWriter that costs nothing itself.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// SetWriteDeadline is what a connection has.
func (d discard) SetWriteDeadline(time.Time) error { return nil }

// BenchmarkGetKey is a read of one key through everything above the store,
// beside a handler that writes the same bytes and does nothing else.
func BenchmarkGetKey(b *testing.B) {
	store := apitest.NewStore()
	store.Put("app/config/name", strings.Repeat("x", 100))
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: onlyView{store}})
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/v1/kv/app/config/name", nil))
	answer := w.Body.Bytes()
	bare := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) })

	for name, h := range map[string]http.Handler{"api": a, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", "/v1/kv/app/config/name", nil)
			w := discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

// onlyView is a store whose barrier does not remember, as it would a request
// without end.
type onlyView struct{ *apitest.Store }

func (onlyView) Barrier(context.Context, server.ReadMode) error { return nil }
