package api

// RaftServer is a member of the Raft configuration.
type RaftServer struct {
	ID      string
	Node    string // "(unknown)" if gossip does not know it
	Address string // of its server port
	Leader  bool
	Voter   bool
	// ProtocolVersion is what Consul's clients expect to find: the version of
	// Raft in which servers have IDs.
	ProtocolVersion string
}

// RaftConfiguration is the answer of /v1/operator/raft/configuration. It is in
// force from its Index on, committed or not (raft 6).
type RaftConfiguration struct {
	Servers []RaftServer
	Index   uint64
}

// TransferResult is the answer of /v1/operator/raft/transfer-leader.
type TransferResult struct{ Success bool }

// raftProtocol is the ProtocolVersion of every server.
const raftProtocol = "3"

// operatorRoutes are what an operator does with Raft.
func (a *API) operatorRoutes() []route {
	return []route{
		{path: "/v1/operator/raft/configuration", methods: []method{{"GET", "", a.raftConfiguration}}},
		{path: "/v1/operator/raft/peer", methods: []method{{"DELETE", "id address", a.raftRemovePeer}}},
		{path: "/v1/operator/raft/transfer-leader", methods: []method{
			{"PUT", "id", a.raftTransfer},
			{"POST", "id", a.raftTransfer},
		}},
	}
}

// raftConfiguration answers who the servers are. With ?stale it needs no leader.
func (a *API) raftConfiguration(c *call) (any, error) {
	if err := a.cfg.Store.Barrier(c.r.Context(), c.q.mode); err != nil {
		return nil, err
	}
	servers, index := a.cfg.Store.RaftServers()
	for i := range servers {
		s := &servers[i]
		s.ProtocolVersion = raftProtocol
		if s.Node == "" {
			s.Node = "(unknown)"
		}
	}
	return RaftConfiguration{Servers: append([]RaftServer{}, servers...), Index: index}, nil
}

// raftRemovePeer takes a server out of the configuration, and answers when
// that is committed.
func (a *API) raftRemovePeer(c *call) (any, error) {
	id, addr := c.q.text("id"), c.q.text("address")
	switch {
	case id == "" && addr == "":
		return nil, Invalidf("Must specify either ?id with the server's ID or ?address with IP:port of peer to remove")
	case id != "" && addr != "":
		return nil, Invalidf("Must specify only one of ?id or ?address")
	}
	return nil, a.cfg.Store.RemovePeer(c.r.Context(), id, addr)
}

// raftTransfer hands the leadership over, and answers when another leads.
func (a *API) raftTransfer(c *call) (any, error) {
	if err := a.cfg.Store.Transfer(c.r.Context(), c.q.text("id")); err != nil {
		return nil, err
	}
	return TransferResult{Success: true}, nil
}
