package sim

import (
	"fmt"
	"time"

	"praetor/raft"
	"praetor/raft/wal"
)

// segmentSize is small, so that short runs go through many segments.
const segmentSize = 16 << 10

// storage makes a process' writes durable with the real log on the simulated
// disk, as the real driver does: while one sync is under way the writes that
// arrive gather, and the next sync serves them all.
type storage struct {
	proc  *process
	wal   *wal.WAL
	queue []raft.Write
	busy  bool
}

// openStorage recovers what the disk holds.
func openStorage(p *process) (*storage, raft.Stored, error) {
	w, stored, err := wal.Open(p.host.disk, wal.Options{SegmentSize: segmentSize})
	if err != nil {
		return nil, raft.Stored{}, fmt.Errorf("open the log: %w", err)
	}
	for _, r := range w.Repairs() {
		p.host.world.say(p.host.name, "disk: %s", r)
	}
	return &storage{proc: p, wal: w}, stored, nil
}

// add queues writes.
func (s *storage) add(ws []raft.Write) {
	s.queue = append(s.queue, ws...)
	s.next()
}

// next begins to write what is queued, unless a sync is under way.
func (s *storage) next() {
	if s.busy || len(s.queue) == 0 {
		return
	}
	for _, w := range s.queue {
		if err := s.wal.Append(w); err != nil {
			s.fail(err)
			return
		}
	}
	last := s.queue[len(s.queue)-1].ID
	s.queue, s.busy = nil, true
	s.proc.later(s.proc.host.storage.latency(), func() { s.sync(last) })
}

// sync ends the write of everything up to last.
func (s *storage) sync(last raft.WriteID) {
	s.proc.host.world.counts.Syncs++
	if !s.proc.host.world.sabotage.noSync {
		if err := s.wal.Sync(); err != nil {
			s.fail(err)
			return
		}
	}
	s.busy = false
	s.next()
	s.confirm(last)
}

func (s *storage) confirm(last raft.WriteID) {
	s.proc.host.world.check.persisted(s.proc, last)
	s.proc.server.Persisted(s.proc.now(), last)
	s.proc.carryOut()
}

// fail stops the server: nothing is known any more about what is on the disk.
func (s *storage) fail(err error) { s.proc.later(0, func() { s.proc.host.kill(err.Error()) }) }

func (p *storageProfile) latency() time.Duration { return spread(p.rand, p.sync, p.jitter) }
