package api

// statusRoutes tell of the servers. They need no leader.
func (a *API) statusRoutes() []route {
	return []route{
		{path: "/v1/status/leader", methods: []method{{"GET", "", a.statusLeader}}},
		{path: "/v1/status/peers", methods: []method{{"GET", "", a.statusPeers}}},
	}
}

// statusLeader answers the leader's address, "" for none.
func (a *API) statusLeader(*call) (any, error) { return a.cfg.Store.Leader(), nil }

// statusPeers answers the addresses of the Raft configuration's members.
func (a *API) statusPeers(*call) (any, error) { return orEmpty(a.cfg.Store.Peers()), nil }
