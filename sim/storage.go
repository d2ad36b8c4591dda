package sim

import (
	"errors"
	"fmt"
	"time"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/raft/wal"
)

// segmentSize is small, so that short runs go through many segments.
const segmentSize = 16 << 10

// storage makes a process' writes durable with the real log on the simulated
// disk, as the real driver does: while one sync is under way what there is to
// do gathers, and the next sync serves all the writes in it.
type storage struct {
	proc     *process
	wal      *wal.WAL
	queue    []job
	busy     bool
	incoming *wal.SnapshotWriter // of the leader's snapshot, not complete yet
	delay    time.Duration       // of the disk's operations so far
}

// job is one thing to do: a write of the core, or anything else in between.
type job struct {
	write *raft.Write
	do    func() error
}

// openStorage recovers what the disk holds: the log and the newest snapshot.
func openStorage(p *process) (*storage, raft.Stored, *server.View, error) {
	p.host.faults.at = opening
	defer func() { p.host.faults.at = "" }()
	w, stored, err := wal.Open(p.host.disk, wal.Options{SegmentSize: segmentSize})
	if err != nil {
		return nil, raft.Stored{}, nil, fmt.Errorf("open the log: %w", err)
	}
	for _, r := range w.Repairs() {
		p.host.world.say(p.host.name, "disk: %s", r)
	}
	s := &storage{proc: p, wal: w}
	_, src, err := w.OpenSnapshot()
	if errors.Is(err, wal.ErrNoSnapshot) {
		return s, stored, nil, nil
	}
	if err != nil {
		return nil, raft.Stored{}, nil, err
	}
	defer src.Close()
	view, err := server.LoadView(src)
	return s, stored, view, err
}

// carryOut queues what the core wants of the disk, in the order that it needs.
func (s *storage) carryOut(e *server.Effects) {
	for _, part := range e.SnapshotParts {
		s.queue = append(s.queue, job{do: func() error { return s.receive(part) }})
	}
	for i := range e.Writes {
		s.queue = append(s.queue, job{write: &e.Writes[i]})
	}
	for _, r := range e.SnapshotReads {
		s.queue = append(s.queue, job{do: func() error { s.read(r); return nil }})
	}
	if e.Snapshot != nil {
		s.save(e.Snapshot)
	}
	s.next()
}

// next does what is queued, unless a sync is under way, and begins to sync the
// writes in it.
func (s *storage) next() {
	for !s.busy && len(s.queue) > 0 {
		jobs := s.queue
		s.queue = nil
		if err := s.work(jobs); err != nil {
			s.fail(err)
			return
		}
	}
}

func (s *storage) work(jobs []job) error {
	var last raft.WriteID
	for _, j := range jobs {
		var err error
		if j.write != nil {
			err, last = s.wal.Append(*j.write), j.write.ID
		} else {
			err = j.do()
		}
		if err != nil {
			return err
		}
	}
	if last > 0 {
		s.busy = true
		s.proc.later(s.proc.host.storage.latency()+s.stalled(), func() { s.sync(last) })
	}
	return nil
}

// sync ends the write of everything up to last.
func (s *storage) sync(last raft.WriteID) {
	w := s.proc.host.world
	w.counts.Syncs++
	w.syncs(s.proc.host)
	if !w.sabotage.noSync {
		if err := s.wal.Sync(); err != nil {
			s.fail(err)
			return
		}
	}
	s.busy = false
	s.next()
	w.check.persisted(s.proc, last)
	s.proc.server.Persisted(s.proc.now(), last)
	s.proc.carryOut()
}

// fail stops the server: nothing is known any more about what is on the disk.
func (s *storage) fail(err error) {
	s.busy = true // for good
	h := s.proc.host
	if h.dead() {
		s.proc.host.world.after(0, func() {
			if s.proc.alive() {
				h.crash()
			}
		})
		return
	}
	s.proc.later(0, func() { h.kill(err.Error()) })
}

// stalled returns how much longer the operations since the last call took.
func (s *storage) stalled() time.Duration {
	d := s.proc.host.disk.Stats().Delay
	by := d - s.delay
	s.delay = d
	return max(by, 0)
}

// latency draws how long a sync takes.
func (p *storageProfile) latency() time.Duration {
	d := spread(p.rand, p.sync, p.jitter)
	if d > goodSync+goodJitter {
		p.slow.effect()
	}
	return d
}
