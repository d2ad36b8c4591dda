package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"praetor/api"
	"praetor/api/apitest"
	"praetor/api/archive"
	"praetor/internal/server"
	"praetor/kv"
)

// restored puts a body to /v1/snapshot.
func restored(a http.Handler, body []byte) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("PUT", "/v1/snapshot", bytes.NewReader(body)))
	return w
}

func TestSnapshotIsSavedAndRestored(t *testing.T) {
	store := apitest.NewStore()
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: store})
	large := strings.Repeat("x", kv.MaxValue) // so that a state has parts
	for i := range 5 {
		store.Put(fmt.Sprint("k", i), large)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/v1/snapshot", nil))
	if w.Code != 200 || w.Header().Get("X-Consul-Index") != "15" {
		t.Fatalf("%d, %v", w.Code, w.Header())
	}
	file := w.Body.Bytes()
	meta, state, err := archive.Read(bytes.NewReader(file), server.MaxRestore)
	if err != nil || meta.Index != 15 || len(meta.Configuration.Servers) != 3 || len(state) < 5*len(large) {
		t.Fatalf("%+v, %d bytes, %v", meta, len(state), err)
	}
	store.Put("k0", "changed")
	before := store.View().Index
	for _, body := range [][]byte{nil, []byte("x"), file[:len(file)-1], file[:len(file)/2]} {
		if w := restored(a, body); w.Code != 400 || store.View().Index != before {
			t.Errorf("%d bytes: %d %s", len(body), w.Code, w.Body)
		}
	}
	store.Fail = server.ErrNoLeader
	if w := restored(a, file); w.Code != 500 || store.View().Index != before {
		t.Errorf("without a leader: %d %s", w.Code, w.Body)
	}
	store.Fail = nil
	if w := restored(a, file); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if e, _ := store.View().KV.Get("k0", nil); string(e.Value) != large {
		t.Errorf("k0 has %d bytes", len(e.Value))
	}
}

// A download that fails must not look like a whole one.
func TestBrokenDownloadBreaksTheConnection(t *testing.T) {
	store := apitest.NewStore()
	for i := range 5 {
		store.Put(fmt.Sprint("k", i), strings.Repeat("x", kv.MaxValue))
	}
	a := api.New(api.Config{Datacenter: "dc1", Agent: &apitest.Agent{}, Store: store})
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("the handler ended as if all was well")
		}
	}()
	a.ServeHTTP(&brokenWriter{httptest.NewRecorder()}, httptest.NewRequest("GET", "/v1/snapshot", nil))
}

type brokenWriter struct{ *httptest.ResponseRecorder }

func (w *brokenWriter) Write([]byte) (int, error) { return 0, http.ErrHandlerTimeout }
