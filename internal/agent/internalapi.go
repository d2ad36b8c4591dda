package agent

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"

	"praetor/catalog"
	"praetor/internal/server"
)

// What agents ask of servers for themselves, on the server port only.
const (
	pathWrite      = "/internal/write"       // POST a command, answers a server.Result
	pathLocate     = "/internal/locate"      // POST a node's name and coordinate, answers true
	pathRegistered = "/internal/registered/" // GET a node's local.View
	pathNode       = "/internal/node/"       // GET a node, for DNS
	pathService    = "/internal/service/"    // GET a service's instances, for DNS
	pathAddress    = "/internal/address/"    // GET the nodes at an address, for DNS
)

// serverPortHandler answers forwarded requests: users' ones as the HTTP API
// does, and the agents' own.
func serverPortHandler(users http.Handler, own ownServer, datacenter string) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v1/", users)
	mux.HandleFunc("POST "+pathWrite, func(w http.ResponseWriter, r *http.Request) {
		cmd, err := io.ReadAll(http.MaxBytesReader(w, r.Body, server.MaxCommand))
		var res server.Result
		if err == nil {
			res, err = own.write(r.Context(), cmd)
		}
		writeJSON(w, res, err)
	})
	mux.HandleFunc("POST "+pathLocate, serveLocate(own))
	get := func(path string, f func(ctx context.Context, arg string) (any, error)) {
		mux.HandleFunc("GET "+path+"{arg...}", func(w http.ResponseWriter, r *http.Request) {
			v, err := f(r.Context(), r.PathValue("arg"))
			writeJSON(w, v, err)
		})
	}
	get(pathRegistered, func(ctx context.Context, arg string) (any, error) { return own.registered(ctx, arg) })
	get(pathNode, func(ctx context.Context, arg string) (any, error) { return own.Node(ctx, datacenter, arg) })
	get(pathService, func(ctx context.Context, arg string) (any, error) {
		is, err := own.Service(ctx, datacenter, arg)
		return append([]catalog.Instance{}, is...), err
	})
	get(pathAddress, func(ctx context.Context, arg string) (any, error) {
		ip, err := netip.ParseAddr(arg)
		if err != nil {
			return nil, err
		}
		return own.ByAddress(ctx, datacenter, ip)
	})
	return mux
}

// writeJSON answers one of an agent's own requests.
func writeJSON(w http.ResponseWriter, v any, err error) {
	if err != nil {
		status := http.StatusInternalServerError
		var big *http.MaxBytesError
		if errors.As(err, &big) {
			status = http.StatusRequestEntityTooLarge
		}
		http.Error(w, err.Error(), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}
