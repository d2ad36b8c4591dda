package api

import (
	"cmp"
	"math"
	"slices"

	"praetor/catalog"
	"praetor/internal/radix"
	"praetor/internal/server"
	"praetor/swim/coordinate"
)

// Coordinate is the place of a node in the network. The JSON is Consul's.
type Coordinate struct {
	Node    string
	Segment string // always "": there are no segments
	Coord   coordinate.Coordinate
}

// DatacenterCoordinates are the places of a datacenter's servers.
type DatacenterCoordinates struct {
	Datacenter  string
	AreaID      string // "WAN"; only places of one area can be compared
	Coordinates []Coordinate
}

// coordinateRoutes are where the nodes are in the network.
func (a *API) coordinateRoutes() []route {
	return []route{
		{path: "/v1/coordinate/datacenters", methods: []method{{"GET", "", a.coordinateDatacenters}}},
		{path: "/v1/coordinate/nodes", methods: []method{{"GET", "segment", a.coordinateNodes}}},
		{path: "/v1/coordinate/node/", methods: []method{{"GET", "segment", a.coordinateNode}}},
		{path: "/v1/coordinate/update", methods: []method{{"PUT", "", a.coordinateUpdate}}},
	}
}

func coordinateShape(c *catalog.Coordinate) Coordinate {
	return Coordinate{Node: c.Node, Coord: c.Coord}
}

// coordinateDatacenters answers the places of the servers, by datacenter: of
// this one, the only one that is known.
func (a *API) coordinateDatacenters(*call) (any, error) {
	cat := a.cfg.Store.View().Catalog
	servers, _ := cat.Instances("consul", nil)
	dc := DatacenterCoordinates{Datacenter: a.cfg.Datacenter, AreaID: "WAN", Coordinates: []Coordinate{}}
	for _, s := range servers {
		if c, _ := cat.Coordinate(s.Node.Node, nil); c != nil {
			dc.Coordinates = append(dc.Coordinates, coordinateShape(c))
		}
	}
	return []DatacenterCoordinates{dc}, nil
}

func (a *API) coordinateNodes(c *call) (any, error) {
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		list, index := v.Catalog.Coordinates(w)
		return mapped(inSegment(c, list), coordinateShape), index
	})
}

// coordinateNode answers a list of the node's one place, or 404.
func (a *API) coordinateNode(c *call) (any, error) {
	if c.rest == "" {
		return nil, Invalidf("Missing node name: the path is /v1/coordinate/node/NODE")
	}
	return a.read(c, func(v *server.View, w *radix.Waiter) (any, uint64) {
		place, index := v.Catalog.Coordinate(c.rest, w)
		if place == nil || len(inSegment(c, []*catalog.Coordinate{place})) == 0 {
			return missing{}, index
		}
		return []Coordinate{coordinateShape(place)}, index
	})
}

// inSegment leaves out everything if another segment is asked for than the only
// one there is. "_all" is all segments.
func inSegment(c *call, list []*catalog.Coordinate) []*catalog.Coordinate {
	if segment := c.q.text("segment"); segment != "" && segment != "_all" {
		return nil
	}
	return list
}

// coordinateUpdate sets the place of a node that has no agent to do it.
func (a *API) coordinateUpdate(c *call) (any, error) {
	var body coordinateBody
	if err := c.decode(&body); err != nil {
		return nil, err
	}
	if err := a.checkDatacenter(body.Datacenter); err != nil {
		return nil, err
	}
	if body.Node == "" {
		return nil, Invalidf("Must provide node: the field Node is missing or empty")
	}
	if len(body.Coord.vec) != coordinate.Dimensions {
		return nil, Invalidf("Incompatible coordinate: Vec has %d dimensions, must have %d", len(body.Coord.vec), coordinate.Dimensions)
	}
	place := body.Coord.Coordinate
	copy(place.Vec[:], body.Coord.vec)
	if !place.Valid() {
		return nil, Invalidf("Invalid coordinate: Error must be 0 to %v, Height not negative, and all within 100 s", coordinate.ErrorMax)
	}
	_, err := a.write(c, server.CatalogCommand(catalog.Command{
		Op: catalog.OpLocate, Coordinates: []catalog.Coordinate{{Node: body.Node, Coord: place}},
	}))
	return nil, err
}

// coordinateBody is the body of PUT /v1/coordinate/update.
type coordinateBody struct {
	Node, Datacenter string
	Coord            coordinateFields
}

// coordinateFields is a coordinate with any number of dimensions.
type coordinateFields struct {
	coordinate.Coordinate
	vec []float64
}

// UnmarshalJSON decodes the body in any of the spellings that Consul takes.
func (b *coordinateBody) UnmarshalJSON(text []byte) error {
	return decodeFields(text, fields{
		"node": &b.Node, "datacenter": &b.Datacenter, "coord": &b.Coord,
		"segment": new(unsupported), "partition": new(unsupported),
	})
}

// UnmarshalJSON decodes the coordinate in any of the spellings that Consul takes.
func (f *coordinateFields) UnmarshalJSON(text []byte) error {
	return decodeFields(text, fields{
		"vec": &f.vec, "error": &f.Error, "adjustment": &f.Adjustment, "height": &f.Height,
	})
}

// nearAgent is the value of ?near that stands for the agent that is asked.
const nearAgent = "_agent"

// sortNear sorts a list by the distance of its nodes from the one that ?near
// names, which is nearest to itself. Those whose place is not known come last; those at the same distance
// stay in order; and if the place of the one that is named is not known, all do.
// Distances change all the time, so a blocking query does not wait on them.
func sortNear[T any](c *call, v *server.View, list []T, node func(T) string) []T {
	from, _ := v.Catalog.Coordinate(c.q.text("near"), nil)
	if from == nil {
		return list
	}
	type placed struct {
		value    T
		distance float64
	}
	all := make([]placed, len(list))
	for i, value := range list {
		all[i] = placed{value, math.Inf(1)}
		name := node(value)
		switch to, _ := v.Catalog.Coordinate(name, nil); {
		case name == from.Node:
			all[i].distance = 0 // by its coordinate it would be twice its height away
		case to != nil:
			all[i].distance = from.Coord.DistanceTo(to.Coord).Seconds()
		}
	}
	slices.SortStableFunc(all, func(a, b placed) int { return cmp.Compare(a.distance, b.distance) })
	return mapped(all, func(p placed) T { return p.value })
}
