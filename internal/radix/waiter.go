package radix

import (
	"sync"
	"sync/atomic"
)

// A Waiter waits for a change of anything that was read with it. Hand it to
// Get, All or Backward, on as many trees and keys as the answer depends on;
// the first change of any of them calls its wake function, once.
//
//	w := radix.NewWaiter(func() { close(changed) })
//	defer w.Stop()
//	value, ok := tree.Get("a", w)
//
// A Waiter may be registered and stopped while others commit and notify. Its
// owner must call Stop when it no longer waits, whether it fired or not.
type Waiter struct {
	wake  func()
	fired atomic.Bool

	// mu is taken before the mutex of a list, and never while wake runs.
	mu      sync.Mutex
	stopped bool
	regs    []*registration
}

// NewWaiter returns a Waiter that calls wake when it fires. wake runs on the
// goroutine that notifies (or that registers, if the change came first), so it
// must not block. A nil wake is allowed: ask Fired.
func NewWaiter(wake func()) *Waiter { return &Waiter{wake: wake} }

// Fired reports whether something that was read with w has changed.
func (w *Waiter) Fired() bool { return w.fired.Load() }

// Stop ends the wait: w is on no list any more, and reading with it registers
// nothing. A wake that is already under way on another goroutine may still
// happen. Stop may be called twice.
func (w *Waiter) Stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	for _, r := range w.regs {
		r.list.remove(r)
	}
	w.regs = nil
}

// fire wakes w's owner, the first time.
func (w *Waiter) fire() {
	if w.fired.CompareAndSwap(false, true) && w.wake != nil {
		w.wake()
	}
}

// register makes w wait on l for key. If l is closed, what w has read is of an
// old version, and w fires.
func (w *Waiter) register(key string, s scope, l *list) {
	if w.Fired() {
		return // one change is enough
	}
	w.mu.Lock()
	r := &registration{waiter: w, key: key, scope: s}
	late := false
	if !w.stopped {
		if late = !l.add(r); !late {
			w.regs = append(w.regs, r)
		}
	}
	w.mu.Unlock()
	if late {
		w.fire()
	}
}

// rejoin puts r, whose list was closed, on l.
func (w *Waiter) rejoin(r *registration, l *list) {
	w.mu.Lock()
	late := !w.stopped && !w.Fired() && !l.add(r)
	w.mu.Unlock()
	if late {
		w.fire()
	}
}
