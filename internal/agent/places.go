package agent

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"praetor/internal/wire"
	"praetor/swim/coordinate"
)

// How often an agent tells the servers where it is. The interval grows with the
// cluster, so that all agents together tell placesRate a second at most; each
// waits a random time more, so that they spread. (The figures are Consul's.)
const (
	placesInterval = 15 * time.Second // at least
	placesRate     = 64               // a second
	placesFirst    = time.Second      // between looks until there is something to tell
)

// placesEvery is the interval in a cluster of n agents.
func placesEvery(n int) time.Duration {
	return max(placesInterval, time.Duration(n)*time.Second/placesRate)
}

// tellPlaces tells the servers this agent's network coordinate, again and again
// until ctx ends. What is lost is told the next time.
func (a *Agent) tellPlaces(ctx context.Context) {
	told := coordinate.Origin() // which says nothing
	wait := placesFirst
	for {
		select {
		case <-time.After(wait + rand.N(wait)):
		case <-ctx.Done():
			return
		}
		var place coordinate.Coordinate
		if a.driver.call(ctx, func(time.Duration) { place, _ = a.driver.core.Coordinate() }) != nil {
			return
		}
		if place == told {
			continue
		}
		if err := a.tellPlace(ctx, place); err != nil {
			a.log.Debug("agent: cannot tell the servers this node's coordinate", "error", err)
			continue
		}
		told, wait = place, placesEvery(len(*a.driver.members.Load()))
	}
}

func (a *Agent) tellPlace(ctx context.Context, place coordinate.Coordinate) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	a.cluster.await(ctx)
	return a.cluster.locate(ctx, a.cfg.Node.Name, place)
}

func (o ownServer) locate(ctx context.Context, node string, place coordinate.Coordinate) error {
	return o.store.d.post(ctx, func(now time.Duration) { o.store.d.server.Locate(now, node, place) })
}

func (r *remoteServers) locate(ctx context.Context, node string, place coordinate.Coordinate) error {
	var ok bool
	return r.do(ctx, http.MethodPost, pathLocate, coordinate.Append(wire.AppendString(nil, node), place), &ok)
}

// maxNode bounds a node's name in a request of locate.
const maxNode = 512

// serveLocate answers remoteServers.locate.
func serveLocate(own ownServer) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		b, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxNode+coordinate.Size+8))
		if err == nil {
			r := wire.NewReader(b)
			node, place := r.String(maxNode), coordinate.Decode(r)
			if err = r.Close(); err == nil {
				err = own.locate(req.Context(), node, place)
			} else {
				err = fmt.Errorf("decode coordinate: %w", err)
			}
		}
		writeJSON(w, err == nil, err)
	}
}
