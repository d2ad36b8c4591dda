package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"praetor/api"
)

// Event fires user events and lists those that the agent has received.
type Event struct{ c *Client }

// Fire sends an event to all agents, of which those that its filters match take
// it. Only the name, the payload and the filters of e count. It returns the
// event's ID.
func (k Event) Fire(ctx context.Context, e api.UserEvent) (id string, err error) {
	v := url.Values{}
	for name, filter := range map[string]string{"node": e.NodeFilter, "service": e.ServiceFilter, "tag": e.TagFilter} {
		if filter != "" {
			v.Set(name, filter)
		}
	}
	b, _, err := k.c.do(ctx, request{"PUT", "/v1/event/fire/" + e.Name, v, e.Payload})
	if err != nil {
		return "", err
	}
	var fired api.UserEvent
	if err := json.Unmarshal(b, &fired); err != nil {
		return "", fmt.Errorf("PUT /v1/event/fire/%s: decode the answer: %w", e.Name, err)
	}
	return fired.ID, nil
}

// List returns the newest events of a name, or of all names for "", that the
// agent has received, oldest first. With o's index it waits for another one.
func (k Event) List(ctx context.Context, name string, o QueryOptions) (list []api.UserEvent, meta QueryMeta, err error) {
	v := o.values()
	if name != "" {
		v.Set("name", name)
	}
	h, err := k.c.get(ctx, "/v1/event/list", v, &list)
	return list, metaOf(h), err
}
