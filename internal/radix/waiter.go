package radix

import (
	"sync"
	"sync/atomic"
)

// A Waiter waits for a change of anything that was read with it. Hand it to
// Get, All, Backward or Watch, on as many trees and keys as the answer depends
// on; the first change of any of them calls its wake function, once.
//
//	w := radix.NewWaiter(func() { close(changed) })
//	defer w.Stop()
//	value, ok := tree.Get("a", w)
//
// A Waiter may be registered from one goroutine while others commit. Its owner
// must call Stop when it no longer waits, fired or not.
type Waiter struct {
	wake  func()
	fired atomic.Bool

	mu      sync.Mutex
	stopped bool
	regs    []*registration
}

// NewWaiter returns a Waiter that calls wake when it fires. wake runs on the
// goroutine that notifies (or that registers, if the change came before it),
// so it must not block. A nil wake is allowed: ask Fired.
func NewWaiter(wake func()) *Waiter { return &Waiter{wake: wake} }

// Fired reports whether something that was read with w has changed.
func (w *Waiter) Fired() bool { return w.fired.Load() }

// fire wakes w's owner, the first time.
func (w *Waiter) fire() {
	if w.fired.CompareAndSwap(false, true) && w.wake != nil {
		w.wake()
	}
}
