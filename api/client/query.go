package client

import (
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Consistency says how new the answer of a read must be.
type Consistency string

// The consistency modes.
const (
	Default    Consistency = ""           // linearizable while clocks run at nearly the same speed
	Consistent Consistency = "consistent" // linearizable: the leader asks a quorum first
	Stale      Consistency = "stale"      // any server's state, however old
)

// QueryOptions shape a read. The zero value is a read that does not block, in
// the default consistency mode.
type QueryOptions struct {
	Index       uint64        // block until the answer's index is past this one
	Wait        time.Duration // at most so long; 0 is the agent's default, 5 minutes
	Consistency Consistency
}

// QueryMeta tells how new an answer is.
type QueryMeta struct {
	Index       uint64        // for the next QueryOptions.Index
	KnownLeader bool          // whether the server knows a leader
	LastContact time.Duration // since the server last heard from the leader
	Consistency string        // the mode that was used: "leader", "consistent" or "stale"
}

// values returns the options as query parameters.
func (o QueryOptions) values() url.Values {
	v := url.Values{}
	if o.Index > 0 {
		v.Set("index", strconv.FormatUint(o.Index, 10))
	}
	if o.Wait > 0 {
		v.Set("wait", o.Wait.String())
	}
	if o.Consistency != Default {
		v.Set(string(o.Consistency), "")
	}
	return v
}

// metaOf reads the headers of an answer. What is missing or malformed is 0.
func metaOf(h http.Header) QueryMeta {
	index, _ := strconv.ParseUint(h.Get("X-Consul-Index"), 10, 64)
	age, _ := strconv.ParseInt(h.Get("X-Consul-LastContact"), 10, 64)
	return QueryMeta{
		Index:       index,
		KnownLeader: h.Get("X-Consul-KnownLeader") == "true",
		LastContact: time.Duration(age) * time.Millisecond,
		Consistency: h.Get("X-Consul-Effective-Consistency"),
	}
}
