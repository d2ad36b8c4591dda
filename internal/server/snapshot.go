package server

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"

	"praetor/catalog"
	"praetor/internal/wire"
	"praetor/kv"
	"praetor/raft"
)

// A saved View begins with one frame,
//
//	| "praetor" | version | index uv | term uv |
//	| autopilot: created uv | modified uv | configuration |
//
// followed by the key/value store and the catalog as their packages save them.
// The last frames are what is beside the state, an upload that is under way
// (restore.go), or an empty one:
//
//	| id uv | size uv | number of parts uv |   and then the parts, a frame each
//
// In version 1 there was nothing behind the index, and no upload.
const (
	viewMagic   = "praetor"
	viewVersion = 2
	maxViewHead = 128
)

// SnapshotTask asks the driver to write a snapshot: View, in the form that
// SaveView gives it, labelled with Meta. The View never changes, so this may
// take its time on another goroutine while the log goes on. When it is durable
// the driver calls SnapshotSaved.
type SnapshotTask struct {
	Meta raft.SnapshotMeta
	View *View
}

// SaveView writes v to w.
func SaveView(w io.Writer, v *View) error {
	head := append([]byte(viewMagic), viewVersion)
	head = wire.AppendUvarint(head, v.Index)
	head = wire.AppendUvarint(head, v.Term)
	head = wire.AppendUvarint(head, v.Autopilot.CreateIndex)
	head = wire.AppendUvarint(head, v.Autopilot.ModifyIndex)
	head = appendAutopilotConfig(head, v.Autopilot.Config)
	if _, err := w.Write(wire.AppendFrame(nil, head)); err != nil {
		return fmt.Errorf("server: save snapshot at %d: %w", v.Index, err)
	}
	return errors.Join(v.KV.Save(w), v.Catalog.Save(w), v.upload.save(w))
}

// SaveState is SaveView for people: without what is under way beside the state.
func SaveState(w io.Writer, v *View) error {
	settled := *v
	settled.upload = nil
	return SaveView(w, &settled)
}

// save writes an upload, or that there is none.
func (u *upload) save(w io.Writer) error {
	if u == nil {
		u = &upload{}
	}
	head := wire.AppendUvarint(wire.AppendUvarint(nil, u.id), u.size)
	_, err := w.Write(wire.AppendFrame(nil, wire.AppendUvarint(head, uint64(len(u.parts)))))
	for _, p := range u.parts {
		if err == nil {
			_, err = w.Write(wire.AppendFrame(nil, p))
		}
	}
	if err != nil {
		return fmt.Errorf("server: save the upload in the snapshot: %w", err)
	}
	return nil
}

// loadUpload reads what save wrote; nil is that there is none.
func loadUpload(src io.Reader) (*upload, error) {
	head, err := wire.ReadFrame(src, nil, maxViewHead)
	if err != nil {
		return nil, err
	}
	r := wire.NewReader(head)
	u := &upload{id: r.Uvarint(), size: r.Uvarint()}
	parts := r.Uvarint()
	if err := r.Close(); err != nil || u.id == 0 {
		return nil, err
	}
	for range parts {
		b, err := wire.ReadFrame(src, nil, MaxRestorePart)
		if err != nil {
			return nil, err
		}
		u.parts, u.got = append(u.parts, b), u.got+uint64(len(b))
		if u.got > u.size || u.size > MaxRestore {
			return nil, wire.ErrTooLong
		}
	}
	return u, nil
}

// LoadView reads what SaveView wrote.
func LoadView(r io.Reader) (*View, error) {
	src := bufio.NewReaderSize(r, 64<<10)
	head, err := wire.ReadFrame(src, nil, maxViewHead)
	if err != nil {
		return nil, fmt.Errorf("server: load snapshot: %w", err)
	}
	v, version, err := readViewHead(head)
	if err != nil {
		return nil, fmt.Errorf("server: load snapshot: %w", err)
	}
	if v.KV, err = kv.Load(src); err != nil {
		return nil, err
	}
	if v.Catalog, err = catalog.Load(src); err != nil {
		return nil, err
	}
	if version >= 2 {
		if v.upload, err = loadUpload(src); err != nil {
			return nil, fmt.Errorf("server: load the upload in the snapshot: %w", err)
		}
	}
	if _, err := src.ReadByte(); err != io.EOF {
		return nil, errors.New("server: load snapshot: there is more behind its end")
	}
	return v, nil
}

// readViewHead reads the first frame: a View without the stores.
func readViewHead(head []byte) (v *View, version byte, err error) {
	r := wire.NewReader(head)
	if magic := r.Take(len(viewMagic)); string(magic) != viewMagic {
		return nil, 0, fmt.Errorf("it begins with %q, not %q", magic, viewMagic)
	}
	version = r.Byte()
	if version < 1 || version > viewVersion {
		return nil, 0, fmt.Errorf("its version is %d, this server knows 1 to %d; upgrade it", version, viewVersion)
	}
	v = &View{Index: r.Uvarint()}
	if version >= 2 {
		v.Term = r.Uvarint()
		v.Autopilot = Autopilot{CreateIndex: r.Uvarint(), ModifyIndex: r.Uvarint(), Config: readAutopilotConfig(r)}
	}
	return v, version, r.Close()
}

// snapshots decides when to take a snapshot, and gathers one that arrives.
type snapshots struct {
	last     uint64 // the index of the newest
	bytes    int    // of commands applied since
	writing  bool   // a SnapshotTask is under way
	retryAt  time.Duration
	received bytes.Buffer // the parts of a snapshot from the leader
}

// retrySnapshotAfter is how long to wait when a snapshot could not be written.
const retrySnapshotAfter = 10 * time.Second

// maybeSnapshot asks for a snapshot when enough has been applied since the
// last one: by entries, which bound the time of a restart, or by bytes, which
// bound memory and disk.
func (s *Server) maybeSnapshot(now time.Duration) {
	sn := &s.snapshots
	index := s.machine.view.Index
	due := index >= sn.last+s.cfg.SnapshotEntries || sn.bytes >= s.cfg.SnapshotBytes
	if sn.writing || !due || now < sn.retryAt {
		return
	}
	meta, err := s.raft.SnapshotMeta(raft.Index(index))
	if err != nil {
		return // not durable here yet: after the next fsync
	}
	sn.writing, sn.bytes = true, 0
	s.out.Snapshot = &SnapshotTask{Meta: meta, View: s.machine.view}
}

// SnapshotSaved tells how a SnapshotTask ended. If it went well the log before
// it is dropped; the result is the first index that this server still needs.
func (s *Server) SnapshotSaved(now time.Duration, meta raft.SnapshotMeta, err error) (first raft.Index) {
	sn := &s.snapshots
	sn.writing = false
	if err != nil {
		s.trace(now, "snapshot: at %d failed, another attempt in %v: %v", meta.Index, retrySnapshotAfter, err)
		sn.retryAt = now + retrySnapshotAfter
		return s.raft.FirstIndex()
	}
	sn.last = uint64(meta.Index)
	s.raft.Compact(now, meta)
	return s.raft.FirstIndex()
}

// SnapshotData answers one of Effects.SnapshotReads.
func (s *Server) SnapshotData(now time.Duration, read raft.SnapshotRead, data []byte, last bool, err error) {
	s.raft.SnapshotData(now, read, data, last, err)
}

// gather keeps the parts of a snapshot that the leader sends.
func (s *Server) gather(parts []raft.SnapshotPart) {
	for _, p := range parts {
		if p.Offset == 0 {
			s.snapshots.received.Reset()
		}
		s.snapshots.received.Write(p.Data)
	}
	s.out.SnapshotParts = append(s.out.SnapshotParts, parts...)
}

// install replaces the state by the snapshot that was gathered. Everybody who
// waits for a change of the old state is woken: it has been replaced as a whole.
func (s *Server) install(now time.Duration, meta *raft.SnapshotMeta) {
	received := s.snapshots.received
	s.snapshots.received = bytes.Buffer{}
	v, err := LoadView(&received)
	if err == nil && v.Index != uint64(meta.Index) {
		err = fmt.Errorf("it is of index %d", v.Index)
	}
	if err != nil {
		s.out.Fatal = fmt.Errorf("server: install the leader's snapshot at %d: %w", meta.Index, err)
		return
	}
	old := s.machine.view
	s.machine.view = v
	s.snapshots.last, s.snapshots.bytes = v.Index, 0
	s.published.Store(v)
	old.KV.Abandon()
	old.Catalog.Abandon()
	s.trace(now, "snapshot: state replaced by the leader's at %d", v.Index)
}
