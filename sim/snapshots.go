package sim

import (
	"errors"
	"io"

	"praetor/internal/server"
	"praetor/raft"
	"praetor/raft/wal"
)

// snapshotSyncs is how many times longer a snapshot takes to be durable than
// a sync of the log: enough for a crash, or a snapshot of the leader, to come
// in between.
const snapshotSyncs = 10

// save writes a snapshot of the server's own state beside the log, as the real
// driver does on another goroutine, and then makes it the log's.
func (s *storage) save(t *server.SnapshotTask) {
	w, err := s.wal.NewSnapshot(t.Meta)
	if err != nil {
		s.saved(t, err)
		return
	}
	if err := server.SaveView(w, t.View); err != nil {
		w.Abort()
		s.saved(t, err)
		return
	}
	s.proc.later(snapshotSyncs*s.proc.host.storage.latency(), func() {
		s.proc.host.faults.at = saving
		err := w.Commit()
		s.proc.host.faults.at = ""
		if err != nil {
			s.saved(t, err)
			return
		}
		s.queue = append(s.queue, job{do: func() error { return s.use(t) }})
		s.next()
	})
}

// use makes a snapshot the log's. One that the leader has overtaken meanwhile
// is of no use.
func (s *storage) use(t *server.SnapshotTask) error {
	s.proc.host.faults.at = saving
	err := s.wal.UseSnapshot(t.Meta)
	s.proc.host.faults.at = ""
	if err != nil && !errors.Is(err, wal.ErrOrder) {
		return err
	}
	s.saved(t, err)
	return nil
}

// saved tells the server how its snapshot ended, and drops from the log what
// it needs no longer.
func (s *storage) saved(t *server.SnapshotTask, err error) {
	p := s.proc
	if p.host.dead() {
		s.fail(err)
		return
	}
	p.later(0, func() {
		if err == nil {
			p.host.world.say(p.host.name, "snapshot: saved at %d", t.Meta.Index)
			p.host.happens(moment{kind: snapshots, n: uint64(t.Meta.Index)})
		}
		first := p.server.SnapshotSaved(p.now(), t.Meta, err)
		if err == nil {
			s.queue = append(s.queue, job{do: func() error {
				p.host.faults.at = compacting
				defer func() { p.host.faults.at = "" }()
				return s.wal.Compact(first)
			}})
		}
		p.carryOut()
	})
}

// receive stores a part of the leader's snapshot beside the log. The write that
// follows the last part puts it to use.
func (s *storage) receive(part raft.SnapshotPart) (err error) {
	s.proc.host.faults.at = installing
	defer func() { s.proc.host.faults.at = "" }()
	if part.Offset == 0 {
		if s.incoming != nil {
			s.incoming.Abort()
		}
		if s.incoming, err = s.wal.NewSnapshot(part.Meta); err != nil {
			return err
		}
	}
	if _, err := s.incoming.Write(part.Data); err != nil {
		return err
	}
	if !part.Last {
		return nil
	}
	err = s.incoming.Commit()
	s.incoming = nil
	return err
}

// read reads a part of the newest snapshot for a follower.
func (s *storage) read(r raft.SnapshotRead) {
	b, last, err := s.part(r)
	p := s.proc
	p.later(p.host.storage.latency(), func() {
		p.server.SnapshotData(p.now(), r, b, last, err)
		p.carryOut()
	})
}

var errReplaced = errors.New("the snapshot was replaced by a newer one")

func (s *storage) part(r raft.SnapshotRead) (b []byte, last bool, err error) {
	meta, src, err := s.wal.OpenSnapshot()
	if err != nil {
		return nil, false, err
	}
	defer src.Close()
	if meta.Index != r.Meta.Index || r.Offset > uint64(src.Size()) {
		return nil, false, errReplaced
	}
	left := uint64(src.Size()) - r.Offset
	b = make([]byte, min(uint64(r.Max), left))
	if _, err := src.ReadAt(b, int64(r.Offset)); err != nil && err != io.EOF {
		return nil, false, err
	}
	return b, uint64(len(b)) == left, nil
}
