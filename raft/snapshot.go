package raft

import (
	"fmt"
	"time"
)

// outgoing is a snapshot that a leader sends to one follower, part by part.
type outgoing struct {
	meta    SnapshotMeta
	offset  uint64 // what the follower has
	reading bool   // the driver was asked for the part at offset
	out     bool   // the part at offset was sent
}

// incoming is a snapshot that a follower receives.
type incoming struct {
	from     NodeID
	term     Term // of the leader
	meta     SnapshotMeta
	received uint64
}

// SnapshotMeta returns what a snapshot of the state machine as of index is to
// be labelled with. The error is ErrSnapshotIndex if index was not handed out
// yet, is not durable in this server's log yet, or is not behind the newest
// snapshot.
func (r *Raft) SnapshotMeta(index Index) (SnapshotMeta, error) {
	term, ok := r.log.term(index)
	if !ok || index <= r.snapshot.Index || index > min(r.log.handed, r.log.stable) {
		return SnapshotMeta{}, fmt.Errorf("snapshot at %d, applied up to %d, durable up to %d, newest at %d: %w",
			index, r.log.handed, r.log.stable, r.snapshot.Index, ErrSnapshotIndex)
	}
	return SnapshotMeta{Index: index, Term: term, Config: r.members.at(index).Clone()}, nil
}

// Compact tells that the snapshot is durable. The log up to it is forgotten,
// but for the last KeepEntries entries and KeepBytes of them; FirstIndex then says what the driver
// may drop from its disk. A snapshot that is not newer than the newest one is
// ignored: a received one has overtaken it.
func (r *Raft) Compact(now time.Duration, meta SnapshotMeta) {
	r.advance(now)
	if meta.Index <= r.snapshot.Index || !r.log.matches(meta.Index, meta.Term) {
		return
	}
	r.snapshot = meta
	r.members.compact(meta.Index)
	r.log.compact(r.log.keepFrom(meta.Index, r.cfg.KeepEntries, r.cfg.KeepBytes))
	r.trace("compacts up to %d", r.log.base)
}

// sendSnapshot begins to send the newest snapshot to a peer that needs entries
// which are gone.
func (r *Raft) sendSnapshot(p *progress) {
	reachedSendsSnapshot.Hit()
	r.trace("sends snapshot %d/%d to %s", r.snapshot.Index, r.snapshot.Term, p.id)
	p.state, p.waiting, p.window = sendingSnapshot, false, window{}
	p.sending = &outgoing{meta: r.snapshot}
	r.readSnapshot(p)
}

// readSnapshot asks the driver for the next part, unless one is on its way.
func (r *Raft) readSnapshot(p *progress) {
	s := p.sending
	if s.reading || s.out {
		return
	}
	s.reading = true
	r.out.snapshotReads = append(r.out.snapshotReads,
		SnapshotRead{To: p.id, Meta: s.meta, Offset: s.offset, Max: r.cfg.SnapshotPartBytes})
}

// SnapshotData answers a SnapshotRead: with the bytes at its offset and whether
// they are the last, or with an error, be it that the snapshot was replaced by a
// newer one, or that it ends before the offset. Then the newest is sent, from
// where the follower says that it is.
func (r *Raft) SnapshotData(now time.Duration, read SnapshotRead, data []byte, last bool, err error) {
	r.advance(now)
	if r.role != Leader {
		return
	}
	p := r.lead.peer(read.To)
	if p == nil || p.state != sendingSnapshot || p.sending.meta.Index != read.Meta.Index || p.sending.offset != read.Offset || !p.sending.reading {
		return
	}
	if err != nil || len(data) > MaxSnapshotPart {
		reachedSnapshotReplaced.Hit()
		r.trace("cannot read snapshot %d for %s: %v", read.Meta.Index, p.id, err)
		p.probe(p.match + 1)
		p.waiting = true // until it answers a heartbeat
		p.sentAt = r.now
		return
	}
	p.sending.reading, p.sending.out = false, true
	p.sentAt = r.now
	r.send(p.id, SnapshotPart{Meta: p.sending.meta, Offset: read.Offset, Data: data, Last: last})
}

// handleSnapshotAck goes on to the next part, or back to where the follower is.
func (r *Raft) handleSnapshotAck(from NodeID, b SnapshotAck) {
	p := r.heardFrom(from)
	if p == nil || p.state != sendingSnapshot || p.sending.meta.Index != b.Index || p.sending.offset == b.Received {
		return
	}
	p.sending.offset, p.sending.reading, p.sending.out = b.Received, false, false
}

// retrySnapshot sends the part again that has not been answered for an
// election timeout. The driver is asked for it once more, so that the core
// keeps no copy.
func (r *Raft) retrySnapshot(p *progress) {
	if p.sending.out && r.now-p.sentAt >= r.cfg.ElectionTimeoutMax {
		reachedPartAgain.Hit()
		p.sending.out = false
		r.lead.dirty = true
	}
}

// handleSnapshotPart stores the part if it is the next one. With the last part
// the snapshot takes the place of the log and the state machine, all at once;
// until that write is durable, the old state is on disk, whole.
func (r *Raft) handleSnapshotPart(from NodeID, b SnapshotPart) {
	if !r.follow(from) {
		return
	}
	if b.Meta.Index <= r.log.commit {
		reachedOldSnapshot.Hit()
		r.incoming = nil
		r.sendDurable(from, AppendAccept{Match: r.log.commit})
		return
	}
	if r.log.matches(b.Meta.Index, b.Meta.Term) {
		reachedSnapshotInLog.Hit()
		// The log reaches as far already; what follows stays (raft figure 13).
		r.incoming = nil
		r.log.commit = b.Meta.Index
		r.sendDurable(from, AppendAccept{Match: b.Meta.Index})
		return
	}
	in := r.incoming
	if in == nil || in.from != from || in.term != r.hard.Term || in.meta.Index != b.Meta.Index {
		reachedSnapshotBegins.Hit()
		in = &incoming{from: from, term: r.hard.Term, meta: b.Meta}
		r.incoming = in
	}
	if b.Offset == in.received {
		in.received += uint64(len(b.Data))
		r.out.parts = append(r.out.parts, b)
		if b.Last {
			r.restore(b.Meta)
			r.sendDurable(from, AppendAccept{Match: b.Meta.Index})
			return
		}
	}
	r.send(from, SnapshotAck{Index: b.Meta.Index, Received: in.received})
}

// restore puts the received snapshot in the place of everything.
func (r *Raft) restore(meta SnapshotMeta) {
	reachedRestores.Hit()
	r.trace("restores snapshot %d/%d", meta.Index, meta.Term)
	r.incoming = nil
	r.snapshot = meta
	r.log.reset(meta.Index, meta.Term)
	r.members = membership{}
	r.members.place(meta.Index, meta.Config)
	r.disk.restored(meta)
	r.out.restore = &meta
}
