package agent

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/raft/wal"
)

// disk owns the log on a goroutine of its own: while one fsync is under way
// the writes that arrive gather, and the next fsync serves them all. What may
// gather is bounded by raft.Config.MaxUncommittedBytes.
type disk struct {
	log       *wal.WAL
	persisted func(raft.WriteID) // called after every fsync
	failed    func(error)        // called once; nothing is written after it

	mu    sync.Mutex
	queue []job
	wake  chan struct{}

	// The goroutine's own.
	incoming *wal.SnapshotWriter            // from the leader, not complete yet
	reading  map[raft.NodeID]*snapshotReads // to followers
}

// job is one thing to do: a write of the core, or anything else in between.
type job struct {
	write *raft.Write
	do    func() error
}

func newDisk(l *wal.WAL, persisted func(raft.WriteID), failed func(error)) *disk {
	return &disk{
		log: l, persisted: persisted, failed: failed,
		wake: make(chan struct{}, 1), reading: map[raft.NodeID]*snapshotReads{},
	}
}

// add queues jobs; it never waits.
func (d *disk) add(jobs ...job) {
	d.mu.Lock()
	d.queue = append(d.queue, jobs...)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// carryOut queues what the core wants of the disk, in the order that it needs.
func (d *disk) carryOut(e server.Effects, answer func(read raft.SnapshotRead, b []byte, last bool, err error)) {
	var jobs []job
	for _, p := range e.SnapshotParts {
		jobs = append(jobs, job{do: func() error { return d.store(p) }})
	}
	for i := range e.Writes {
		jobs = append(jobs, job{write: &e.Writes[i]})
	}
	for _, r := range e.SnapshotReads {
		jobs = append(jobs, job{do: func() error {
			b, last, err := d.read(r)
			answer(r, b, last, err)
			return nil
		}})
	}
	if len(jobs) > 0 {
		d.add(jobs...)
	}
}

func (d *disk) take() []job {
	d.mu.Lock()
	defer d.mu.Unlock()
	jobs := d.queue
	d.queue = nil
	return jobs
}

// run works until stop is closed or the disk fails.
func (d *disk) run(stop <-chan struct{}) {
	for {
		select {
		case <-d.wake:
		case <-stop:
			return
		}
		if err := d.work(d.take()); err != nil {
			d.failed(err)
			return
		}
	}
}

// work does the jobs, and one fsync for all their writes.
func (d *disk) work(jobs []job) error {
	var last raft.WriteID
	for _, j := range jobs {
		var err error
		if j.write != nil {
			err, last = d.log.Append(*j.write), j.write.ID
		} else {
			err = j.do()
		}
		if err != nil {
			return err
		}
	}
	if last == 0 {
		return nil
	}
	if err := d.log.Sync(); err != nil {
		return err
	}
	d.persisted(last)
	return nil
}

// store writes a part of the leader's snapshot beside the log. The raft.Write
// that follows the last part puts it to use.
func (d *disk) store(p raft.SnapshotPart) (err error) {
	if p.Offset == 0 {
		if d.incoming != nil {
			d.incoming.Abort()
		}
		if d.incoming, err = d.log.NewSnapshot(p.Meta); err != nil {
			return err
		}
	}
	if _, err := d.incoming.Write(p.Data); err != nil {
		return err
	}
	if !p.Last {
		return nil
	}
	err = d.incoming.Commit()
	d.incoming = nil
	return err
}

// snapshotReads is where the sending of a snapshot to a follower has come to.
type snapshotReads struct {
	meta   raft.SnapshotMeta
	offset uint64
	src    *wal.SnapshotReader
}

// read reads a part of the newest snapshot, to be sent to a follower.
func (d *disk) read(r raft.SnapshotRead) (b []byte, last bool, err error) {
	at := d.reading[r.To]
	if at == nil || at.meta.Index != r.Meta.Index || at.offset != r.Offset {
		if at, err = d.seek(r); err != nil {
			return nil, false, err
		}
	}
	b = make([]byte, min(uint64(r.Max), uint64(at.src.Size())-at.offset))
	if _, err := io.ReadFull(at.src, b); err != nil {
		return nil, false, fmt.Errorf("read snapshot %d: %w", r.Meta.Index, err)
	}
	at.offset += uint64(len(b))
	last = at.offset == uint64(at.src.Size())
	if last {
		at.src.Close()
		delete(d.reading, r.To)
	}
	return b, last, nil
}

// seek opens the newest snapshot at the place that a follower needs.
func (d *disk) seek(r raft.SnapshotRead) (*snapshotReads, error) {
	if old := d.reading[r.To]; old != nil {
		old.src.Close()
		delete(d.reading, r.To)
	}
	meta, src, err := d.log.OpenSnapshot()
	if err != nil {
		return nil, err
	}
	if meta.Index != r.Meta.Index || r.Offset > uint64(src.Size()) {
		src.Close()
		return nil, fmt.Errorf("snapshot %d is not the newest any more, which is %d", r.Meta.Index, meta.Index)
	}
	if _, err := io.CopyN(io.Discard, src, int64(r.Offset)); err != nil {
		src.Close()
		return nil, err
	}
	at := &snapshotReads{meta: meta, offset: r.Offset, src: src}
	d.reading[r.To] = at
	return at, nil
}

// snapshot writes a snapshot of the own state; saved is called when it is
// durable and the log's, and returns what the log must keep from then on.
func (d *disk) snapshot(t *server.SnapshotTask, saved func(error) raft.Index) {
	w, err := d.log.NewSnapshot(t.Meta)
	if err == nil {
		if err = server.SaveView(w, t.View); err != nil {
			w.Abort()
		} else {
			err = w.Commit()
		}
	}
	if err != nil {
		saved(err)
		return
	}
	d.add(job{do: func() error {
		if err := d.log.UseSnapshot(t.Meta); errors.Is(err, wal.ErrOrder) {
			go saved(err) // the leader's snapshot has overtaken this one
			return nil
		} else if err != nil {
			return err
		}
		go func() {
			first := saved(nil)
			d.add(job{do: func() error { return d.log.Compact(first) }})
		}()
		return nil
	}})
}
