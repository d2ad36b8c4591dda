package server

import (
	"net/netip"
	"time"

	"praetor/swim"
)

// Client is the brain of an agent that is not a server: it is a member of the
// gossip pool, and that is how it knows the servers that it sends requests to.
// It is driven as a Server is; its Effects hold nothing but gossip.
type Client struct {
	pool *swim.Pool
}

// NewClient makes a client from its gossip configuration, Name, ID and Tags
// included.
func NewClient(now time.Duration, c swim.Config) (*Client, error) {
	pool, err := swim.New(now, c)
	if err != nil {
		return nil, err
	}
	return &Client{pool: pool}, nil
}

// Tick tells that time has passed. It is due when Deadline has come.
func (c *Client) Tick(now time.Duration) { c.pool.Tick(now) }

// Deadline is when Tick is due next.
func (c *Client) Deadline() time.Duration { return c.pool.Deadline() }

// ReceivePacket takes in a gossip datagram.
func (c *Client) ReceivePacket(now time.Duration, from netip.AddrPort, b []byte) {
	c.pool.Packet(now, from, b)
}

// ServeStream answers another member's gossip exchange.
func (c *Client) ServeStream(now time.Duration, from netip.AddrPort, b []byte) ([]byte, error) {
	return c.pool.StreamRequest(now, from, b)
}

// StreamReply ends an exchange that this client asked for in Effects.Streams.
func (c *Client) StreamReply(now time.Duration, id swim.StreamID, b []byte, err error) {
	c.pool.StreamReply(now, id, b, err)
}

// Join asks the agent at addr for its members; see Server.Join.
func (c *Client) Join(now time.Duration, addr netip.AddrPort) { c.pool.Join(now, addr) }

// Leave tells the group that this agent goes for good; see Server.Leave.
func (c *Client) Leave(now time.Duration) { c.pool.Leave(now) }

// ForceLeave turns a failed member into one that has left.
func (c *Client) ForceLeave(now time.Duration, name string) error {
	return c.pool.ForceLeave(now, name)
}

// Members returns the gossip pool as this agent sees it, by name.
func (c *Client) Members() []swim.Member { return c.pool.Members() }

// Effects returns what the driver must do, and forgets it.
func (c *Client) Effects(time.Duration) Effects {
	if !c.pool.HasEffects() {
		return Effects{}
	}
	e := c.pool.Effects()
	return Effects{Packets: e.Packets, Streams: e.Streams, Events: e.Events, Joins: e.Joins, Left: e.Left}
}
