package catalog

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"praetor/internal/radix"
	"praetor/internal/script"
	"praetor/swim/coordinate"
)

func TestScripts(t *testing.T) {
	script.RunDir(t, "testdata", "*.txt", func(t *testing.T) func(script.Command) string {
		p := &player{t: t, state: New()}
		return p.run
	})
}

// player runs the commands of a script on a catalog. Every write is one log
// entry; indexes count up from 1.
type player struct {
	t       *testing.T
	state   *State
	index   uint64
	waiters []named
}

// named is a waiter of the script that has not fired yet.
type named struct {
	what string
	w    *radix.Waiter
}

func (p *player) run(c script.Command) string {
	switch c.Verb {
	case "register":
		return p.write(Command{Op: OpRegister, Registration: registration(c)})
	case "deregister":
		return p.write(Command{Op: OpDeregister, Deregistration: Deregistration{
			Node: c.Arg(0), ServiceID: c.Named["service"], CheckID: c.Named["check"],
		}})
	case "locate":
		place := coordinate.Origin()
		place.Height = float64(c.Int("ms", 0)) / 1000
		return p.write(Command{Op: OpLocate, Coordinates: []Coordinate{{c.Arg(0), place}}})
	case "reap":
		return p.write(Command{Op: OpReap, UpTo: uint64(c.Int("index", 0))})
	case "restore":
		loaded := reload(p.t, p.state)
		same := loaded.Hash() == p.state.Hash()
		p.state = loaded
		return fmt.Sprintf("same hash: %v", same)
	}
	return p.read(c)
}

// registration makes a registration of the arguments: a node, its addr and id;
// a service with its id, tags and port; and checks as ID:status, each with
// "of" as its service.
func registration(c script.Command) Registration {
	r := Registration{Node: Node{Node: c.Arg(0), ID: c.Named["id"], Address: c.Named["addr"]}}
	r.SkipNodeUpdate = r.Node.Address == ""
	if c.Has("service") {
		r.Service = &Service{Service: c.Named["service"], ID: c.Named["sid"], Port: c.Int("port", 0)}
		if tags := c.Named["tags"]; tags != "" {
			r.Service.Tags = strings.Split(tags, ",")
		}
	}
	if c.Has("check") {
		id, status, _ := strings.Cut(c.Named["check"], ":")
		r.Checks = []Check{{CheckID: id, Status: status, ServiceID: c.Named["of"], Output: c.Named["output"]}}
	}
	return r
}

// write applies one command and reports who woke up.
func (p *player) write(c Command) string {
	p.index++
	txn := p.state.Txn()
	err := txn.Apply(p.index, c)
	p.state = txn.Commit()
	txn.Notify()
	out := fmt.Sprintf("%d: ok", p.index)
	if err != nil {
		out = fmt.Sprintf("%d: %v", p.index, err)
	}
	var asleep []named
	for _, n := range p.waiters {
		if n.w.Fired() {
			out += fmt.Sprintf("\nwakes %s", n.what)
			n.w.Stop()
		} else {
			asleep = append(asleep, n)
		}
	}
	p.waiters = asleep
	return out
}

// read answers a question and, if it ends with "wait", leaves a waiter behind.
func (p *player) read(c script.Command) string {
	var w *radix.Waiter
	name := c.Arg(0)
	if last := len(c.Args) - 1; last >= 0 && c.Args[last] == "wait" {
		w = radix.NewWaiter(nil)
		p.waiters = append(p.waiters, named{strings.Join(append([]string{c.Verb}, c.Args[:last]...), " "), w})
	}
	var lines []string
	var index uint64
	switch c.Verb {
	case "nodes":
		lines, index = each(renderNode)(p.state.Nodes(w))
	case "node":
		n, i := p.state.Node(name, w)
		lines, index = optional(n), i
	case "node-by-id":
		n, i := p.state.NodeByID(name, w)
		lines, index = optional(n), i
	case "nodes-by-address":
		lines, index = each(renderNode)(p.state.NodesByAddress(netip.MustParseAddr(name), w))
	case "node-services":
		n, services, i := p.state.NodeServices(name, w)
		lines, index = each(renderService)(services, i)
		lines = append(optional(n), lines...)
	case "services":
		services, i := p.state.Services(w)
		for _, name := range sortedKeys(services) {
			lines = append(lines, fmt.Sprintf("%s %q", name, services[name]))
		}
		index = i
	case "instances":
		lines, index = each(renderInstance)(p.state.Instances(name, w))
	case "node-checks":
		lines, index = each(renderCheck)(p.state.NodeChecks(name, w))
	case "service-checks":
		lines, index = each(renderCheck)(p.state.ServiceChecks(name, w))
	case "coordinates":
		lines, index = each(renderCoordinate)(p.state.Coordinates(w))
	case "coordinate":
		place, i := p.state.Coordinate(name, w)
		if index = i; place != nil {
			lines = []string{renderCoordinate(place)}
		}
	case "state":
		lines, index = each(renderCheck)(p.state.ChecksInState(name, w))
	default:
		return "unknown verb " + c.Verb
	}
	return strings.Join(append(lines, fmt.Sprintf("index %d", index)), "\n")
}

// each returns a function that renders the values of an answer.
func each[V any](render func(V) string) func([]V, uint64) ([]string, uint64) {
	return func(values []V, index uint64) (lines []string, _ uint64) {
		for _, v := range values {
			lines = append(lines, render(v))
		}
		return lines, index
	}
}

func optional(n *Node) []string {
	if n == nil {
		return []string{"none"}
	}
	return []string{renderNode(n)}
}

func renderNode(n *Node) string {
	s := fmt.Sprintf("node %s at %s", n.Node, n.Address)
	if n.ID != "" {
		s += " id " + n.ID
	}
	return s + fmt.Sprintf(" (%d, %d)", n.CreateIndex, n.ModifyIndex)
}

func renderCoordinate(c *Coordinate) string {
	return fmt.Sprintf("%s is %.0f ms high", c.Node, 1000*c.Coord.Height)
}

func renderService(s *Service) string {
	return fmt.Sprintf("service %s id %s port %d tags %q (%d, %d)", s.Service, s.ID, s.Port, s.Tags, s.CreateIndex, s.ModifyIndex)
}

func renderCheck(c *Check) string {
	s := fmt.Sprintf("check %s on %s is %s", c.CheckID, c.Node, c.Status)
	if c.ServiceID != "" {
		s += fmt.Sprintf(" of %s (%s, %q)", c.ServiceID, c.ServiceName, c.ServiceTags)
	}
	return s + fmt.Sprintf(" (%d, %d)", c.CreateIndex, c.ModifyIndex)
}

func renderInstance(i Instance) string {
	s := fmt.Sprintf("%s at %s:%d", i.Service.ID, i.Node.Address, i.Service.Port)
	for _, c := range i.Checks {
		s += fmt.Sprintf(", %s %s", c.CheckID, c.Status)
	}
	return s
}
