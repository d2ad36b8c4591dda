package api

import (
	"fmt"
	"io"

	"praetor/api/archive"
	"praetor/internal/server"
)

// snapshotRoutes save the state of the cluster.
func (a *API) snapshotRoutes() []route {
	return []route{{path: "/v1/snapshot", methods: []method{{"GET", "", a.snapshotSave}}}}
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
		return archive.Write(w, meta, func(w io.Writer) error { return server.SaveView(w, v) })
	}), nil
}
