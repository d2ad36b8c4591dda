package api

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/internal/server"
)

// form is how the value of a query parameter is written.
type form uint8

const (
	text     form = iota
	flag          // ?name, ?name=true, ?name=false
	boolean       // ?name=true or ?name=false, the value is needed
	number        // an unsigned 64-bit integer
	duration      // "10s", "5m"
	pair          // key:value, may be repeated
)

// parameters are all query parameters that Consul's API knows. One that is
// here and that an endpoint does not accept is refused, because to ignore it
// would widen an answer (?filter=) or a write (?cas=) behind the client's
// back. One that is not here is ignored, as Consul does.
var parameters = map[string]form{
	"acquire": text, "address": text, "cas": number, "enable": boolean, "filter": text, "flags": number,
	"format": text, "hash": text, "id": text, "keys": flag, "local-only": flag,
	"merge-central-config": flag, "name": text, "near": text, "node": text,
	"node-meta": pair, "note": text, "ns": text, "partition": text, "passing": flag, "peer": text,
	"prune": flag, "raw": flag, "reason": text, "recurse": flag, "relay-factor": number, "release": text,
	"replace-existing-checks": flag, "segment": text, "separator": text, "service": text, "sg": text, "tag": text,
	"wan": flag,

	// These are accepted everywhere. Where they mean nothing they do no harm:
	// a write is at least as consistent as any mode asks for, an answer that
	// was never cached is fresher than ?cached allows, and tokens are checked
	// when there are access rules to check them against.
	"cached": flag, "consistent": flag, "dc": text, "index": number, "leader": flag,
	"max_stale": duration, "pretty": flag, "stale": flag, "token": text, "wait": duration,
}

const everywhere = "cached consistent dc index leader max_stale pretty stale token wait"

// expected says what each form is, for the client whose value is not it.
var expected = map[form]string{
	flag:     "true or false, or no value for true",
	boolean:  "true or false",
	number:   "a number between 0 and 18446744073709551615",
	duration: "a duration such as 10s or 5m",
	pair:     "a pair such as key:value",
}

// query is the checked query string of a request.
type query struct {
	values url.Values
	mode   server.ReadMode
}

// parseQuery checks every known parameter of a query string against its form
// and against what the method accepts, so that reading a parameter cannot fail
// later.
func parseQuery(raw string, m method) (query, error) {
	if raw == "" {
		return query{}, nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return query{}, Invalidf("Invalid query string: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		f, known := parameters[name]
		if !known {
			continue
		}
		if !lists(everywhere, name) && !lists(m.accepts, name) {
			return query{}, Invalidf("Parameter %q is not supported here: %s takes %s",
				name, m.name, cmp.Or(strings.ReplaceAll(m.accepts, " ", ", "), "no parameters of its own"))
		}
		for _, v := range values[name] {
			if !f.admits(v) {
				return query{}, Invalidf("Invalid value %q for parameter %q: expected %s", v, name, expected[f])
			}
		}
	}
	q := query{values: values}
	q.mode, err = q.consistency()
	return q, err
}

// admits reports whether v is written in the form.
func (f form) admits(v string) bool {
	var err error
	switch f {
	case flag, boolean:
		if v == "" {
			return f == flag
		}
		_, err = strconv.ParseBool(v)
	case number:
		_, err = strconv.ParseUint(v, 10, 64)
	case duration:
		var d time.Duration
		d, err = time.ParseDuration(v)
		if d < 0 {
			return false
		}
	case pair:
		key, _, ok := strings.Cut(v, ":")
		return ok && key != ""
	}
	return err == nil
}

// consistency chooses the read mode. A bound on staleness is a stale read; two
// modes at once are refused.
func (q query) consistency() (server.ReadMode, error) {
	mode, chosen := server.Default, ""
	for _, m := range []struct {
		name string
		on   bool
		mode server.ReadMode
	}{
		{"stale", q.flag("stale") || q.duration("max_stale") > 0, server.Stale},
		{"consistent", q.flag("consistent"), server.Consistent},
		{"leader", q.flag("leader"), server.Default},
	} {
		switch {
		case !m.on:
		case chosen != "":
			return 0, Invalidf("Cannot specify ?%s with ?%s, conflicting semantics: choose one", chosen, m.name)
		default:
			mode, chosen = m.mode, m.name
		}
	}
	if chosen == "consistent" && q.flag("cached") {
		return 0, Invalidf("Cannot specify ?cached with ?consistent, conflicting semantics: choose one")
	}
	return mode, nil
}

// has reports whether the parameter was given, with any value.
func (q query) has(name string) bool { return q.values.Has(name) }

// text returns the parameter's first value, or "".
func (q query) text(name string) string { return q.values.Get(name) }

// flag reports whether the parameter was given and is not false.
func (q query) flag(name string) bool {
	if !q.has(name) {
		return false
	}
	on, err := strconv.ParseBool(q.text(name))
	return on || err != nil // no value stands for true
}

// number returns the parameter's value, or 0 if it was not given.
func (q query) number(name string) uint64 {
	if !q.has(name) {
		return 0
	}
	n, _ := strconv.ParseUint(q.text(name), 10, 64)
	return n
}

// duration returns the parameter's value, or 0 if it was not given.
func (q query) duration(name string) time.Duration {
	if !q.has(name) {
		return 0
	}
	d, _ := time.ParseDuration(q.text(name))
	return d
}

// lists reports whether a list of words separated by spaces has the word.
func lists(words, word string) bool {
	for w := range strings.SplitSeq(words, " ") {
		if w == word {
			return true
		}
	}
	return false
}
