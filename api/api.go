package api

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// Config is what the HTTP API is made of.
type Config struct {
	Datacenter string // the one that this agent is in; any other ?dc= is an error
	Agent      Agent
	Store      Store        // nil on a client agent
	Forward    http.Handler // on a client agent: answers what needs a Store, by asking a server

	// MaxWaiting bounds the blocking queries that wait at the same time; one
	// more is answered with 429. 0 stands for DefaultMaxWaiting.
	MaxWaiting int
	// Jitter returns a random duration in [0, max) for max > 0: what is added
	// to the wait of a blocking query, so that a herd of them spreads. nil
	// stands for the system's randomness.
	Jitter func(max time.Duration) time.Duration
	// Now returns the time of day, for answers that tell since when something
	// is so. nil stands for the system's clock.
	Now func() time.Time
}

// DefaultMaxWaiting bounds the blocking queries of an agent: each costs a
// connection and two goroutines, some 20 KiB.
const DefaultMaxWaiting = 16384

// API is the HTTP API of an agent, an http.Handler.
type API struct {
	cfg     Config
	router  router
	waiting atomic.Int64 // blocking queries that wait now
}

// New returns the HTTP API over the agent and the store in cfg.
func New(cfg Config) *API {
	if cfg.MaxWaiting == 0 {
		cfg.MaxWaiting = DefaultMaxWaiting
	}
	if cfg.Jitter == nil {
		cfg.Jitter = rand.N[time.Duration]
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	a := &API{cfg: cfg}
	a.router = newRouter(a.statusRoutes(), a.kvRoutes(), a.catalogRoutes(), a.healthRoutes(),
		a.agentRoutes(), a.eventRoutes(), a.agentServiceRoutes(), a.agentCheckRoutes(),
		a.agentHealthRoutes(), a.operatorRoutes(), a.autopilotRoutes(), a.keyringRoutes(), a.coordinateRoutes(), a.snapshotRoutes())
	return a
}

// ServeHTTP answers one request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	bodyDeadline(w, r)
	route, rest := a.router.find(r.URL.Path)
	if route == nil {
		fail(w, noRoute(r.URL.Path))
		return
	}
	route.served.Add(1)
	if !route.local && a.cfg.Store == nil {
		a.cfg.Forward.ServeHTTP(w, a.named(r))
		return
	}
	if r.Method == http.MethodOptions {
		w.Header().Set("Allow", route.allow())
		return
	}
	m, ok := route.method(r.Method)
	if !ok {
		fail(w, &methodError{r.Method, route.allow()})
		return
	}
	c := &call{w: w, r: a.named(r), rest: rest}
	value, err := a.run(c, m)
	switch {
	case err == nil:
		c.answer(value)
	case statusOf(err) == http.StatusRequestEntityTooLarge:
		refuse(w, r, err)
	default:
		fail(w, err)
	}
}

// run checks the request's parameters and calls the method's handler.
func (a *API) run(c *call, m method) (any, error) {
	var err error
	if c.q, err = parseQuery(c.r.URL.RawQuery, m); err != nil {
		return nil, err
	}
	if err := a.checkDatacenter(c.q.text("dc")); err != nil {
		return nil, err
	}
	return m.do(c)
}

// named returns the request with this agent's name in the place of ?near=_agent:
// for the server that will answer it, "the agent" is another one.
func (a *API) named(r *http.Request) *http.Request {
	if !strings.Contains(r.URL.RawQuery, nearAgent) {
		return r
	}
	q := r.URL.Query()
	if q.Get("near") != nearAgent {
		return r
	}
	q.Set("near", a.cfg.Agent.Self().Config.NodeName)
	r = r.Clone(r.Context())
	r.URL.RawQuery = q.Encode()
	return r
}

// checkDatacenter refuses a datacenter that this one does not know. "" is this
// one.
func (a *API) checkDatacenter(dc string) error {
	if dc != "" && dc != a.cfg.Datacenter {
		return errNoPath
	}
	return nil
}

// The limits of a client that is slow, by chance or on purpose. There is none
// on a whole request or answer, because a blocking query may take 10 minutes:
// each body and each answer gets its own deadline when it starts (bodyTimeout,
// answerTimeout).
const (
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 64 * 1024 // bytes, of the request line and all headers
)

// NewServer returns an HTTP server for the handler with bounds on the time and
// memory that a client can take. Requests live in ctx: when it ends, waiting
// blocking queries are answered with 503 at once, so that the server's
// Shutdown need not wait for them.
func NewServer(ctx context.Context, h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeader,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
}
