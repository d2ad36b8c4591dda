package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"praetor/catalog"
	"praetor/kv"
)

// The route of a path is the longest one that begins it: the obvious way to
// find it is to try them all.
func TestTheLongestRouteWins(t *testing.T) {
	a := New(Config{})
	paths := []string{"", "/", "/v1/kv", "/v1/kv/", "/v1/kv//", "/v1/kv/a/b", "/v1/agent/service/register",
		"/v1/agent/service/register/x", "/v1/agent/service/deregister", "/v1/agent/checks/", "/v1/agent/check/pass/a",
		"/v1/status/leader/", "/v1/kv/" + strings.Repeat("/", 10000)}
	for _, r := range a.router.all {
		paths = append(paths, r.path, r.path+"x", strings.TrimSuffix(r.path, "/"))
	}
	for _, path := range paths {
		var want string
		for _, r := range a.router.all {
			p := r.path
			begins := strings.HasSuffix(p, "/") && strings.HasPrefix(path+"/", p)
			if p == path || begins && len(p) > len(want) && want != path {
				want = p
			}
		}
		got, rest := a.router.find(path)
		switch {
		case got == nil && want == "":
		case got == nil || got.path != want:
			t.Errorf("%q: got %v, want %q", path, got, want)
		case got.path+rest != path && got.path+rest != path+"/":
			t.Errorf("%q: route %q and rest %q do not make the path", path, got.path, rest)
		}
	}
}

// What is said to be absent must not be there, and who asks for it is told so.
func TestWhatIsAbsentHasNoRoute(t *testing.T) {
	a := New(Config{})
	for _, no := range absent {
		for _, r := range a.router.all {
			if strings.HasPrefix(r.path, no.prefix) {
				t.Errorf("%s is a route, and %s said to be absent", r.path, no.what)
			}
		}
		path := no.prefix
		if strings.HasSuffix(path, "/") {
			path += "x"
		}
		if r, _ := a.router.find(path); r != nil {
			t.Errorf("%s leads to %s, and not to the word that %s absent", path, r.path, no.what)
		}
	}
}

// Every parameter that a route accepts must be known: a misspelled one would
// never be checked.
func TestRoutesAcceptOnlyKnownParameters(t *testing.T) {
	for _, r := range New(Config{}).router.all {
		for _, m := range r.methods {
			for _, name := range strings.Fields(m.accepts + " " + everywhere) {
				if _, ok := parameters[name]; !ok {
					t.Errorf("%s %s accepts %q, which is not in the table of parameters", m.name, r.path, name)
				}
			}
		}
	}
}

// The hand-written JSON of a key says the same as encoding/json's.
func FuzzEntryJSON(f *testing.F) {
	f.Add("a", []byte("x"), uint64(1), "")
	f.Add("<&>\"\\\n\r\t\x00\x1f\u2028\u2029\xff", []byte{}, ^uint64(0), "\x7fé")
	f.Fuzz(func(t *testing.T, key string, value []byte, n uint64, session string) {
		if len(value) == 0 {
			value = nil // null in both
		}
		e := kv.Entry{Key: key, Value: value, Flags: n, Session: session, LockIndex: n / 2, CreateIndex: n / 3, ModifyIndex: n}
		want, err := json.Marshal([]kv.Entry{e})
		if err != nil {
			t.Fatal(err)
		}
		var got, same any
		if err := json.Unmarshal(entries{&e}.appendJSON(nil), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(want, &same); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(got) != fmt.Sprint(same) {
			t.Errorf("got %v, want %v", got, same)
		}
		names, _ := json.Marshal([]string{key, session})
		if got := string(keyNames{key, session}.appendJSON(nil)); got != string(names) {
			t.Errorf("got %s, want %s", got, names)
		}
	})
}

// No body panics a decoder, and what decodes is still itself when it has been
// encoded and decoded again.
func FuzzDefinitions(f *testing.F) {
	f.Add([]byte(`{"Name":"web","Tags":["a"],"Check":{"HTTP":"http://x","Interval":"10s"},"checks":[{"ttl":"1m"}]}`))
	f.Add([]byte(`{"service":{"service":"x","tagged_addresses":{"lan":{"address":"::1","port":1}}},"node":"n","check":{"name":"c"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var reg CatalogRegistration
		if json.Unmarshal(b, &reg) == nil {
			_, _ = reg.registration("dc1")
		}
		for _, v := range []json.Unmarshaler{new(ServiceDefinition), new(CheckDefinition), new(CheckUpdate), new(CatalogDeregistration)} {
			if json.Unmarshal(b, v) != nil {
				continue
			}
			once, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			again := reflect.New(reflect.TypeOf(v).Elem()).Interface()
			if err := json.Unmarshal(once, again); err != nil {
				t.Fatalf("%s does not decode: %v", once, err)
			}
			if twice, _ := json.Marshal(again); string(twice) != string(once) {
				t.Errorf("got %s, want %s", twice, once)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("recurse&index=5&wait=1s&node-meta=a:b", "GET")
	f.Fuzz(func(t *testing.T, raw, name string) {
		_, _ = parseQuery(raw, method{name: name, accepts: "recurse tag node-meta enable cas"})
	})
}

func TestOutputsAreCutToWhatTheCatalogTakes(t *testing.T) {
	long := clip(strings.Repeat("x", catalog.MaxOutput+1))
	if len(long) != catalog.MaxOutput || !strings.HasSuffix(long, " ... (cut)") {
		t.Errorf("got %d bytes that end in %q", len(long), long[len(long)-12:])
	}
	if got := clip("short"); got != "short" {
		t.Errorf("got %q", got)
	}
}
