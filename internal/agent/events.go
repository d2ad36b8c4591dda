package agent

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"sync"
	"time"

	"praetor/api"
	"praetor/catalog"
	"praetor/swim"
)

// maxUserEvents is how many user events an agent keeps for /v1/event/list.
const maxUserEvents = 256

// eventLog keeps the newest user events that were meant for this agent.
type eventLog struct {
	mu   sync.Mutex
	list []api.UserEvent // oldest first
	more chan struct{}   // closed when another one comes
}

func newEventLog() *eventLog { return &eventLog{more: make(chan struct{})} }

// add notes an event and wakes who waits for one.
func (l *eventLog) add(e api.UserEvent) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == maxUserEvents {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, e)
	close(l.more)
	l.more = make(chan struct{})
}

// newest returns what is kept, and a channel that is closed when more comes.
func (l *eventLog) newest() ([]api.UserEvent, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list), l.more
}

// Fire implements api.Events.
func (h handle) Fire(ctx context.Context, e api.UserEvent) (fired api.UserEvent, err error) {
	var u swim.UserEvent
	failed := h.driver.call(ctx, func(now time.Duration) {
		u, err = h.driver.core.Fire(now, swim.UserEvent{
			Name: e.Name, Payload: e.Payload,
			Filter: swim.EventFilter{Node: e.NodeFilter, Service: e.ServiceFilter, Tag: e.TagFilter},
		})
	})
	switch {
	case failed != nil:
		return e, failed
	case errors.Is(err, swim.ErrEventTooLarge):
		return e, api.Invalidf("%v", err)
	}
	return eventShape(u), err
}

// Events implements api.Events.
func (h handle) Events() ([]api.UserEvent, <-chan struct{}) { return h.events.newest() }

func eventShape(u swim.UserEvent) api.UserEvent {
	return api.UserEvent{
		ID: u.ID.String(), Name: u.Name, Payload: u.Payload, Version: 1, LTime: uint64(u.Time),
		NodeFilter: u.Filter.Node, ServiceFilter: u.Filter.Service, TagFilter: u.Filter.Tag,
	}
}

// heardEvent is called on the driver's loop for each user event of the group.
// The local services say whether it is meant for this agent, so it is judged on
// their loop. At the bound of that loop the event is lost, as it may be on the way.
func (a *Agent) heardEvent(u swim.UserEvent) {
	e := eventShape(u)
	kept := a.keeper.tryPost(func(time.Duration) {
		var services []*catalog.Service
		for _, s := range a.keeper.state.Services() {
			services = append(services, &s.Service)
		}
		if meant(e, a.cfg.Node.Name, services) {
			a.events.add(e)
			a.log.Debug("event: received", "event", e.Name, "id", e.ID)
		}
	})
	if !kept {
		a.log.Warn("event: lost, too much else is waiting", "event", e.Name, "id", e.ID)
	}
}

// meant reports whether an event's filters match the agent of a node with these
// services: the node's name, and a service of which the name and, with a tag
// filter, one tag match.
func meant(e api.UserEvent, node string, services []*catalog.Service) bool {
	if !matches(e.NodeFilter, node) {
		return false
	}
	if e.ServiceFilter == "" {
		return true
	}
	return slices.ContainsFunc(services, func(s *catalog.Service) bool {
		return matches(e.ServiceFilter, s.Service) && (e.TagFilter == "" ||
			slices.ContainsFunc(s.Tags, func(tag string) bool { return matches(e.TagFilter, tag) }))
	})
}

// matches reports whether a filter, a regular expression, is none or is found in
// s. One that is wrong matches nothing.
func matches(filter, s string) bool {
	if filter == "" {
		return true
	}
	re, err := regexp.Compile(filter)
	return err == nil && re.MatchString(s)
}
