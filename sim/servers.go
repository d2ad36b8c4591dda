package sim

import (
	"encoding/json"

	"praetor/catalog"
	"praetor/internal/agent/local"
	"praetor/internal/server"
)

// servers is what an agent itself asks of the servers: where to put its services
// and checks, and what DNS shall answer. On a server it is a look into its own
// state; a client asks over the network. done is called once, unless the process
// ends before.
type servers interface {
	// known reports whether there is a server to ask.
	known() bool
	// write puts a command into the log.
	write(cmd []byte, done func(server.Result, error))
	// registered finds what the catalog holds of a node, not stale.
	registered(node string, done func(local.View, error))
	// node and instances find what a server's catalog holds, stale.
	node(name string, done func(*catalog.Node, error))
	instances(service string, done func([]catalog.Instance, error))
}

var (
	_ servers = ownServer{}
	_ servers = (*forwarder)(nil)
)

// ownServer is the cluster as a server sees it.
type ownServer struct{ *process }

func (o ownServer) known() bool { return true }

func (o ownServer) write(cmd []byte, done func(server.Result, error)) {
	o.submit(cmd, func(a server.Answer) { done(a.Result, a.Err) })
}

func (o ownServer) registered(node string, done func(local.View, error)) {
	o.read(server.Default, func(a server.Answer) {
		if a.Err != nil {
			done(local.View{}, a.Err)
			return
		}
		c := o.server.View().Catalog
		n, services, _ := c.NodeServices(node, nil)
		checks, _ := c.NodeChecks(node, nil)
		done(local.View{Node: n, Services: services, Checks: checks}, nil)
	})
}

func (o ownServer) node(name string, done func(*catalog.Node, error)) {
	n, _ := o.server.View().Catalog.Node(name, nil)
	done(n, nil)
}

func (o ownServer) instances(service string, done func([]catalog.Instance, error)) {
	is, _ := o.server.View().Catalog.Instances(service, nil)
	done(is, nil)
}

func (f *forwarder) known() bool { return len(f.list.Addrs()) > 0 }

func (f *forwarder) write(cmd []byte, done func(server.Result, error)) {
	f.ask(request{name: "write", data: cmd, serve: func(at *process, reply func(any, error)) {
		ownServer{at}.write(cmd, func(r server.Result, err error) { reply(r, err) })
	}}, decodeAnswer(done))
}

func (f *forwarder) registered(node string, done func(local.View, error)) {
	f.ask(request{name: "registered " + node, reads: true, data: []byte(node), serve: func(at *process, reply func(any, error)) {
		ownServer{at}.registered(node, func(v local.View, err error) { reply(v, err) })
	}}, decodeAnswer(done))
}

func (f *forwarder) node(name string, done func(*catalog.Node, error)) {
	f.ask(request{name: "node " + name, reads: true, data: []byte(name), serve: func(at *process, reply func(any, error)) {
		ownServer{at}.node(name, func(n *catalog.Node, err error) { reply(n, err) })
	}}, decodeAnswer(done))
}

func (f *forwarder) instances(service string, done func([]catalog.Instance, error)) {
	f.ask(request{name: "instances of " + service, reads: true, data: []byte(service), serve: func(at *process, reply func(any, error)) {
		ownServer{at}.instances(service, func(is []catalog.Instance, err error) { reply(is, err) })
	}}, decodeAnswer(done))
}

// decodeAnswer takes an answer out of the form in which it travelled.
func decodeAnswer[T any](done func(T, error)) func([]byte, error) {
	return func(b []byte, err error) {
		var answer T
		if err == nil {
			err = json.Unmarshal(b, &answer)
		}
		done(answer, err)
	}
}
