package api

import (
	"strconv"
	"time"

	"praetor/internal/radix"
	"praetor/internal/server"
)

// evaluate computes an answer and its index from a view. It must register w,
// if it is not nil, on all that it reads: that, and only that, wakes a blocking
// query.
type evaluate func(v *server.View, w *radix.Waiter) (value any, index uint64)

// The wait of a blocking query.
const (
	defaultWait = 5 * time.Minute
	maxWait     = 10 * time.Minute
	jitterShare = 16 // of the wait, at most a sixteenth is added at random
)

// read answers a read of the replicated state, which may be a blocking query,
// in the consistency mode of the request.
//
//	client                        agent
//	GET /v1/kv/a          --->    evaluate: "x" at index 7
//	                      <---    X-Consul-Index: 7, "x"
//	GET /v1/kv/a?index=7  --->    evaluate: still index 7. Wait on what was read.
//	                              ... a write to b wakes nobody ...
//	                              ... a write to a: evaluate again: "y" at index 9
//	                      <---    X-Consul-Index: 9, "y"
func (a *API) read(c *call, eval evaluate) (any, error) {
	mode := a.effectiveMode(c.q)
	if err := a.cfg.Store.Barrier(c.r.Context(), mode); err != nil {
		return nil, err
	}
	value, index, err := a.block(c, eval)
	if err != nil {
		return nil, err
	}
	a.setReadHeaders(c, mode, index)
	return value, nil
}

// effectiveMode is the mode that was asked for, but a stale read becomes a
// default one when this server has not heard from a leader for longer than
// ?max_stale allows.
func (a *API) effectiveMode(q query) server.ReadMode {
	bound := q.duration("max_stale")
	if q.mode != server.Stale || bound == 0 {
		return q.mode
	}
	if known, age := a.cfg.Store.Contact(); !known || age > bound {
		return server.Default
	}
	return server.Stale
}

// block evaluates on the newest view, and again whenever what was read has
// changed, until the index is past ?index or ?wait is over.
//
// There is one barrier, before the first evaluation. It makes the first view at
// least as new as the request; a later view is newer, and was the newest state
// of the cluster at some moment since, so the answer is linearizable.
func (a *API) block(c *call, eval evaluate) (any, uint64, error) {
	asked := c.q.number("index")
	view := a.cfg.Store.View()
	// A client that asks for more than there is has its index from another
	// life of this cluster: it learns the present state at once. 1 is what an
	// empty cluster answers with.
	if asked == 0 || asked > max(view.Index, 1) {
		value, index := eval(view, nil)
		return value, index, nil
	}
	if a.waiting.Add(1) > int64(a.cfg.MaxWaiting) {
		a.waiting.Add(-1)
		return nil, 0, errBusyWaiting
	}
	defer a.waiting.Add(-1)
	timeout := time.NewTimer(a.wait(c.q))
	defer timeout.Stop()
	for {
		value, index, changed, stop := a.observe(eval)
		if index > asked {
			stop()
			return value, index, nil
		}
		select {
		case <-changed:
			stop()
		case <-timeout.C:
			stop()
			return value, index, nil
		case <-c.r.Context().Done():
			stop()
			return nil, 0, c.r.Context().Err()
		}
	}
}

// observe evaluates on the newest view. changed receives when what was read has
// changed; stop ends the observation and must be called.
func (a *API) observe(eval evaluate) (value any, index uint64, changed <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1) // a waiter fires once, and its wake must not block
	w := radix.NewWaiter(func() { ch <- struct{}{} })
	value, index = eval(a.cfg.Store.View(), w)
	return value, index, ch, w.Stop
}

// wait returns how long a blocking query waits.
func (a *API) wait(q query) time.Duration {
	wait := q.duration("wait")
	if wait == 0 {
		wait = defaultWait
	}
	wait = min(wait, maxWait)
	if spread := wait / jitterShare; spread > 0 {
		wait += a.cfg.Jitter(spread)
	}
	return wait
}

// setReadHeaders tells the client how new the answer is. An index is never 0,
// because a client that asked with ?index=0 would not block.
func (a *API) setReadHeaders(c *call, mode server.ReadMode, index uint64) {
	known, age := a.cfg.Store.Contact()
	h := c.w.Header()
	h.Set("X-Consul-Index", strconv.FormatUint(max(index, 1), 10))
	h.Set("X-Consul-Knownleader", strconv.FormatBool(known))
	h.Set("X-Consul-Lastcontact", strconv.FormatInt(age.Milliseconds(), 10))
	h.Set("X-Consul-Effective-Consistency", modeName(mode))
	if c.q.flag("cached") {
		h.Set("X-Cache", "MISS")
	}
}

// modeName is the name of the query parameter that asks for the mode.
func modeName(m server.ReadMode) string {
	switch m {
	case server.Stale:
		return "stale"
	case server.Consistent:
		return "consistent"
	}
	return "leader"
}

// write puts a command into the log and returns whether its condition held. A
// command that was refused is the client's error.
func (a *API) write(c *call, cmd []byte) (bool, error) {
	res, err := a.cfg.Store.Write(c.r.Context(), cmd)
	if err != nil {
		return false, err
	}
	if res.Err != "" {
		return false, Invalidf("%s", res.Err)
	}
	return res.OK, nil
}
