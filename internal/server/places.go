package server

import (
	"maps"
	"slices"
	"time"

	"praetor/catalog"
	"praetor/swim/coordinate"
)

// The rate at which a server writes the coordinates of nodes. They are many and
// none is worth a log entry: they are gathered, and go in batches.
const (
	placesEvery = 5 * time.Second
	placesBatch = 128             // in one command
	maxPlaces   = 5 * placesBatch // that wait; beyond it the newcomers are left out until the next time
)

// places are the coordinates that wait to be written.
type places struct {
	waiting map[string]coordinate.Coordinate // by node
	due     time.Duration                    // when the next batch may go
}

// Locate takes in the coordinate of a node, which the catalog will have after
// some seconds, or not at all: its agent tells the next one soon enough. c must
// be Valid.
func (s *Server) Locate(now time.Duration, node string, c coordinate.Coordinate) {
	p := &s.places
	if _, known := p.waiting[node]; known || len(p.waiting) < maxPlaces {
		p.waiting[node] = c
	}
	s.writePlaces(now)
}

// writePlaces writes what has gathered, when it is time.
func (s *Server) writePlaces(now time.Duration) {
	p := &s.places
	if len(p.waiting) == 0 || p.due > now {
		return
	}
	p.due = now + placesEvery
	var all []catalog.Coordinate
	for _, node := range slices.Sorted(maps.Keys(p.waiting)) {
		all = append(all, catalog.Coordinate{Node: node, Coord: p.waiting[node]})
	}
	clear(p.waiting)
	for batch := range slices.Chunk(all, placesBatch) {
		if s.writes.live >= s.cfg.MaxRequests {
			return
		}
		s.admit(now, &write{
			unasked: true, deadline: now + s.cfg.HoldTimeout,
			cmd: CatalogCommand(catalog.Command{Op: catalog.OpLocate, Coordinates: batch}),
		})
	}
}

// deadline is when writePlaces has something to do.
func (p *places) deadline() (time.Duration, bool) { return p.due, len(p.waiting) > 0 }
