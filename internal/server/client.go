package server

import (
	"time"

	"praetor/swim"
)

// Client is the brain of an agent that is not a server: it is a member of the
// gossip pool, and that is how it knows the servers that it sends requests to.
// It is driven as a Server is; its Effects hold nothing but gossip.
type Client struct {
	member
}

// NewClient makes a client from its gossip configuration, Name, ID and Tags
// included.
func NewClient(now time.Duration, c swim.Config) (*Client, error) {
	pool, err := swim.New(now, c)
	if err != nil {
		return nil, err
	}
	return &Client{member{pool}}, nil
}

// Tick tells that time has passed. It is due when Deadline has come.
func (c *Client) Tick(now time.Duration) { c.pool.Tick(now) }

// Deadline is when Tick is due next.
func (c *Client) Deadline() time.Duration { return c.pool.Deadline() }

// Effects returns what the driver must do, and forgets it.
func (c *Client) Effects(time.Duration) Effects {
	if !c.pool.HasEffects() {
		return Effects{}
	}
	e := c.pool.Effects()
	return Effects{Packets: e.Packets, Streams: e.Streams, Events: e.Events, UserEvents: e.UserEvents, Joins: e.Joins, Left: e.Left}
}
