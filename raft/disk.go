package raft

// disk follows what was asked to be written and what is durable of it, and
// holds back the messages that depend on a write.
//
// Every message of a term depends on the write that made the term and the vote
// durable: a server that forgot them could vote twice or lead one term twice.
// An acknowledgement of entries depends on the entries as well. Nothing else
// waits: not the answer to a heartbeat, so that a slow disk costs no leader and
// no lease, and not the leader's AppendRequests for its own entries (thesis
// 10.2.1).
type disk struct {
	issued  WriteID // the last Write that was given to the driver
	durable WriteID // the last that was confirmed
	hardAt  WriteID // the newest write, given out or to come, with the term and vote
	lastAt  WriteID // the newest write, given out or to come, of any kind

	next     nextWrite
	inFlight []issuedWrite // given out and not confirmed, in order
	held     []heldMessage
}

// nextWrite is what the next Write will hold.
type nextWrite struct {
	hard     bool
	snapshot *SnapshotMeta
	from     Index // the first entry, 0 if there are none
}

// issuedWrite is a Write under way: once it is durable, so is the log up to last.
type issuedWrite struct {
	id   WriteID
	last Index
}

// heldMessage leaves when the write is durable.
type heldMessage struct {
	after WriteID
	msg   Message
}

// maxHeld bounds the held messages of a server whose disk hangs. Dropping the
// oldest is a lost message, which the protocol survives.
const maxHeld = 1024

func (d *disk) pending() bool {
	return d.next.hard || d.next.snapshot != nil || d.next.from > 0
}

// hardChanged notes that the hard state must be written.
func (d *disk) hardChanged() {
	d.next.hard = true
	d.hardAt, d.lastAt = d.issued+1, d.issued+1
}

// appended notes that the entries from from on must be written.
func (d *disk) appended(from Index) {
	if d.next.from == 0 || from < d.next.from {
		d.next.from = from
	}
	d.lastAt = d.issued + 1
}

// truncated notes that the writes under way no longer cover entries from from on.
func (d *disk) truncated(from Index) {
	for i := range d.inFlight {
		d.inFlight[i].last = min(d.inFlight[i].last, from-1)
	}
}

// restored notes that the log starts anew behind the snapshot.
func (d *disk) restored(meta SnapshotMeta) {
	d.truncated(1)
	d.next.snapshot, d.next.from = &meta, 0
	d.lastAt = d.issued + 1
}

// take returns the next Write, or nil if there is nothing to write.
func (d *disk) take(hard HardState, l *log) *Write {
	if !d.pending() {
		return nil
	}
	d.issued++
	w := &Write{ID: d.issued, Snapshot: d.next.snapshot}
	if d.next.hard {
		copied := hard // only now does it need memory of its own
		w.Hard = &copied
	}
	covers := Index(0) // of the log: nothing
	if d.next.from > 0 {
		w.Entries = l.slice(d.next.from, l.last())
		covers = l.last()
	} else if w.Snapshot != nil {
		covers = w.Snapshot.Index
	}
	d.inFlight = append(d.inFlight, issuedWrite{id: w.ID, last: covers})
	d.next = nextWrite{}
	return w
}

// confirm notes that everything up to id is durable and returns how far the
// log is.
func (d *disk) confirm(id WriteID, stable Index) Index {
	d.durable = max(d.durable, min(id, d.issued))
	n := 0
	for n < len(d.inFlight) && d.inFlight[n].id <= d.durable {
		stable = max(stable, d.inFlight[n].last)
		n++
	}
	d.inFlight = append(d.inFlight[:0], d.inFlight[n:]...)
	return stable
}

// hold keeps m until the write is durable. Two acknowledgements that wait for
// the same write are one, of the higher index.
func (d *disk) hold(after WriteID, m Message) {
	if accept, ok := m.Body.(AppendAccept); ok {
		for i, h := range d.held {
			old, ok := h.msg.Body.(AppendAccept)
			if ok && h.after == after && h.msg.To == m.To && h.msg.Term == m.Term {
				d.held[i].msg.Body = AppendAccept{Match: max(old.Match, accept.Match)}
				return
			}
		}
	}
	if len(d.held) >= maxHeld {
		d.held = append(d.held[:0], d.held[1:]...)
	}
	d.held = append(d.held, heldMessage{after: after, msg: m})
}

// release moves the messages that need wait no longer to dst.
func (d *disk) release(dst []Message) []Message {
	kept := d.held[:0]
	for _, h := range d.held {
		if h.after <= d.durable {
			dst = append(dst, h.msg)
		} else {
			kept = append(kept, h)
		}
	}
	clear(d.held[len(kept):])
	d.held = kept
	return dst
}
