package sim

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"praetor/internal/server"
)

// client is somebody who uses the cluster: one request after the other, with a
// little time to think in between. It waits for an answer only so long; one
// that comes later is still held against the rules, because what a server says
// must be true whoever listens.
type client struct {
	clientSpec
	world   *world
	name    string
	group   int
	rand    *rand.Rand // what it does
	faults  clientFaults
	known   map[string][]known // by key or prefix: what it was told, the newest last
	writes  int                // so far, which makes values unique
	again   *ask               // what it is not sure of, and does once more
	stopped bool
}

// known is what somebody knows of a key, for a condition or for a watch.
type known struct {
	written uint64 // the index at which it was written, 0 if it is absent
	answer  uint64 // the index of the answer that told
}

// clientSpec says what a client is like.
type clientSpec struct {
	keys  int            // it uses the keys k1, k2 and so on
	think time.Duration  // the longest time between two requests
	via   func() []*host // the servers that it uses, of those that run
	mix   mix
	stick bool // to one server, also while it is down
	size  int  // its values have so many bytes, at least
}

// clientFaults are what goes wrong with clients, each with a stream of its own.
type clientFaults struct{ impatience, retry, old, crash *rand.Rand }

// How often what goes wrong does; shares are in ppm.
const (
	clientPatience = time.Second // how long a client waits at most
	shareImpatient = 50_000      // of the requests, the client waits a tenth of that only
	shareRetried   = 500_000     // of the writes with no known end, it asks for the same once more
	shareOld       = 200_000     // of the requests that name an index, it names one from before
	shareCrashes   = 5_000       // of the requests, the client forgets all that it knows
	clientWait     = 2 * time.Second
)

// addClient starts a client.
func (w *world) addClient(group int, s clientSpec) {
	name := fmt.Sprintf("c%d", len(w.clients)+1)
	c := &client{
		clientSpec: s, world: w, name: name, group: group, rand: stream(w.seed, "client "+name),
		faults: clientFaults{
			stream(w.seed, "impatience "+name), stream(w.seed, "retry "+name),
			stream(w.seed, "old index "+name), stream(w.seed, "client crash "+name),
		},
	}
	c.forget()
	w.clients = append(w.clients, c)
	c.rest()
}

// strikes draws whether one of a client's faults comes, and takes it down.
func (c *client) strikes(f fault, r *rand.Rand, share ppm) bool {
	struck := chance(r, share)
	c.world.ledger.chance(f, share, struck)
	return struck
}

// forget is what a crash does to a client: what it asked for is under way, and
// nobody will ever hear the answer.
func (c *client) forget() {
	c.known, c.again = map[string][]known{}, nil
}

// rest thinks, then goes on.
func (c *client) rest() { c.world.after(spread(c.rand, 0, c.think), c.next) }

// next makes one request.
func (c *client) next() {
	if c.stopped {
		return
	}
	a := c.draw()
	via := c.server()
	if via == nil {
		c.rest() // the connection was refused
		return
	}
	c.request(via, a)
}

// server picks whom to ask, or returns nil if nobody answers there.
func (c *client) server() *host {
	pick := c.rand.Uint64()
	servers := c.via()
	if c.stick {
		all := inGroup(slices.Clone(c.world.hosts), c.group)
		if len(all) == 0 {
			return nil
		}
		h := all[len(c.name)*31%len(all)]
		if !slices.Contains(servers, h) {
			return nil
		}
		return h
	}
	if len(servers) == 0 {
		return nil
	}
	return servers[pick%uint64(len(servers))]
}

// request asks, and goes on when the answer comes or the patience is over.
func (c *client) request(via *host, a ask) {
	patience := clientPatience + a.wait
	impatient := c.strikes(faultGiveUp, c.faults.impatience, shareImpatient)
	if impatient {
		patience /= 10
	}
	waiting := true
	goOn := func(o outcome) {
		if !waiting {
			return
		}
		waiting = false
		retry := c.strikes(faultRetry, c.faults.retry, shareRetried)
		if o == unknown && a.kind.writes() && retry {
			c.again = &a
			c.world.ledger.effect(faultRetry)
		}
		if c.strikes(faultClientCrash, c.faults.crash, shareCrashes) {
			c.forget()
			c.world.ledger.effect(faultClientCrash)
		}
		c.rest()
	}
	c.world.after(patience, func() {
		if waiting && impatient {
			c.world.ledger.effect(faultGiveUp)
		}
		goOn(unknown)
	})
	c.world.asking = c.name
	defer func() { c.world.asking = "" }()
	c.world.ask(c.name, via, a, func(op *operation) {
		c.world.note(c.name, op)
		if waiting {
			c.learn(op)
		}
		goOn(op.outcome)
	})
}

// learn notes what an answer told. What a stale read told may be older than what
// is known.
func (c *client) learn(op *operation) {
	if op.outcome != acked || !op.kind.writes() && op.mode == server.Stale {
		return
	}
	for key, k := range op.tells() {
		if old := c.known[key]; len(old) == 0 || old[len(old)-1] != k {
			c.known[key] = append(old, k)
		}
	}
}

// tells returns what an answer tells of the keys.
func (o *operation) tells() iter.Seq2[string, known] {
	return func(yield func(string, known) bool) {
		for _, f := range o.found {
			if !yield(f.key, known{f.index, f.index}) {
				return
			}
		}
		switch {
		case o.kind == opPut, o.kind == opCAS:
			yield(o.key, known{o.index, o.index})
		case o.kind != opGet || len(o.found) == 0:
			yield(o.key, known{0, o.index})
		}
	}
}

// knows returns what the client knows of a key: the last that it was told, or,
// now and then, what it was told before.
func (c *client) knows(key string) known {
	all, n := c.known[key], c.faults.old.Uint64()
	old := c.strikes(faultOldIndex, c.faults.old, shareOld)
	if len(all) == 0 {
		return known{}
	}
	last := all[len(all)-1]
	if !old {
		return last
	}
	k := all[n%uint64(len(all))]
	if k != last {
		c.world.ledger.effect(faultOldIndex)
	}
	return k
}

// draw makes up a request, or the one that the client is not sure of, as a new
// one with the same intent.
func (c *client) draw() ask {
	a := ask{key: fmt.Sprintf("k%d", 1+c.rand.IntN(c.keys))}
	task := c.mix.draw(c.rand)
	if c.again != nil {
		a, c.again = *c.again, nil
		a.value = c.value()
		return a
	}
	a.kind, a.mode = task.kind, task.mode
	if a.kind == opPut || a.kind == opCAS {
		a.value = c.value()
	}
	if a.kind == opList {
		a.key = "k"
	}
	if a.kind.conditional() {
		a.want = c.knows(a.key).written
	}
	if task.waits {
		a.past, a.wait = c.knows(a.key).answer, spread(c.rand, 0, clientWait)
	}
	return a
}

// value makes up a value that nobody else writes.
func (c *client) value() string {
	c.writes++
	v := fmt.Sprintf("%s.%d", c.name, c.writes)
	return v + strings.Repeat(".", max(c.size-len(v), 0))
}

// liveIn returns the servers of a group that run.
func (w *world) liveIn(group int) []*host { return inGroup(w.live(), group) }

// upIn returns the hosts of a group whose agents run.
func (w *world) upIn(group int) []*host { return inGroup(w.up(), group) }

func inGroup(hs []*host, group int) []*host {
	return slices.DeleteFunc(hs, func(h *host) bool { return h.group != group })
}
