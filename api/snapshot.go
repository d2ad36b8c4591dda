package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"praetor/api/archive"
	"praetor/internal/server"
)

// snapshotRoutes save and restore the state of the cluster.
func (a *API) snapshotRoutes() []route {
	return []route{{path: "/v1/snapshot", methods: []method{
		{"GET", "", a.snapshotSave},
		{"PUT", "", a.snapshotRestore},
	}}}
}

// snapshotSave answers an archive of the state. The state never changes, so
// the server goes on with its work while the client takes its time.
func (a *API) snapshotSave(c *call) (any, error) {
	if err := a.cfg.Store.Barrier(c.r.Context(), c.q.mode); err != nil {
		return nil, err
	}
	v := a.cfg.Store.View()
	servers, index := a.cfg.Store.RaftServers()
	meta := archive.Meta{ID: fmt.Sprintf("%d-%d", v.Term, v.Index), Index: v.Index, Term: v.Term, ConfigurationIndex: index}
	for _, s := range servers {
		suffrage := 1
		if s.Voter {
			suffrage = 0
		}
		meta.Configuration.Servers = append(meta.Configuration.Servers, archive.Server{Suffrage: suffrage, ID: s.ID, Address: s.Address})
	}
	a.setReadHeaders(c, c.q.mode, v.Index)
	return download(func(w io.Writer) error {
		return archive.Write(w, meta, func(w io.Writer) error { return server.SaveState(w, v) })
	}), nil
}

// The bounds of a restore: of the archive, which is never much larger than the
// state in it, and of the time to send it.
const (
	maxArchive     = server.MaxRestore + 1<<20
	archiveTimeout = 10 * time.Minute
)

// snapshotRestore verifies the archive in the body, and makes the state that
// of the archive, by one last write of many (server.BeginRestoreCommand). An
// answer that is no success means that nothing has changed, unless the outcome
// of that last write is unknown.
func (a *API) snapshotRestore(c *call) (any, error) {
	_ = http.NewResponseController(c.w).SetReadDeadline(time.Now().Add(archiveTimeout))
	_, state, err := archive.Read(http.MaxBytesReader(c.w, c.r.Body, maxArchive), server.MaxRestore)
	var over *http.MaxBytesError
	switch {
	case errors.As(err, &over):
		return nil, bodyTooLarge(maxArchive)
	case err != nil:
		return nil, Invalidf("restore: %v", err)
	}
	return nil, a.restore(c, state)
}

// restore sends a saved state through the log.
func (a *API) restore(c *call, state []byte) error {
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	id := binary.LittleEndian.Uint64(random[:])>>1 | 1
	err := a.do(c, server.BeginRestoreCommand(id, uint64(len(state))))
	for at := 0; at < len(state) && err == nil; at += server.MaxRestorePart {
		err = a.do(c, server.RestorePartCommand(id, uint64(at), state[at:min(at+server.MaxRestorePart, len(state))]))
	}
	if err == nil {
		return a.do(c, server.CommitRestoreCommand(id, sha256.Sum256(state)))
	}
	// Every server holds what has arrived. The leader gives it up by itself, but
	// later; the client may be gone, so its context is not asked.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.r.Context()), time.Second)
	defer cancel()
	_, _ = a.cfg.Store.Write(ctx, server.AbortRestoreCommand(id))
	return err
}

// do is write for a command without a condition.
func (a *API) do(c *call, cmd []byte) error { _, err := a.write(c, cmd); return err }
