package api_test

import (
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"praetor/api"
	"praetor/api/apitest"
)

// A blocking query of the events waits until the newest one is another, of the
// name that it asks for, or until its wait is over.
func TestEventListBlocksOnTheNewestEvent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := &apitest.Agent{}
		a := api.New(api.Config{Datacenter: "dc1", Agent: agent, Store: apitest.NewStore()})
		get := func(query string) (*httptest.ResponseRecorder, chan struct{}) {
			w, done := httptest.NewRecorder(), make(chan struct{})
			go func() {
				a.ServeHTTP(w, httptest.NewRequest("GET", "/v1/event/list?"+query, nil))
				close(done)
			}()
			synctest.Wait()
			return w, done
		}
		ended := func(done chan struct{}) bool {
			synctest.Wait()
			select {
			case <-done:
				return true
			default:
				return false
			}
		}
		agent.Fire(t.Context(), api.UserEvent{Name: "a"})
		first, done := get("name=a")
		if !ended(done) {
			t.Fatal("a query without an index waits")
		}
		index := first.Header().Get("X-Consul-Index")
		if _, done := get("name=a&index=7"); !ended(done) {
			t.Error("a query waits at an index that is not the list's")
		}
		w, done := get("name=a&index=" + index)
		if ended(done) {
			t.Fatalf("a query at index %s does not wait: %s", index, w.Body)
		}
		agent.Fire(t.Context(), api.UserEvent{Name: "b"})
		if ended(done) {
			t.Fatal("an event of another name wakes it")
		}
		agent.Fire(t.Context(), api.UserEvent{Name: "a"})
		if !ended(done) || w.Header().Get("X-Consul-Index") == index {
			t.Errorf("after an event: ended %v, index %s", ended(done), w.Header().Get("X-Consul-Index"))
		}
		began := time.Now()
		w, done = get("wait=10s&index=" + w.Header().Get("X-Consul-Index"))
		<-done
		if d := time.Since(began); d < 10*time.Second || d > 11*time.Second || w.Code != 200 {
			t.Errorf("a wait of 10s took %v: %d", d, w.Code)
		}
	})
}
