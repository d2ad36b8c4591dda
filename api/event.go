package api

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"praetor/swim"
)

// UserEvent is a user event. The JSON is that of Consul's /v1/event/fire and
// /v1/event/list.
type UserEvent struct {
	ID            string // a UUID
	Name          string
	Payload       []byte // base64 in JSON; at most swim.MaxEventPayload bytes
	NodeFilter    string // a regular expression: for agents of which the node's name matches
	ServiceFilter string // for agents with a service of which the name matches
	TagFilter     string // and of which one tag matches
	Version       int    // of this shape: 1
	LTime         uint64 // Lamport time; 0 in the answer of fire, as Consul's
}

// Events are the user events that an agent fires and receives.
type Events interface {
	// Fire sends an event to all members and returns it with its ID.
	Fire(ctx context.Context, e UserEvent) (UserEvent, error)
	// Events returns the newest events that were meant for this agent, at most
	// 256, oldest first, and a channel that is closed when another one comes.
	Events() (list []UserEvent, more <-chan struct{})
}

// eventRoutes are user events. Every agent answers them itself.
func (a *API) eventRoutes() []route {
	return []route{
		{path: "/v1/event/fire/", local: true, methods: []method{{"PUT", "node service tag", a.eventFire}}},
		{path: "/v1/event/list", local: true, methods: []method{{"GET", "name", a.eventList}}},
	}
}

func (a *API) eventFire(c *call) (any, error) {
	e := UserEvent{
		Name: c.rest, Version: 1,
		NodeFilter: c.q.text("node"), ServiceFilter: c.q.text("service"), TagFilter: c.q.text("tag"),
	}
	if e.Name == "" {
		return nil, Invalidf("Missing name: the path is /v1/event/fire/NAME")
	}
	if e.TagFilter != "" && e.ServiceFilter == "" {
		return nil, Invalidf("Cannot provide tag filter without service filter")
	}
	for _, f := range []struct{ name, value string }{{"node", e.NodeFilter}, {"service", e.ServiceFilter}, {"tag", e.TagFilter}} {
		if _, err := regexp.Compile(f.value); err != nil {
			return nil, Invalidf("Invalid %s filter: %v", f.name, err)
		}
	}
	payload, err := c.body(swim.MaxEventPayload)
	if err != nil {
		return nil, err
	}
	if len(payload) > 0 {
		e.Payload = payload
	}
	e, err = a.cfg.Agent.Fire(c.r.Context(), e)
	e.LTime = 0
	return e, err
}

// eventList answers the events that this agent has received, oldest first. Its
// index is no number that grows but stands for the newest event, so that a
// blocking query waits until it is another one.
func (a *API) eventList(c *call) (any, error) {
	asked, name := c.q.number("index"), c.q.text("name")
	list, index, more := a.events(name)
	if asked > 0 && index == asked {
		if a.waiting.Add(1) > int64(a.cfg.MaxWaiting) {
			a.waiting.Add(-1)
			return nil, errBusyWaiting
		}
		defer a.waiting.Add(-1)
		timeout := time.NewTimer(a.wait(c.q))
		defer timeout.Stop()
		for index == asked {
			select {
			case <-more:
				list, index, more = a.events(name)
			case <-timeout.C:
				asked = 0 // which is no index: answer what there is
			case <-c.r.Context().Done():
				return nil, c.r.Context().Err()
			}
		}
	}
	c.w.Header().Set("X-Consul-Index", strconv.FormatUint(index, 10))
	return list, nil
}

// events returns the agent's events of a name, or all for "", and their index.
func (a *API) events(name string) (list []UserEvent, index uint64, more <-chan struct{}) {
	all, more := a.cfg.Agent.Events()
	if name != "" {
		all = slices.DeleteFunc(all, func(e UserEvent) bool { return e.Name != name })
	}
	if len(all) == 0 {
		return []UserEvent{}, 1, more // not 0: a client that asks with that would not block
	}
	return all, eventIndex(all[len(all)-1].ID), more
}

// eventIndex folds an event's ID into the index of the list that it ends, as
// Consul's clients do to wait for the event after one that they know.
func eventIndex(id string) uint64 {
	b, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil || len(b) != 16 {
		return 1
	}
	return max(1, binary.BigEndian.Uint64(b[:8])^binary.BigEndian.Uint64(b[8:]))
}
