package server

import (
	"fmt"
	"testing"
	"time"

	"praetor/catalog"
	"praetor/swim/coordinate"
)

func placeAt(x float64) coordinate.Coordinate {
	c := coordinate.Origin()
	c.Vec[0] = x
	return c
}

// located returns how many nodes have a coordinate in n's catalog, and that of
// one of them.
func (n *node) located(name string) (all int, x float64) {
	list, _ := n.View().Catalog.Coordinates(nil)
	if c, _ := n.View().Catalog.Coordinate(name, nil); c != nil {
		x = c.Coord.Vec[0]
	}
	return len(list), x
}

// TestCoordinatesGoIntoTheLogInBatches: the first at once, those after it
// together, 128 in an entry; told to a follower they get to all servers.
func TestCoordinatesGoIntoTheLogInBatches(t *testing.T) {
	g := newGroup(t, 3, expecting(3))
	follower := g.follower()
	const nodes = 300
	for i := range nodes {
		g.nextID++
		follower.Submit(g.now, g.nextID, RegisterCommand(catalog.Registration{Node: catalog.Node{Node: fmt.Sprint("web-", i), Address: "10.1.0.1"}}))
		g.wait(g.nextID)
	}
	before := follower.View().Index
	for round := range 2 {
		for i := range nodes {
			follower.Locate(g.now, fmt.Sprint("web-", i), placeAt(float64(round+1)))
			g.drain()
		}
	}
	if all, _ := follower.located(""); all != 1 {
		t.Errorf("%d nodes are located at once, want the first one", all)
	}
	g.step(placesEvery)
	for _, n := range g.nodes {
		if all, x := n.located("WEB-7"); all != nodes || x != 2 {
			t.Errorf("%s: %d nodes are located, web-7 at %v; want %d, and the last that was told", n.cfg.Name, all, x, nodes)
		}
	}
	if entries := follower.View().Index - before; entries < 4 || entries > 8 { // 1 + 3, and what else happens
		t.Errorf("%d log entries for %d coordinates", entries, 2*nodes)
	}
}

// TestCoordinatesWaitWithinABound: a server that cannot write, or is told of
// more nodes than it may write, keeps so many and no more.
func TestCoordinatesWaitWithinABound(t *testing.T) {
	g := newGroup(t, 1, nil) // no cluster, no leader
	n := g.nodes[0]
	n.Locate(g.now, "first", placeAt(1))
	for i := range 3 * maxPlaces {
		n.Locate(g.now, fmt.Sprint(i), placeAt(1))
	}
	if len(n.places.waiting) != maxPlaces {
		t.Errorf("%d wait", len(n.places.waiting))
	}
	for range 10 {
		g.step(placesEvery + time.Second)
	}
	if n.writes.live != 0 || len(g.answers) != 0 {
		t.Errorf("%d writes are under way after a minute, %d were answered", n.writes.live, len(g.answers))
	}
}
