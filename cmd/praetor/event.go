package main

import (
	"context"
	"flag"
	"fmt"

	"praetor/api"
)

var eventCommand = command{
	name:     "event",
	usage:    "[options] -name=NAME [PAYLOAD]",
	synopsis: "fire a user event",
	about: `
Sends a short message to all agents of the cluster through gossip, or to those
that the filters match: each a regular expression, on the node's name, on the
name of a service that is registered there, and on a tag of that service. The
payload has at most 512 bytes. There is no promise that an event arrives
everywhere, nor of an order.

    $ praetor event -name=deploy -service=web 1609030
    Event ID: b54fe110-7af5-cafc-d1fb-afc8ba432b1c

What an agent has received: curl localhost:8500/v1/event/list?name=deploy`,
	options: func(fs *flag.FlagSet) action {
		var e api.UserEvent
		fs.StringVar(&e.Name, "name", "", "the `name` of the event")
		fs.StringVar(&e.NodeFilter, "node", "", "only for nodes whose name matches the `regexp`")
		fs.StringVar(&e.ServiceFilter, "service", "", "only where a service's name matches the `regexp`")
		fs.StringVar(&e.TagFilter, "tag", "", "only where one of its tags matches the `regexp`;\nneeds -service")
		return func(ctx context.Context, c *invocation) error { return fireEvent(ctx, c, e) }
	},
}

func fireEvent(ctx context.Context, c *invocation, e api.UserEvent) error {
	switch {
	case e.Name == "":
		return usageError("-name is needed")
	case len(c.args) > 1:
		return usageError(fmt.Sprintf("one payload is expected, got %d arguments: quote it if it has spaces", len(c.args)))
	case len(c.args) == 1:
		e.Payload = []byte(c.args[0])
	}
	id, err := c.client.Event.Fire(ctx, e)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.stdout, "Event ID: %s\n", id)
	return nil
}
