package agent

import (
	"sync"

	"praetor/raft"
)

// log is the part of the write-ahead log that the disk goroutine uses.
type log interface {
	Append(raft.Write) error
	Sync() error
}

// disk makes writes durable on a goroutine of its own: while one fsync is
// under way the writes that arrive gather, and the next fsync serves them all.
// What may gather is bounded by raft.Config.MaxUncommittedBytes.
type disk struct {
	log       log
	persisted func(raft.WriteID) // called after every fsync
	failed    func(error)        // called once; nothing is written after it

	mu    sync.Mutex
	queue []raft.Write
	wake  chan struct{}
}

func newDisk(l log, persisted func(raft.WriteID), failed func(error)) *disk {
	return &disk{log: l, persisted: persisted, failed: failed, wake: make(chan struct{}, 1)}
}

// add queues writes; it never waits.
func (d *disk) add(ws []raft.Write) {
	d.mu.Lock()
	d.queue = append(d.queue, ws...)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *disk) take() []raft.Write {
	d.mu.Lock()
	defer d.mu.Unlock()
	ws := d.queue
	d.queue = nil
	return ws
}

// run writes until stop is closed or the disk fails.
func (d *disk) run(stop <-chan struct{}) {
	for {
		select {
		case <-d.wake:
		case <-stop:
			return
		}
		ws := d.take()
		if len(ws) == 0 {
			continue
		}
		if err := d.write(ws); err != nil {
			d.failed(err)
			return
		}
		d.persisted(ws[len(ws)-1].ID)
	}
}

func (d *disk) write(ws []raft.Write) error {
	for _, w := range ws {
		if err := d.log.Append(w); err != nil {
			return err
		}
	}
	return d.log.Sync()
}
