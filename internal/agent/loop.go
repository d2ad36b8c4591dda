package agent

import (
	"context"
	"time"
)

// clock is time since the agent started. It goes on while the process is
// stopped, so that a lease cannot outlive a pause.
type clock struct{ start time.Time }

func (c clock) now() time.Duration { return time.Since(c.start) }

// loop owns a pure core: one goroutine runs everything that touches it. Events
// are functions that are queued in inbox; after a burst of them, and whenever
// the core's deadline has come, settle carries the core's effects out.
type loop struct {
	clock
	inbox    chan func(now time.Duration)
	tick     func(now time.Duration)
	deadline func() time.Duration
	settle   func(now time.Duration)
	done     chan struct{}
}

// The bounds of a loop: how many events may wait, and how many are taken in
// before effects are carried out. The second is what makes batches.
const (
	inboxSize = 4096
	burstSize = 512
)

func newLoop(c clock) *loop {
	return &loop{clock: c, inbox: make(chan func(time.Duration), inboxSize), done: make(chan struct{})}
}

// run runs until ctx ends.
func (l *loop) run(ctx context.Context) {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case f := <-l.inbox:
			f(l.now())
			l.burst()
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		now := l.now()
		if l.deadline() <= now {
			l.tick(now)
		}
		l.settle(now)
		timer.Reset(max(0, l.deadline()-l.now()))
	}
}

// burst takes in what is queued already.
func (l *loop) burst() {
	for range burstSize {
		select {
		case f := <-l.inbox:
			f(l.now())
		default:
			return
		}
	}
}

// post queues f. It waits while the inbox is full, and gives up when ctx or
// the loop ends; the error says which.
func (l *loop) post(ctx context.Context, f func(now time.Duration)) error {
	select {
	case l.inbox <- f:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.done:
		return errStopped
	}
}

// tryPost queues f unless the inbox is full.
func (l *loop) tryPost(f func(now time.Duration)) bool {
	select {
	case l.inbox <- f:
		return true
	default:
		return false
	}
}

// call queues f and waits until it has run.
func (l *loop) call(ctx context.Context, f func(now time.Duration)) error {
	ran := make(chan struct{})
	if err := l.post(ctx, func(now time.Duration) { f(now); close(ran) }); err != nil {
		return err
	}
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-l.done:
		return errStopped
	}
}
