package wal

import (
	"cmp"
	"fmt"

	"praetor/raft"
)

// replay is a log being read back.
type replay struct {
	disk     Disk
	state    state
	entries  []raft.Entry // from state.first to state.last
	segments []segment    // oldest first
	repairs  []Repair
}

// segment is one file of the log, while it is read and afterwards.
type segment struct {
	name   string
	header segmentHeader
	seed   checksum
	top    raft.Index // no entry in it has a higher index
}

// end is where the reading of the last segment stopped.
type end struct {
	at       place  // of the record that may be written there
	cut      bool   // what is there already is not part of the log
	unproven []byte // what ends there and may be in memory but not on disk
}

// corrupt returns the error for damage.
func corrupt(file string, offset int64, format string, args ...any) error {
	return &CorruptError{File: file, Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// readHeaders reads the headers of the segments and checks that none is missing.
func (r *replay) readHeaders(names []string) error {
	for i, name := range names {
		b, err := readFile(r.disk, name, headerSize)
		if err != nil {
			return err
		}
		h, seed, err := decodeSegmentHeader(b)
		if err != nil {
			return corrupt(name, 0, "%v", err)
		}
		seq, _, _ := parseSegmentName(name)
		switch {
		case h.seq != seq:
			return corrupt(name, 0, "it holds segment %d, not the %d of its name", h.seq, seq)
		case i > 0 && seq != r.segments[i-1].header.seq+1:
			return corrupt(name, 0, "segment %d, which stands before it, is missing", seq-1)
		}
		r.segments = append(r.segments, segment{name: name, header: h, seed: seed})
	}
	return nil
}

// readSegments reads the records of all segments, and says where the log ends.
func (r *replay) readSegments() (end, error) {
	var e end
	for i := range r.segments {
		s := &r.segments[i]
		data, err := readFile(r.disk, s.name, maxSegmentSize+maxPayload+2*headerSize)
		if err != nil {
			return end{}, err
		}
		if i+1 < len(r.segments) {
			err = r.readSealed(s, data, r.segments[i+1])
		} else {
			e, err = r.readLast(s, data)
		}
		if err != nil {
			return end{}, err
		}
	}
	return e, nil
}

// readSealed reads a segment that has a successor, which was made only after
// all of this one was durable: any fault is damage.
func (r *replay) readSealed(s *segment, data []byte, next segment) error {
	if int64(len(data)) < next.header.prevEnd {
		return corrupt(s.name, int64(len(data)), "file is cut short: %s says that it goes on to offset %d", next.name, next.header.prevEnd)
	}
	at := place{seed: s.seed, offset: headerSize}
	for at.offset < next.header.prevEnd {
		f := parseRecord(data, at.seed, at.prev, at.offset)
		switch f.verdict {
		case empty:
			return corrupt(s.name, at.offset, "records are missing here: %s says that it goes on to offset %d", next.name, next.header.prevEnd)
		case torn, foreign, damaged:
			return corrupt(s.name, at.offset, "%s", f.reason)
		}
		if f.record.dirty(data) {
			return corruptPadding(s, f.record)
		}
		if err := r.apply(s, f.record); err != nil {
			return err
		}
		at = f.record.following()
	}
	if at.offset != next.header.prevEnd || at.prev != next.header.prevSum {
		return corrupt(next.name, 0, "it does not follow %s, which ends at offset %d", s.name, at.offset)
	}
	return nil
}

// readLast reads the last segment. What is wrong behind its last record may be
// what a crash left of writes that nobody was told were durable, or garbage; see
// judge.
func (r *replay) readLast(s *segment, data []byte) (end, error) {
	last := record{at: place{seed: s.seed}, end: headerSize, next: headerSize} // none yet
	for {
		at := last.following()
		f := parseRecord(data, at.seed, at.prev, at.offset)
		if f.verdict != whole {
			return r.judge(s, data, last, f)
		}
		if last.dirty(data) {
			return end{}, corruptPadding(s, last)
		}
		if f.record.kind == kindSeal {
			return end{}, corrupt(s.name, at.offset, "the log goes on in segment %d, which is missing", s.header.seq+1)
		}
		if err := r.apply(s, f.record); err != nil {
			return end{}, err
		}
		last = f.record
	}
}

// corruptPadding returns the error for a record whose padding is not zero.
func corruptPadding(s *segment, rec record) error {
	return corrupt(s.name, rec.at.offset, "bytes between this record and the next, at offset %d, are not zero", rec.next)
}

// following returns the place after the record. What was durable when it was
// written still is.
func (rec record) following() place {
	return place{seed: rec.at.seed, prev: rec.sum, offset: rec.next, durable: rec.at.durable}
}

// judge decides what to make of the place behind the last record of the last
// segment: the end of the log, something to be cut off, or damage.
func (r *replay) judge(s *segment, data []byte, last record, f finding) (end, error) {
	at := last.following()
	if f.verdict == damaged {
		return end{}, corrupt(s.name, at.offset, "%s", f.reason)
	}
	if at.offset == headerSize {
		return end{}, corrupt(s.name, at.offset, "the first record of the segment is missing")
	}
	if proof, ok := provenDurable(data, at.seed, at.offset); ok {
		return end{}, corrupt(s.name, at.offset, "a record was lost here: the one at offset %d was written after it was durable", proof)
	}
	return r.endAfter(s, data, last, f), nil
}

// endAfter ends the log after the last record. If the file holds anything but
// zeros behind it, or is shorter than what was preallocated, the log goes on in
// another segment. Then this one must be as a sealed one has to be up to there,
// so the padding of the record is put right with the rest of what is unproven.
func (r *replay) endAfter(s *segment, data []byte, last record, f finding) end {
	at, size, dirty := last.following(), int64(len(data)), last.dirty(data)
	if size < at.offset {
		data = append(data, make([]byte, at.offset-size)...)
	}
	clear(data[last.end:last.next])
	e := end{at: at, unproven: data[at.durable:at.offset]}
	switch room := roomFor(max(size, at.offset), s.header.size); {
	case dirty:
		e.cut = true
		r.repaired(s.name, last.end, "cut off garbage (it begins where the last record ends)")
	case f.verdict == foreign:
		e.cut = true
		reachedForeign.Hit()
		r.repaired(s.name, at.offset, "cut off garbage (%s)", f.reason)
	case !isZero(data[at.offset:]):
		reachedTornTail.Hit()
		e.cut = true
		reason := cmp.Or(f.reason, "writes that follow it reached the disk but it did not")
		r.repaired(s.name, at.offset, "cut off an unfinished write (%s)", reason)
	case size < room:
		e.cut = true
		reachedShortFile.Hit()
		r.repaired(s.name, size, "file ends before the %d bytes that were preallocated; the log ends at offset %d", room, at.offset)
	}
	return e
}

// repaired notes a repair.
func (r *replay) repaired(file string, offset int64, format string, args ...any) {
	r.repairs = append(r.repairs, Repair{File: file, Offset: offset, What: fmt.Sprintf(format, args...)})
}

// apply adds a record to the state.
func (r *replay) apply(s *segment, rec record) error {
	first := rec.at.offset == headerSize
	var err error
	switch {
	case first != (rec.kind == kindBase):
		err = fmt.Errorf("record of kind %d does not belong here", rec.kind)
	case rec.kind == kindBase:
		err = r.applyBase(s, rec.payload)
	case rec.kind == kindWrite:
		err = r.applyWrite(s, rec.payload)
	case rec.kind == kindSeal:
		err = fmt.Errorf("segment ends here, but its successor says otherwise")
	default:
		err = fmt.Errorf("record of unknown kind %d", rec.kind)
	}
	if err != nil {
		return corrupt(s.name, rec.at.offset, "%v", err)
	}
	return nil
}

func (r *replay) applyBase(s *segment, payload []byte) error {
	b, err := decodeBase(payload)
	switch {
	case err != nil:
		return err
	case s.name != segmentName(s.header.seq, b.next):
		return fmt.Errorf("segment begins at index %d, not that of its name", b.next)
	case s == &r.segments[0]:
		r.state = stateOf(b)
	case b != r.state.base():
		return fmt.Errorf("segment begins with %+v, but the one before ends with %+v", b, r.state.base())
	}
	return nil
}

func (r *replay) applyWrite(s *segment, payload []byte) error {
	c, err := decodeChange(payload)
	if err != nil {
		return err
	}
	next, err := r.state.next(c)
	if err != nil {
		return err
	}
	if c.snap != nil && !c.snap.keep {
		r.entries = nil
	}
	if len(c.entries) > 0 {
		r.entries = append(r.entries[:c.entries[0].Index-next.first], c.entries...)
		s.top = max(s.top, next.last)
	}
	r.state = next
	return nil
}
