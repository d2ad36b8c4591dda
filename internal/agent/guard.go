package agent

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"praetor/swim"
	"praetor/swim/keyring"
)

// guard stands between a gossip port and the core: it encrypts what goes out
// and lets in only what it can authenticate. Without a ring everything passes
// in the clear. All methods may be called from many goroutines.
type guard struct {
	label string
	ring  atomic.Pointer[keyring.Ring] // nil: gossip is in the clear
	// For the way from a cluster in the clear to an encrypted one: first all
	// agents get a key and sendClear and takeClear, then they lose sendClear,
	// and then takeClear.
	sendClear, takeClear bool
	twin                 *guard                    // of this agent's other pool, whose ring changes with this one; may be nil
	save                 func(*keyring.Ring) error // makes a new ring durable; nil: in memory only
	log                  *slog.Logger

	mu     sync.Mutex
	recent keyring.Recent // of datagrams
	drops  map[string]*drop
	change sync.Mutex // held while the ring is changed
}

// drop counts what was dropped for one reason.
type drop struct {
	total  uint64
	quiet  uint64    // since it was last told
	toldAt time.Time // zero: never
}

// The reasons to drop gossip, as metrics name them.
const (
	dropClear     = "unencrypted"
	dropNoKey     = "no_key"
	dropKey       = "undecryptable"
	dropMalformed = "malformed"
	dropOversized = "oversized"
	dropReplay    = "replayed"
	dropBusy      = "busy" // too many exchanges at once
)

var dropReasons = []string{dropClear, dropNoKey, dropKey, dropMalformed, dropOversized, dropReplay, dropBusy}

// dropQuiet is how long the same reason is not told again.
const dropQuiet = time.Minute

func newGuard(label string, log *slog.Logger) *guard {
	return &guard{label: label, log: log, drops: map[string]*drop{}}
}

// fitting returns how large a message may be that takes so many bytes on the
// wire.
func (g *guard) fitting(size int) int {
	if g.ring.Load() == nil {
		return size
	}
	return size - keyring.Overhead
}

// context is what a message of the kind is sealed in, when it answers previous.
func (g *guard) context(kind keyring.Kind, previous keyring.Nonce) keyring.Context {
	return keyring.Context{Label: g.label, Kind: kind, Previous: previous}
}

// seal encrypts a message, unless gossip goes out in the clear.
func (g *guard) seal(kind keyring.Kind, previous keyring.Nonce, b []byte) ([]byte, keyring.Nonce) {
	r := g.ring.Load()
	if r == nil || g.sendClear && kind != keyring.Control {
		return b, keyring.Nonce{}
	}
	var n keyring.Nonce
	rand.Read(n[:]) // never fails
	return r.Seal(nil, g.context(kind, previous), n, b), n
}

// A refusal is why gossip was dropped: the reason for the counters, and what a
// person should know.
type refusal struct{ reason, text string }

func (e *refusal) Error() string { return e.text }

// open authenticates and decrypts a message.
func (g *guard) open(kind keyring.Kind, previous keyring.Nonce, b []byte) ([]byte, keyring.Nonce, error) {
	r := g.ring.Load()
	_, sealed := keyring.IsSealed(b)
	switch {
	case !sealed && kind != keyring.Control && (r == nil || g.takeClear):
		return b, keyring.Nonce{}, nil
	case r == nil && sealed:
		return nil, keyring.Nonce{}, &refusal{dropNoKey, "it is encrypted, and this agent has no key: start it with -encrypt"}
	case !sealed:
		return nil, keyring.Nonce{}, &refusal{dropClear, "it is not encrypted, and this agent takes only what is: start the other agent with -encrypt"}
	}
	plain, n, err := r.Open(g.context(kind, previous), b)
	switch {
	case errors.Is(err, keyring.ErrKey):
		return nil, n, &refusal{dropKey, "it cannot be decrypted: another -encrypt key, or another datacenter?"}
	case err != nil:
		return nil, n, &refusal{dropMalformed, err.Error()}
	}
	return plain, n, nil
}

// datagram is open for a datagram that has arrived. What it refuses is counted.
func (g *guard) datagram(from netip.AddrPort, b []byte) (plain []byte, ok bool) {
	if len(b) > swim.MaxPacket+keyring.Overhead {
		g.refuse(from, &refusal{dropOversized, fmt.Sprintf("it has more than %d bytes", swim.MaxPacket)})
		return nil, false
	}
	plain, n, err := g.open(keyring.Datagram, keyring.Nonce{}, b)
	if err != nil {
		g.refuse(from, err)
		return nil, false
	}
	if n != (keyring.Nonce{}) && !g.isNew(n) {
		g.refuse(from, &refusal{dropReplay, "it came a second time"})
		return nil, false
	}
	return plain, true
}

func (g *guard) isNew(n keyring.Nonce) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.recent.Add(n)
}

// refuse counts what was dropped and tells of it, once a minute for a reason.
func (g *guard) refuse(from netip.AddrPort, err error) {
	var why *refusal
	if !errors.As(err, &why) {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	d := g.drops[why.reason]
	if d == nil {
		d = &drop{}
		g.drops[why.reason] = d
	}
	d.total++
	d.quiet++
	if why.reason == dropReplay || time.Since(d.toldAt) < dropQuiet {
		return // networks repeat datagrams, too
	}
	g.log.Warn("gossip: dropped: "+why.text, "from", from.Addr(), "times", d.quiet)
	d.quiet, d.toldAt = 0, time.Now()
}

// dropped returns how much was dropped for a reason.
func (g *guard) dropped(reason string) uint64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	if d := g.drops[reason]; d != nil {
		return d.total
	}
	return 0
}
