package api

import (
	"slices"
	"strings"
	"sync/atomic"
)

// handler answers one request. The value it returns becomes the body: see
// (*call).answer. An error becomes its text with the status of statusOf.
type handler func(*call) (any, error)

// method is what one HTTP method does on a path.
type method struct {
	name    string // "GET", "PUT" or "DELETE"
	accepts string // the query parameters of this method, separated by spaces
	do      handler
}

// route is what is known of a path.
type route struct {
	path    string // "/v1/status/leader", or a prefix that ends in "/"
	local   bool   // answered by every agent; the others need the Store
	methods []method
	served  *atomic.Uint64 // requests that came here
}

// method returns what the HTTP method does here. HEAD is GET without the body,
// which net/http leaves out by itself.
func (r *route) method(name string) (method, bool) {
	if name == "HEAD" {
		name = "GET"
	}
	i := slices.IndexFunc(r.methods, func(m method) bool { return m.name == name })
	if i < 0 {
		return method{}, false
	}
	return r.methods[i], true
}

// allow returns the value of the Allow header.
func (r *route) allow() string {
	names := []string{"OPTIONS"}
	for _, m := range r.methods {
		names = append(names, m.name)
		if m.name == "GET" {
			names = append(names, "HEAD")
		}
	}
	return strings.Join(names, ", ")
}

// router finds routes by path. It is made of maps and not an http.ServeMux
// because a key is any text, "a//b" too, and ServeMux redirects to a cleaned
// path.
type router struct {
	all      []*route
	exact    map[string]*route // by path, and prefixes without their "/" too
	prefixes map[string]*route
	longest  int // bytes of the longest of prefixes
}

// newRouter enters all routes of all groups.
func newRouter(groups ...[]route) router {
	rt := router{exact: map[string]*route{}, prefixes: map[string]*route{}}
	for _, r := range slices.Concat(groups...) {
		r.served = new(atomic.Uint64)
		rt.all = append(rt.all, &r)
		rt.exact[r.path] = &r
	}
	for _, r := range rt.all {
		short, isPrefix := strings.CutSuffix(r.path, "/")
		if !isPrefix {
			continue
		}
		rt.prefixes[r.path] = r
		rt.longest = max(rt.longest, len(r.path))
		if rt.exact[short] == nil {
			rt.exact[short] = r
		}
	}
	return rt
}

// find returns the route of a path and what follows the route's prefix: the
// exact route if there is one, else the longest prefix, else nil.
//
//	/v1/agent/services         exact
//	/v1/agent/service/web      prefix /v1/agent/service/       rest "web"
//	/v1/kv/a//b                prefix /v1/kv/                  rest "a//b"
//	/v1/kv                     prefix /v1/kv/                  rest ""
func (rt *router) find(path string) (r *route, rest string) {
	if r := rt.exact[path]; r != nil {
		return r, ""
	}
	for end := min(len(path), rt.longest); end > 0; end-- {
		if path[end-1] != '/' {
			continue
		}
		if r := rt.prefixes[path[:end]]; r != nil {
			return r, path[end:]
		}
	}
	return nil, ""
}
