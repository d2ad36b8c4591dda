package api

import (
	"context"
	"time"

	"praetor/catalog"
	"praetor/internal/server"
	"praetor/swim/keyring"
)

// Store is the replicated state as a server reaches it. All methods may be
// called from many goroutines at once.
type Store interface {
	// View returns the newest state that this server has applied. It never
	// waits, and what it returns never changes.
	View() *server.View
	// Barrier waits until View is new enough for the mode, or returns
	// server.ErrNoLeader, server.ErrBusy or the context's error.
	Barrier(ctx context.Context, mode server.ReadMode) error
	// Write puts an encoded command (server.KVCommand and its like) into the
	// log and waits for what applying it gave. When the context ends first,
	// the command may or may not take effect.
	Write(ctx context.Context, cmd []byte) (server.Result, error)
	// Contact reports whether a leader is known, and how long ago this server
	// last heard from it: 0 on the leader itself.
	Contact() (knownLeader bool, lastContact time.Duration)
	// Leader returns the leader's address, such as "10.0.0.1:8300", or "".
	Leader() string
	// Peers returns the addresses of the Raft configuration's members.
	Peers() []string
	Operator
}

// Operator is what an operator asks of the servers. Transfer and RemovePeer
// are carried out by the leader, whichever server is asked, and return when
// they have taken effect; what the leader refuses is made by Invalidf.
type Operator interface {
	// RaftServers returns the members of the Raft configuration that this server
	// knows, by ID, and the configuration's index in the log.
	RaftServers() (servers []RaftServer, index uint64)
	// ServerHealth returns the leader's report on all servers.
	ServerHealth(ctx context.Context) (server.Health, error)
	// Transfer hands the leadership to the voter with the ID, or for "" to the
	// one that can lead soonest.
	Transfer(ctx context.Context, id string) error
	// RemovePeer takes the server with the ID, or for "" the one with the
	// address, out of the Raft configuration.
	RemovePeer(ctx context.Context, id, addr string) error
}

// Agent is the agent that answers: its place in the gossip pool, and the
// services and checks that were registered with it. All methods may be called
// from many goroutines at once. An error that a client can do something about
// is made by Invalidf or Missingf; any other is the agent's own failure.
type Agent interface {
	Pool
	Registry
	Events
	// Self describes the agent: its configuration, its member, its counters.
	Self() Self
	// Reload reads the configuration files again.
	Reload(ctx context.Context) error
	// Metrics returns the agent's gauges, in any order.
	Metrics() []Gauge
}

// Pool is the agent's view of the gossip pool, and what can be done to it. wan
// chooses the pool between datacenters instead of the local one.
type Pool interface {
	// Members lists everybody the agent knows of, by name.
	Members(wan bool) []Member
	// Join contacts the agent at an address ("10.0.0.1" or "10.0.0.1:8301")
	// and waits until the pools are merged.
	Join(ctx context.Context, addr string, wan bool) error
	// Leave tells the pool good-bye and then stops the agent. It returns when
	// the good-bye is said, before the agent stops.
	Leave(ctx context.Context) error
	// ForceLeave turns a failed member into one that left, and with prune
	// makes the pool forget it. A member that is not there is Missing;
	// one that is alive is Invalid.
	ForceLeave(ctx context.Context, name string, prune bool) error
	// Keyring has all live members carry a request for their keyrings out, and
	// returns what they said, for each pool. Without encryption it is Invalid.
	// localOnly leaves other datacenters out of a list.
	Keyring(ctx context.Context, req keyring.Request, localOnly bool) ([]Keyring, error)
}

// Registry holds the services and checks of this agent. It is the authority
// for them: the catalog follows it.
type Registry interface {
	// Services and Checks return what is registered, sorted by ID. The values
	// are shared and not to be modified.
	Services() []*catalog.Service
	Checks() []*catalog.Check
	// RegisterService adds or replaces a service and adds or replaces its
	// checks. With replaceChecks, checks of the service that are not in the
	// definition go away.
	RegisterService(ctx context.Context, def ServiceDefinition, replaceChecks bool) error
	// DeregisterService removes a service and its checks; an unknown ID is
	// Missing.
	DeregisterService(ctx context.Context, id string) error
	// RegisterCheck adds or replaces a check.
	RegisterCheck(ctx context.Context, def CheckDefinition) error
	// DeregisterCheck removes a check; an unknown ID is Missing.
	DeregisterCheck(ctx context.Context, id string) error
	// UpdateTTL sets the status (catalog.Passing, Warning or Critical) and the
	// output of a TTL check and starts its time anew. An unknown ID is
	// Missing, a check of another type is Invalid.
	UpdateTTL(ctx context.Context, id, status, output string) error
	// Maintenance switches the maintenance mode of a service, or of the whole
	// node for service "". An unknown service is Missing.
	Maintenance(ctx context.Context, service string, on bool, reason string) error
}
