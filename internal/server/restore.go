package server

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"praetor/catalog"
	"praetor/internal/wire"
	"praetor/kv"
)

// A saved state is restored through the log. It comes in parts, which every
// server gathers beside its state, and takes effect with one last entry:
//
//	index  command                            state    beside it
//	  40   begin 7, 2.5 MiB                   old      upload 7: nothing yet
//	  41   part 7 at 0                        old      1 MiB
//	  42   set a = 1                          old, a   1 MiB
//	  43   part 7 at 1 MiB, and so on         old, a   2.5 MiB
//	  45   commit 7, with the checksum        new      -
//
// So it is as atomic and as durable as any write, on every server alike, and
// until the last entry nothing of it can be seen. A server that starts or is
// sent a snapshot in between has the upload with it. There is one upload at a
// time: another that begins takes its place, and the parts of the old one are
// refused.
//
// The last entry does not put old trees in the place of the new ones: it
// deletes what the saved state does not have and writes what is different, as
// commands of that entry would. So what is the same keeps its indexes, no index
// moves backwards, and exactly those watchers wake whose answer has changed.
// Locks are not restored: the sessions that held them are gone.
type restoreCommand struct {
	op     restoreOp
	id     uint64 // of the upload, random and not 0
	number uint64 // begin: the size; part: the offset
	data   []byte // part: the bytes; commit: the SHA-256 of all of them
}

type restoreOp byte

const (
	restoreBegin  restoreOp = 1
	restorePart   restoreOp = 2
	restoreCommit restoreOp = 3
	restoreAbort  restoreOp = 4
)

// The bounds of a restore, in bytes. Every server holds the upload in memory,
// and its last entry takes each about a second per 100 MB, in which nothing else
// is done: a large restore may cost the leader its office, and no more.
const (
	MaxRestore     = 256 << 20 // a saved state
	MaxRestorePart = 1 << 20   // one part of it
)

// BeginRestoreCommand encodes the start of an upload of so many bytes.
func BeginRestoreCommand(id, size uint64) []byte {
	return appendRestore(restoreCommand{op: restoreBegin, id: id, number: size})
}

// RestorePartCommand encodes the next part, of at most MaxRestorePart bytes.
func RestorePartCommand(id, offset uint64, data []byte) []byte {
	return appendRestore(restoreCommand{op: restorePart, id: id, number: offset, data: data})
}

// CommitRestoreCommand encodes the order to restore what was uploaded, if it
// has that checksum.
func CommitRestoreCommand(id uint64, sum [sha256.Size]byte) []byte {
	return appendRestore(restoreCommand{op: restoreCommit, id: id, data: sum[:]})
}

// AbortRestoreCommand encodes the order to forget an upload.
func AbortRestoreCommand(id uint64) []byte {
	return appendRestore(restoreCommand{op: restoreAbort, id: id})
}

// appendRestore encodes a whole command:
//
//	| version | kindRestore | op byte | id uv | number uv | data, with its length |
func appendRestore(c restoreCommand) []byte {
	b := append(header(kindRestore, len(c.data)+32), byte(c.op))
	b = wire.AppendUvarint(wire.AppendUvarint(b, c.id), c.number)
	return wire.AppendBytes(b, c.data)
}

func decodeRestore(b []byte) (restoreCommand, error) {
	r := wire.NewReader(b)
	c := restoreCommand{op: restoreOp(r.Byte()), id: r.Uvarint(), number: r.Uvarint(), data: r.Bytes(MaxRestorePart)}
	if c.op < restoreBegin || c.op > restoreAbort || c.id == 0 {
		r.Fail(wire.ErrValue)
	}
	if err := r.Close(); err != nil {
		return c, fmt.Errorf("restore: decode command: %w", err)
	}
	return c, nil
}

// upload is a saved state on its way. It is never changed: a part makes a new
// one.
type upload struct {
	id    uint64
	size  uint64
	got   uint64
	parts [][]byte
}

// run runs a command of an upload, and returns the upload after it. A commit
// is for (*batch).restore.
func (u *upload) run(c restoreCommand) (*upload, error) {
	if c.op == restoreBegin {
		if c.number > MaxRestore {
			return u, fmt.Errorf("restore: the state has %d bytes, at most %d are taken", c.number, MaxRestore)
		}
		return &upload{id: c.id, size: c.number}, nil
	}
	switch {
	case u == nil || u.id != c.id:
		return u, errors.New("restore: another restore has begun since, or this one was given up; begin again")
	case c.op == restoreAbort:
		return nil, nil
	case c.number != u.got || len(c.data) == 0 || uint64(len(c.data)) > u.size-u.got:
		return u, fmt.Errorf("restore: a part of %d bytes at %d, where %d of %d are there; begin again", len(c.data), c.number, u.got, u.size)
	}
	next := &upload{id: u.id, size: u.size, got: u.got + uint64(len(c.data))}
	next.parts = append(slices.Clip(u.parts), c.data)
	return next, nil
}

// load returns the state that was uploaded, if it has the checksum.
func (u *upload) load(sum []byte) (*View, error) {
	if u.got != u.size {
		return nil, fmt.Errorf("restore: %d of %d bytes have arrived; begin again", u.got, u.size)
	}
	hash, src := sha256.New(), make([]io.Reader, len(u.parts))
	for i, p := range u.parts {
		hash.Write(p)
		src[i] = bytes.NewReader(p)
	}
	if !bytes.Equal(hash.Sum(nil), sum) {
		return nil, errors.New("restore: what has arrived has another checksum; begin again")
	}
	return LoadView(io.MultiReader(src...))
}

// restore runs a restoreCommand as the log entry of that index. Whatever a
// commit comes to, the upload is done with.
func (b *batch) restore(index uint64, c restoreCommand) (err error) {
	u := b.upload
	if c.op != restoreCommit {
		b.upload, err = u.run(c)
		return err
	}
	if u == nil || u.id != c.id {
		return errors.New("restore: another restore has begun since, or this one was given up; begin again")
	}
	b.upload = nil
	saved, err := u.load(c.data)
	if err != nil {
		return err
	}
	// What comes before in this batch is settled first, so that a restore that
	// fails half way leaves no trace.
	b.settle()
	if err := errors.Join(restoreKeys(b.onKeys(), index, b.keys, saved.KV), restoreCatalog(b.onNodes(), index, b.nodes, saved.Catalog)); err != nil {
		b.drop()
		return fmt.Errorf("restore: %w", err)
	}
	if a := saved.Autopilot; a.ModifyIndex > 0 && a.Config != b.autopilot.Config {
		b.autopilot.apply(index, autopilotCommand{config: a.Config})
	}
	b.restored = true
	return nil
}

// restoreKeys makes the keys of now those of then.
func restoreKeys(t *kv.Txn, index uint64, now, then *kv.State) error {
	present, _ := now.List("", nil)
	for _, e := range present {
		if old, _ := then.Get(e.Key, nil); old == nil {
			if _, err := t.Apply(index, kv.Command{Op: kv.OpDelete, Key: e.Key}); err != nil {
				return err
			}
		}
	}
	saved, _ := then.List("", nil)
	for _, e := range saved {
		if _, err := t.Apply(index, kv.Command{Op: kv.OpSet, Key: e.Key, Value: e.Value, Flags: e.Flags}); err != nil {
			return err
		}
	}
	return nil
}

// restoreCatalog makes the catalog of now that of then: first all goes that is
// not in it, so that no name and no ID is in the way of what comes.
func restoreCatalog(t *catalog.Txn, index uint64, now, then *catalog.State) error {
	var cmds []catalog.Command
	remove := func(d catalog.Deregistration) {
		cmds = append(cmds, catalog.Command{Op: catalog.OpDeregister, Deregistration: d})
	}
	present, _ := now.Nodes(nil)
	for _, n := range present {
		old, services, _ := then.NodeServices(n.Node, nil)
		if old == nil || old.ID != n.ID {
			remove(catalog.Deregistration{Node: n.Node})
			continue
		}
		oldChecks, _ := then.NodeChecks(n.Node, nil)
		_, has, _ := now.NodeServices(n.Node, nil)
		for _, s := range has {
			if !slices.ContainsFunc(services, func(o *catalog.Service) bool { return o.ID == s.ID }) {
				remove(catalog.Deregistration{Node: n.Node, ServiceID: s.ID})
			}
		}
		checks, _ := now.NodeChecks(n.Node, nil)
		for _, c := range checks {
			if !slices.ContainsFunc(oldChecks, func(o *catalog.Check) bool { return o.CheckID == c.CheckID }) {
				remove(catalog.Deregistration{Node: n.Node, CheckID: c.CheckID})
			}
		}
	}
	saved, _ := then.Nodes(nil)
	for _, n := range saved {
		cmds = append(cmds, registrations(then, n)...)
	}
	for _, c := range cmds {
		if err := t.Apply(index, c); err != nil {
			return err
		}
	}
	return nil
}

// registrations are what a node and all that is on it was registered with.
func registrations(s *catalog.State, n *catalog.Node) (cmds []catalog.Command) {
	register := func(r catalog.Registration) {
		cmds = append(cmds, catalog.Command{Op: catalog.OpRegister, Registration: r})
	}
	register(catalog.Registration{Node: *n})
	_, services, _ := s.NodeServices(n.Node, nil)
	for _, v := range services {
		register(catalog.Registration{Node: *n, SkipNodeUpdate: true, Service: v})
	}
	checks, _ := s.NodeChecks(n.Node, nil)
	for _, c := range checks {
		register(catalog.Registration{Node: *n, SkipNodeUpdate: true, Checks: []catalog.Check{*c}})
	}
	return cmds
}

// uploadTimeout is after how long without another part an upload is given up:
// who sent it is gone.
const uploadTimeout = time.Minute

// idleUpload is what the leader remembers of an upload to see whether it goes on.
type idleUpload struct {
	upload *upload
	since  time.Duration
}

// reapUpload forgets an upload that nobody goes on with. The log carries the
// order to, so all replicas forget alike.
func (s *Server) reapUpload(now time.Duration) {
	idle, u := &s.duties.idle, s.machine.view.upload
	if u == nil || u != idle.upload {
		*idle = idleUpload{upload: u, since: now}
		return
	}
	if now-idle.since >= uploadTimeout {
		idle.since = now
		s.trace(now, "restore: given up, because nothing of it has arrived for %v", uploadTimeout)
		s.raft.Propose(now, [][]byte{AbortRestoreCommand(u.id)})
	}
}
